/** What a network namespace has received, by the counters of the kernel: proc_net(5), Documentation/networking/snmp_counter.rst. */
import { type Files, ifThere } from '../../system/files/files.js';

export interface Received {
  /** TCP segments and UDP datagrams. */
  readonly answers: number;
  /** ICMP destination unreachable, of both families. */
  readonly unreachable: number;
  /** ICMP time exceeded, of both families. */
  readonly timeExceeded: number;
}

type Reader = Pick<Files, 'readFileSync'>;

export function received(files: Reader): Received {
  const four = counters(files.readFileSync('/proc/net/snmp', 'utf8'));
  // A kernel without IPv6 has no such file.
  const six = ifThere(() => files.readFileSync('/proc/net/snmp6', 'utf8')) ?? '';
  const all = new Map([...four, ...six.split('\n').map((row) => row.split(/\s+/) as [string, string])]);
  const sum = (...names: string[]): number =>
    names.reduce((total, name) => total + Number(all.get(name) ?? 0), 0);
  return {
    answers: sum('TcpInSegs', 'UdpInDatagrams', 'Udp6InDatagrams'),
    unreachable: sum('IcmpInDestUnreachs', 'Icmp6InDestUnreachs'),
    timeExceeded: sum('IcmpInTimeExcds', 'Icmp6InTimeExcds'),
  };
}

/** What came between two moments. */
export const receivedSince = (before: Received, after: Received): Received => ({
  answers: after.answers - before.answers,
  unreachable: after.unreachable - before.unreachable,
  timeExceeded: after.timeExceeded - before.timeExceeded,
});

/** Of two lines for each protocol: `Tcp: InSegs OutSegs`, `Tcp: 17 4`. */
function counters(text: string): [name: string, value: string][] {
  const rows = text.split('\n').map((row) => row.split(' '));
  return rows.flatMap(([protocol = '', ...values], index) => {
    const [above, ...names] = rows[index - 1] ?? [];
    if (above !== protocol) return [];
    return values.map((value, at): [string, string] => [`${protocol.slice(0, -1)}${names[at]}`, value]);
  });
}
