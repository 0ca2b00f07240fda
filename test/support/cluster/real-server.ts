// Setting real servers up and back, by the means of the product.
import type { Tunnel } from '../../../src/model/destination.js';
import type { Host } from '../net/host.js';

export type Setup =
  /** `gateway` is the director's address, which the way back leads through. */
  | { method: 'nat'; gateway: string }
  | { method: 'dr'; vip: string }
  /** `address` is the real server's own, where the tunnel ends. */
  | { method: 'tun'; vip: string; address: string; tunnel: Tunnel };

/** The words after `lvsadm real-server up`. */
export function wordsOf(setup: Setup): string[] {
  switch (setup.method) {
    case 'nat':
      return ['--method', 'nat', '--gateway', setup.gateway];
    case 'dr':
      return ['--method', 'dr', '--vip', setup.vip];
    case 'tun': {
      const { type, port, checksum } = setup.tunnel;
      return [
        ...['--method', 'tun', '--vip', setup.vip, '--local', setup.address, '--tun-type', type],
        ...(type === 'gue' ? ['--tun-port', String(port)] : []),
        // Only a GRE device takes either packets with checksums, or packets without.
        ...(type === 'gre' && checksum === 'csum' ? ['--tun-csum'] : []),
      ];
    }
  }
}

export const setUp = (host: Host, setup: Setup): Promise<void> => realServer(host, 'up', ...wordsOf(setup));

export const tearDown = (host: Host): Promise<void> => realServer(host, 'down');

async function realServer(host: Host, ...words: string[]): Promise<void> {
  const agent = await host.agent();
  const { status, out, err } = await agent.call('lvsadm', 'real-server', ...words);
  if (status !== 0) throw new Error(`${host.name}: real-server ${words.join(' ')}: ${status}\n${out}${err}`);
}
