/** Numbers that stand for names on the wire: linux/ip_vs.h. */
import { ProtocolError } from '../errors.js';
import type { ServiceSwitch } from '../model/fields.js';
import type { SchedulerFlag } from '../model/schedulers.js';

/** Names and their numbers, one table for both directions. */
export const codes = {
  family: { inet: 2, inet6: 10 },
  protocol: { tcp: 6, udp: 17, sctp: 132 },
  /** IP_VS_CONN_F_* in the forwarding mask. */
  method: { nat: 0, local: 1, tun: 2, dr: 3, bypass: 4 },
  /** IP_VS_CONN_F_TUNNEL_TYPE_* */
  tunnelType: { ipip: 0, gue: 1, gre: 2 },
  /** IP_VS_TUNNEL_ENCAP_FLAG_* */
  tunnelChecksum: { nocsum: 0, csum: 1, remcsum: 2 },
  /** IP_VS_STATE_* */
  daemonState: { master: 1, backup: 2 },
} as const;

/** IP_VS_CONN_F_FWD_MASK: the other bits of a server's flags are of its connections. */
export const METHOD_MASK = 7;

/** IP_VS_SVC_F_*: the bits that an administrator may set. */
export const serviceFlag = {
  persistent: 0x01,
  onePacket: 0x04,
  'flag-1': 0x08,
  'flag-2': 0x10,
  'flag-3': 0x20,
} as const satisfies Record<'persistent' | ServiceSwitch | SchedulerFlag, number>;

/** Names by number. @throws ProtocolError at `field` for a number without a name, never a guess */
function namesOf<T extends Readonly<Record<string, number>>>(
  table: T,
  field: string,
): (code: number) => keyof T & string {
  const names: (keyof T & string)[] = [];
  for (const name in table) names[table[name] as number] = name;
  return (code) => names[code] ?? unknown(table, code, field);
}

function unknown(table: Readonly<Record<string, number>>, code: number, field: string): never {
  const known = Object.entries(table).map(([name, number]) => `${number} ${name}`);
  throw new ProtocolError(`${code} is unknown (known: ${known.join(', ')})`, [field]);
}

export const familyName = namesOf(codes.family, 'family');
export const protocolName = namesOf(codes.protocol, 'protocol');
export const methodName = namesOf(codes.method, 'method');
export const tunnelTypeName = namesOf(codes.tunnelType, 'tunnelType');
export const tunnelChecksumName = namesOf(codes.tunnelChecksum, 'tunnelFlags');
export const daemonStateName = namesOf(codes.daemonState, 'state');
