/**
 * The lines of -S and -R: each is a command line without the program's name. What is written here reads back as the same
 * service or server; what ipvsadm can express stands in the same bytes as ipvsadm would write it.
 */
import type { DestinationCursor } from '../ipvs/source/destination-cursor.js';
import type { Destination, ForwardingMethod, Tunnel, TunnelType } from '../model/destination.js';
import { flagName } from '../model/schedulers.js';
import {
  defaults,
  isFwmark,
  type Protocol,
  type Service,
  type ServiceId,
  serviceFamily,
} from '../model/service.js';
import { type Labels, numericLabels } from './grammar/endpoint-format.js';
import type { LineWriter } from './listing/line-writer.js';

/** Words that add the service: `-A -t 192.0.2.1:80 -s wlc`. */
export function serviceRule(service: Service, labels: Labels = numericLabels): string[] {
  const { id, scheduler, persistence, onePacket } = service;
  const words = ['-A', ...serviceWords(id, labels), '-s', scheduler];
  if (persistence) {
    words.push('-p', String(persistence.timeout));
    if (persistence.netmask !== defaults.netmask[serviceFamily(id)]) words.push('-M', persistence.netmask);
    if (persistence.engine) words.push('--pe', persistence.engine);
  }
  if (onePacket) words.push('-o');
  if (service.schedulerFlags.length > 0) words.push('-b', flagList(service));
  return words;
}

/** Words that add the server: `-a -t 192.0.2.1:80 -r 198.51.100.7:80 -m -w 1`. */
export function destinationRule(
  of: ServiceId,
  destination: Destination,
  labels: Labels = numericLabels,
): string[] {
  const { id, method, weight, upperThreshold, lowerThreshold, tunnel } = destination;
  const server = labels.endpoint(id.address, id.port, protocolOf(of));
  const words = ['-a', ...serviceWords(of, labels), '-r', server, methodOption[method], '-w', String(weight)];
  // ipvsadm leaves the thresholds out and so loses them at every restore.
  if (upperThreshold > 0) words.push('-x', String(upperThreshold));
  if (lowerThreshold > 0) words.push('-y', String(lowerThreshold));
  if (method === 'tun') words.push(...tunnelWords[tunnel.type](tunnel));
  return words;
}

/** Writes what `destinationRule` has, of the server that `servers` has come to; `prefix` is what comes before its address. */
export function putDestinationRule(
  to: LineWriter,
  prefix: Uint8Array,
  of: ServiceId,
  servers: DestinationCursor,
  labels: Labels | undefined,
): void {
  to.begin();
  const method = servers.method();
  if (labels || method === 'tun') to.text(destinationRule(of, servers.destination(), labels).join(' '));
  else {
    to.copy(prefix, 0, prefix.length);
    to.endpoint(servers.bytes, servers.address(), servers.family, servers.port());
    to.text(` ${methodOption[method]} -w `);
    to.number(servers.number('weight'));
    for (const [option, threshold] of thresholds) {
      const value = servers.number(threshold);
      if (value === 0) continue;
      to.text(option);
      to.number(value);
    }
  }
  to.end();
}

/** `-a -t 192.0.2.1:80 -r ` */
export const destinationPrefix = (of: ServiceId): Uint8Array =>
  encoder.encode(`${['-a', ...serviceWords(of), '-r'].join(' ')} `);

const encoder = new TextEncoder();

/** `sh-fallback,sh-port` */
export const flagList = ({ scheduler, schedulerFlags }: Service): string =>
  schedulerFlags.map((flag) => flagName(flag, scheduler)).join(',');

export const protocolOf = (id: ServiceId): Protocol | undefined => (isFwmark(id) ? undefined : id.protocol);

/** Words that name the service: `-t 192.0.2.1:80`. */
export function serviceWords(id: ServiceId, labels: Labels = numericLabels): string[] {
  if (!isFwmark(id)) return [serviceOption[id.protocol], labels.endpoint(id.address, id.port, id.protocol)];
  return ['-f', String(id.fwmark), ...(id.family === 'inet6' ? ['-6'] : [])];
}

const serviceOption: Readonly<Record<Protocol, string>> = { tcp: '-t', udp: '-u', sctp: '--sctp-service' };

/** `local` and `bypass` are the kernel's own finding: whatever is asked for, it finds them again. */
const methodOption: Readonly<Record<ForwardingMethod, string>> = {
  nat: '-m',
  tun: '-i',
  dr: '-g',
  local: '-g',
  bypass: '-g',
};

const thresholds = [
  [' -x ', 'upperThreshold'],
  [' -y ', 'lowerThreshold'],
] as const;

const tunnelWords: Readonly<Record<TunnelType, (tunnel: Tunnel) => string[]>> = {
  ipip: () => ['--tun-type', 'ipip'],
  gue: ({ port, checksum }) => ['--tun-type', 'gue', '--tun-port', String(port), `--tun-${checksum}`],
  gre: ({ checksum }) => ['--tun-type', 'gre', `--tun-${checksum}`],
};

/** Programs whose name may stand in front of a line's words. */
const programs: ReadonlySet<string> = new Set(['ipvsadm', 'lvsadm']);

/**
 * The words of a line: separated by blanks, tabs and carriage returns, without the name of the program in front. A word
 * that begins with `#` begins a comment. There are no quotes.
 */
export function splitRule(line: string): string[] {
  const words = line.split(/[ \t\r]+/);
  const comment = words.findIndex((word) => word.startsWith('#'));
  const said = words.slice(0, comment < 0 ? undefined : comment).filter((word) => word !== '');
  const first = said.findIndex((word) => !programs.has(word));
  return first < 0 ? [] : said.slice(first);
}
