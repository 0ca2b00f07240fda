/** `lvsadm real-server`: the network settings that a real server needs. */
import { UsageError } from '../errors.js';
import { planRealServer, type RealServerOptions } from '../setup/real-server.js';
import { defineCommand, type Options, type Values } from './command.js';
import { anyGiven, runSetup, setupExitStatuses, setupOptions, setupPositionals } from './shared/setup.js';
import { vipOption, vipsOf } from './shared/vips.js';

const options = {
  method: {
    choices: ['dr', 'tun', 'nat'],
    describe:
      'forwarding method of the director: direct routing, IP tunnel, network address translation (required by up)',
  },
  vip: { ...vipOption, describe: 'dr, tun: virtual address of the service (required by up)' },
  device: {
    type: 'interface',
    describe: 'dr, tun: link that carries the VIPs; nat: link to the gateway',
    defaultText: 'dr: lo, tun: the tunnel',
  },
  gateway: { type: 'address', describe: "nat: the director's address on this network (required by up)" },
  'tun-type': {
    choices: ['ipip', 'gue', 'gre'],
    describe: 'tun: encapsulation that the director uses',
    defaultText: 'ipip',
  },
  'tun-port': { type: 'port', describe: 'tun: UDP port of gue (required by gue)' },
  'tun-csum': { type: 'flag', describe: 'tun: the director sends gre with checksums' },
  local: {
    type: 'address',
    describe:
      'tun: address of this server that the director sends to; required where a tunnel device has to be made',
  },
} as const satisfies Options;

type RealServerValues = Values<typeof options, typeof setupPositionals>;

export const command = defineCommand({
  positionals: setupPositionals,
  options: { ...options, ...setupOptions },
  exitStatuses: setupExitStatuses,
  examples: [
    ['lvsadm real-server up --method dr --vip 192.0.2.10', 'direct routing'],
    ['lvsadm real-server up --method tun --vip 192.0.2.10 2001:db8::10', 'IP tunnels'],
    ['lvsadm real-server up --method nat --gateway 198.51.100.1', 'replies leave through the director'],
  ],
  run: (context, values) =>
    runSetup(context, values, {
      role: 'real-server',
      described: anyGiven(options, values),
      plan: () => planRealServer(setupOf(values)),
    }),
});

function setupOf(values: RealServerValues): RealServerOptions {
  const { method, device, gateway, tunType, tunPort, tunCsum, local } = values;
  if (method === undefined) throw new UsageError('--method is missing: dr, tun or nat');
  if (method !== 'tun') refuseTunnelOptions(values);
  return {
    method,
    vips: vipsOf(values),
    device,
    gateway,
    tunnel: { type: tunType ?? 'ipip', port: tunPort, checksum: tunCsum },
    local,
  };
}

/** @throws UsageError */
function refuseTunnelOptions({ tunType, tunPort, tunCsum, local }: RealServerValues): void {
  const given = { 'tun-type': tunType, 'tun-port': tunPort, 'tun-csum': tunCsum || undefined, local };
  const [option] = Object.entries(given).find(([, value]) => value !== undefined) ?? [];
  if (option !== undefined) throw new UsageError('belongs to --method tun', `--${option}`);
}
