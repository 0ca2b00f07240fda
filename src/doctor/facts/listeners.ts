/** Sockets that listen on this machine: /proc/net/{tcp,tcp6,udp,udp6}, and sctp's own file. */
import { readFile } from 'node:fs/promises';
import { endianness } from 'node:os';
import { formatAddress } from '../../model/address.js';
import type { Protocol } from '../../model/service.js';
import type { Listener } from './facts.js';

interface Source {
  readonly file: string;
  readonly protocol: Protocol;
  /** State of a socket that takes new clients: TCP_LISTEN, or unconnected for UDP. */
  readonly state: string;
}

const sources: readonly Source[] = [
  { file: 'tcp', protocol: 'tcp', state: '0A' },
  { file: 'tcp6', protocol: 'tcp', state: '0A' },
  { file: 'udp', protocol: 'udp', state: '07' },
  { file: 'udp6', protocol: 'udp', state: '07' },
];

/** In the network namespace of this process. A missing file, as without IPv6, has no listeners. */
export async function readListeners(): Promise<Listener[]> {
  const lists = await Promise.all(
    sources.map(async (source) => {
      const text = await readFile(`/proc/net/${source.file}`, 'utf8').catch(() => '');
      return parseListeners(text, source);
    }),
  );
  const sctp = await readFile('/proc/net/sctp/eps', 'utf8').catch(() => '');
  return [...lists.flat(), ...parseSctpListeners(sctp)];
}

/** `sl local_address rem_address st ...`, addresses and ports in hexadecimal. */
export function parseListeners(text: string, { protocol, state }: Omit<Source, 'file'>): Listener[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, local = '', , st] = line.trim().split(/\s+/);
      const [address = '', port = ''] = local.split(':');
      if (st !== state || address === '') return [];
      return [{ protocol, address: readAddress(address), port: Number.parseInt(port, 16) }];
    });
}

/** `ENDPT SOCK STY SST HBKT LPORT UID INODE LADDRS...`, in decimal; state 10 is listening. */
export function parseSctpListeners(text: string): Listener[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, , , state, , port, , , ...addresses] = line.trim().split(/\s+/);
      if (state !== '10') return [];
      return addresses.map((address) => ({ protocol: 'sctp' as const, address, port: Number(port) }));
    });
}

/** Words of 32 bits in the machine's order. */
function readAddress(hex: string): string {
  const bytes = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  if (endianness() === 'LE')
    for (let at = 0; at < bytes.length; at += 4) bytes.subarray(at, at + 4).reverse();
  return formatAddress(bytes);
}
