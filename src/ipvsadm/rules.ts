/**
 * The lines of -S and -R: each is a command line without the program's name. What is written here reads back as the same
 * service or server; rules that ipvsadm can write are the same bytes.
 */
import { masked } from '../foreign-text.js';
import type { Destination, ForwardingMethod, Tunnel, TunnelType } from '../model/destination.js';
import { destinationNumberNames, destinationNumbers, serviceSwitchNames } from '../model/fields.js';
import { flagNames } from '../model/schedulers.js';
import {
  defaults,
  isFwmark,
  type Protocol,
  type Service,
  type ServiceId,
  serviceFamily,
} from '../model/service.js';
import { type Labels, numericLabels } from './grammar/endpoint-format.js';
import { methodRows, protocolRows, settings } from './grammar/options.js';
import { spelling } from './grammar/popt.js';
import type { SettingName, SettingOption } from './grammar/settings.js';

/** Words that add the service: `-A -t 192.0.2.1:80 -s wlc`. */
export const serviceRule = (service: Service, labels: Labels = numericLabels): string[] => [
  '-A',
  ...serviceWords(service.id, labels),
  ...serviceOptions(service),
];

/** Words that add the server: `-a -t 192.0.2.1:80 -r 198.51.100.7:80 -m -w 1`. */
export function destinationRule(of: ServiceId, destination: Destination): string[] {
  const { id, method, tunnel } = destination;
  const server = numericLabels.endpoint(id.address, id.port, protocolOf(of));
  const words = ['-a', ...serviceWords(of), '-r', server, methodOption[method]];
  for (const { field, option, omitted } of numberOptions) {
    const value = destination[field];
    if (value !== omitted) words.push(option, String(value));
  }
  return method === 'tun' ? [...words, ...tunnelOptions(tunnel)] : words;
}

/** Words that name the service: `-t 192.0.2.1:80`. */
export function serviceWords(id: ServiceId, labels: Labels = numericLabels): string[] {
  if (!isFwmark(id)) return [serviceOption(id.protocol), labels.endpoint(id.address, id.port, id.protocol)];
  return ['-f', String(id.fwmark), ...(id.family === 'inet6' ? ['-6'] : [])];
}

/** `-t`, `-u`, `--sctp-service` */
const serviceOption = (protocol: Protocol): string => spelling(protocolRows[protocol]);

/** The options of -A: `-s wlc -p 360`. */
function serviceOptions(service: Service): string[] {
  const { id, scheduler, persistence } = service;
  const words = ['-s', masked(scheduler)];
  if (persistence) {
    words.push('-p', String(persistence.timeout));
    if (persistence.netmask !== defaults.netmask[serviceFamily(id)]) words.push('-M', persistence.netmask);
    if (persistence.engine) words.push('--pe', masked(persistence.engine));
  }
  for (const name of serviceSwitchNames) if (service[name]) words.push(optionOf(name));
  if (service.schedulerFlags.length > 0) words.push('-b', flagList(service));
  return words;
}

/** `sh-fallback,sh-port` */
export const flagList = (service: Service): string => flagNames(service).join(',');

export const protocolOf = (id: ServiceId): Protocol | undefined => (isFwmark(id) ? undefined : id.protocol);

/** The option that makes a setting: `-w`. */
const optionOf = (setting: SettingName): string =>
  spelling(settings.find((each) => each.setting === setting) as SettingOption);

/** The kernel sets `local` by itself, also for a server that is added with -g. ipvsadm has no option for `bypass`. */
export const methodOption: Readonly<Record<ForwardingMethod, string>> = {
  nat: spelling(methodRows.nat),
  tun: spelling(methodRows.tun),
  dr: spelling(methodRows.dr),
  local: spelling(methodRows.dr),
  bypass: spelling(methodRows.dr),
};

/**
 * The options of -a for the numbers of a server. A number that equals `omitted` is left out. The weight is always written.
 * Thresholds are written if they are set; ipvsadm leaves them out, and a restore loses them.
 */
export const numberOptions = destinationNumberNames.map((field) => ({
  field,
  option: optionOf(field),
  omitted: field === 'weight' ? undefined : destinationNumbers[field].default,
}));

/** The options of -a for a tunnel: `--tun-type gre --tun-csum`. */
export const tunnelOptions = (tunnel: Tunnel): string[] => [
  '--tun-type',
  tunnel.type,
  ...tunnelDetails[tunnel.type](tunnel),
];

const tunnelDetails: Readonly<Record<TunnelType, (tunnel: Tunnel) => string[]>> = {
  ipip: () => [],
  gue: ({ port, checksum }) => ['--tun-port', String(port), `--tun-${checksum}`],
  gre: ({ checksum }) => [`--tun-${checksum}`],
};

/** Bytes of a line, at most. The longest rule that means anything has some 300. */
export const LONGEST_LINE = 64 * 1024;

export const LINE_TOO_LONG = `longer than ${LONGEST_LINE / 1024} KiB`;

/** Programs whose name may stand in front of a line's words. */
const programs: ReadonlySet<string> = new Set(['ipvsadm', 'lvsadm']);

/**
 * The words of a line: separated by blanks, tabs and carriage returns, without the name of the program in front. A word
 * that begins with `#` begins a comment. There are no quotes.
 */
export function splitRule(line: string): string[] {
  const words = line.split(/[ \t\r]+/);
  const comment = words.findIndex((word) => word.startsWith('#'));
  const rule = words.slice(0, comment < 0 ? undefined : comment).filter((word) => word !== '');
  const first = rule.findIndex((word) => !programs.has(word));
  return first < 0 ? [] : rule.slice(first);
}
