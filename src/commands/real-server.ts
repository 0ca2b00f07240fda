/** `lvsadm real-server`: the other half of a virtual server. */
import { UsageError } from '../errors.js';
import { canonicalAddress } from '../model/address.js';
import type { TunnelType } from '../model/destination.js';
import { planRealServer, type RealServerOptions } from '../setup/real-server.js';
import { setUpCommand, type Values, vipsOf } from './shared/setup.js';

export const command = setUpCommand({
  role: 'real-server',
  options: {
    method: {
      choices: ['dr', 'tun', 'nat'],
      describe: 'how the director forwards: direct routing, IP tunnel, network address translation',
    },
    vip: {
      type: 'array',
      string: true,
      describe: 'virtual address of the service; several may follow, or the option again',
    },
    device: {
      type: 'string',
      requiresArg: true,
      describe:
        'what carries the VIPs [default: lo with dr, the tunnel with tun]; with nat, what the gateway is on',
    },
    gateway: { type: 'string', requiresArg: true, describe: "nat: the director's address on this network" },
    'tun-type': {
      choices: ['ipip', 'gue', 'gre'],
      describe: 'tun: what the director puts around the packets [default: ipip]',
    },
    'tun-port': { type: 'string', requiresArg: true, describe: 'tun: UDP port of gue' },
    'tun-csum': { type: 'boolean', describe: 'tun: the director sends gre with checksums' },
    local: {
      type: 'string',
      requiresArg: true,
      describe:
        'tun: the address of this server that the director sends to, needed where a device has to be made',
    },
  },
  examples: [
    ['lvsadm real-server up --method dr --vip 192.0.2.10', 'direct routing'],
    ['lvsadm real-server up --method tun --vip 192.0.2.10 2001:db8::10', 'IP tunnels'],
    ['lvsadm real-server up --method nat --gateway 198.51.100.1', 'the way back through the director'],
  ],
  plan: (values) => planRealServer(optionsOf(values)),
});

function optionsOf(values: Values): RealServerOptions {
  const method = values['method'] as RealServerOptions['method'] | undefined;
  if (method === undefined) throw new UsageError('--method is missing: dr, tun or nat');
  if (method !== 'tun') {
    const tunnelOption = ['tun-type', 'tun-port', 'tun-csum', 'local'].find(
      (name) => values[name] !== undefined,
    );
    if (tunnelOption) throw new UsageError('belongs to --method tun', `--${tunnelOption}`);
  }
  return {
    method,
    vips: vipsOf(values),
    device: values['device'] as string | undefined,
    gateway: addressOf(values, 'gateway'),
    tunnel: {
      type: (values['tun-type'] as TunnelType | undefined) ?? 'ipip',
      port: portOf(values['tun-port'] as string | undefined),
      checksum: values['tun-csum'] === true,
    },
    local: addressOf(values, 'local'),
  };
}

function addressOf(values: Values, option: string): string | undefined {
  const text = values[option] as string | undefined;
  return text === undefined ? undefined : canonicalAddress(text, `--${option}`);
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const port = /^\d+$/.test(text) ? Number(text) : 0;
  if (port < 1 || port > 65535) throw new UsageError('not a port from 1 to 65535', text);
  return port;
}
