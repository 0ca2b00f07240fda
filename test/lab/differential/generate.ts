/**
 * Random command lines for fast-check. Few services and servers, so that they meet: most commands find what they are
 * about. What docs/compatibility.md lists as a difference is not generated; thresholds are, and listings show them.
 */
import fc from 'fast-check';
import type { CommandLine } from './trial.js';
import { flatten, one, shuffled, sometimes, spelled, spellings, type Words, words } from './words.js';

/** A virtual service, and what it can be given. */
interface Target {
  readonly words: readonly (readonly string[])[];
  readonly servers: readonly string[];
  readonly mixed: readonly string[];
  readonly masks: readonly string[];
  /** Takes one-packet scheduling, and the SIP engine. */
  readonly datagrams: boolean;
}

const v4 = {
  servers: [
    '198.51.100.7:80',
    '198.51.100.7:8080',
    '198.51.100.8',
    '198.51.100.9:53',
    '127.0.0.1:80',
    '10.1:80',
  ],
  mixed: ['[2001:db8:7::7]:80', '2001:db8:7::8'],
  masks: ['255.255.255.0', '255.255.255.255', '255.0.255.0', '0.0.0.0'],
};
const v6 = {
  servers: ['[2001:db8:7::7]:80', '[2001:db8:7::7]:8080', '[2001:db8:7::8]:443', '2001:db8:7::9'],
  mixed: ['198.51.100.7:80', '198.51.100.8'],
  masks: ['64', '128', '1', '48'],
};
const tcp = (at: string) => spellings('t', 'tcp-service', at);
const udp = (at: string) => spellings('u', 'udp-service', at);
const mark = (value: string, ...more: string[]) =>
  spellings('f', 'fwmark-service', value).map((words) => [...words, ...more]);

const targets: readonly Target[] = [
  { ...v4, words: tcp('192.0.2.1:80'), datagrams: false },
  { ...v4, words: tcp('192.0.2.1:http'), datagrams: false },
  { ...v4, words: tcp('192.0.2.2'), datagrams: false },
  { ...v4, words: udp('192.0.2.1:5060'), datagrams: true },
  { ...v4, words: [['--sctp-service', '192.0.2.1:9'], ['--sctp-service=192.0.2.1:9']], datagrams: false },
  { ...v4, words: mark('7'), datagrams: true },
  { ...v6, words: tcp('[2001:db8::1]:80'), datagrams: false },
  { ...v6, words: udp('[2001:db8::1]:5060'), datagrams: true },
  { ...v6, words: mark('7', '-6'), datagrams: true },
  { ...v6, words: mark('8', '--ipv6'), datagrams: true },
];

const schedulers = [
  'rr',
  'wrr',
  'lc',
  'wlc',
  'sh',
  'dh',
  'sed',
  'nq',
  'fo',
  'ovf',
  'lblc',
  'lblcr',
  'nosuch',
];
const scheduling: Words = fc.oneof(
  { weight: 6, arbitrary: spelled('s', 'scheduler', ...schedulers) },
  { weight: 1, arbitrary: one(['-s', 'sh', '-b', 'sh-port,sh-fallback'], ['-s', 'mh', '-b', 'mh-port']) },
  {
    weight: 1,
    arbitrary: one(['-s', 'rr', '-b', 'flag-1,flag-3'], ['-b', 'flag-2'], ['-s', 'rr', '-b', 'sh-port']),
  },
  { weight: 4, arbitrary: words() },
);

const persistence = ({ masks, datagrams }: Target): Words =>
  flatten(
    fc.oneof(
      one(['--persistent'], ['-p60'], ['-p=1']),
      spelled('p', 'persistent', '1', '300', '2678400', '2678401', '0', '30s'),
    ),
    sometimes(3, spelled('M', 'netmask', ...masks)),
    datagrams ? sometimes(3, one(['--pe', 'sip'], ['--pe=sip'])) : words(),
  );

const serviceOptions = (target: Target): Words =>
  shuffled(
    scheduling,
    sometimes(2, persistence(target)),
    sometimes(target.datagrams ? 3 : 20, one(['-o'], ['--ops'])),
  );

const service = (target: Target): Words => one(...target.words);

const changeService = (target: Target): Words =>
  flatten(one(['-A'], ['-A'], ['-A'], ['--add-service'], ['-E']), service(target), serviceOptions(target));

const tunnel: Words = fc.oneof(
  words('-i'),
  words('--ipip'),
  one(
    ['-i', '--tun-type', 'gue', '--tun-port', '6080'],
    ['-i', '--tun-type=gue', '--tun-port=1', '--tun-csum'],
    ['-i', '--tun-type', 'gue', '--tun-port', '65535', '--tun-remcsum'],
    ['-i', '--tun-type', 'gre', '--tun-csum'],
    ['-i', '--tun-type', 'gre', '--tun-nocsum'],
    ['-i', '--tun-type', 'ipip'],
    ['-i', '--tun-type', 'gue'],
    ['-m', '--tun-type', 'gre'],
  ),
);

const serverOf = ({ servers, mixed }: Target): Words =>
  fc.oneof(
    { weight: 8, arbitrary: spelled('r', 'real-server', ...servers) },
    { weight: 1, arbitrary: spelled('r', 'real-server', ...mixed) },
  );

const serverOptions: Words = shuffled(
  fc.oneof(words(), one(['-m'], ['--masquerading'], ['-g'], ['--gatewaying']), tunnel),
  sometimes(2, spelled('w', 'weight', '0', '1', '5', '007', '65535', '-1', 'x')),
  sometimes(4, spelled('x', 'u-threshold', '0', '100', '2147483647', '-1')),
  sometimes(4, spelled('y', 'l-threshold', '0', '50', '7')),
);

/** The service comes before the server: what ipvsadm makes of the other order is a known difference. */
const changeServer = (target: Target): Words =>
  flatten(
    one(['-a'], ['-a'], ['-a'], ['--add-server'], ['-e'], ['--edit-server']),
    service(target),
    serverOf(target),
    serverOptions,
  );

const remove = (target: Target): Words =>
  fc.oneof(
    flatten(one(['-D'], ['--delete-service']), service(target)),
    flatten(one(['-d'], ['--delete-server']), service(target), serverOf(target)),
    flatten(one(['-Z'], ['--zero']), sometimes(2, service(target))),
  );

const onTarget = (make: (target: Target) => Words): Words => fc.constantFrom(...targets).chain(make);

const change: Words = fc.oneof(
  { weight: 6, arbitrary: onTarget(changeService) },
  { weight: 9, arbitrary: onTarget(changeServer) },
  { weight: 4, arbitrary: onTarget(remove) },
  {
    weight: 1,
    arbitrary: one(
      ['-C'],
      ['--clear'],
      ['--set', '0', '60', '0'],
      ['--set', '7200', '1', '2678400'],
      ['--set', '1', '2'],
    ),
  },
);

const daemons: Words = flatten(
  one(['--start-daemon'], ['--start-daemon'], ['--stop-daemon']),
  one(['master'], ['backup'], ['both']),
  sometimes(2, one(['--mcast-interface', 'lo'], ['--mcast-interface=lo'])),
  sometimes(2, one(['--syncid', '5'], ['--syncid', '255'], ['--syncid', '256'])),
  sometimes(
    3,
    one(['--sync-maxlen', '1000'], ['--mcast-group', '224.0.0.99'], ['--mcast-group', 'ff02::99']),
  ),
  sometimes(3, one(['--mcast-port', '8850'], ['--mcast-ttl', '5'], ['--mcast-ttl', '0'])),
);

/** Of the whole table or of one service. */
const listing: Words = flatten(
  one(['-L', '-n'], ['-Ln'], ['-ln'], ['--list', '--numeric']),
  fc.oneof(
    one(
      ['--stats'],
      ['--rate'],
      ['--thresholds'],
      ['--persistent-conn'],
      ['--tun-info'],
      ['--exact'],
      ['--stats', '--exact'],
      ['-c'],
      ['--timeout'],
      ['--daemon'],
      ['--stats', '--rate'],
      ['--nosort'],
      ['--sort'],
    ),
    words(),
    onTarget(service),
  ),
);

/** Out of place, or there already. */
const strays = [
  '-n',
  '-p',
  '-g',
  '-i',
  '-w5',
  '-o',
  '--stats',
  '--nosuch',
  '-s',
  'word',
  '-A',
  '-L',
  '-x=3',
  '--syncid=3',
];
const spoilt: Words = fc
  .tuple(
    fc.oneof(change, listing),
    fc.constantFrom('without', 'with', 'twice'),
    fc.nat(),
    fc.constantFrom(...strays),
  )
  .map(([given, how, where, stray]) => {
    const at = where % given.length;
    if (how === 'without') return given.toSpliced(at, 1);
    return how === 'with' ? [...given, stray] : [...given, given[at] as string];
  })
  .filter((given) => isPersistent(given) || !needsPersistence(given));

/** 'A persistence engine needs persistence' (docs/compatibility.md): without -p, ipvsadm sends what has no effect. */
const isPersistent = (given: readonly string[]): boolean =>
  given.some((word) => /^(-p(=|\d|$)|--persistent(=|$))/.test(word));
const needsPersistence = (given: readonly string[]): boolean =>
  given.some((word) => /^(-M|--netmask|--pe(=|$))/.test(word));

const line = (given: readonly string[]): string => given.join(' ');

/** 'Restoring a table' (docs/compatibility.md): lvsadm reads rules that begin with -C to their end, and then makes the difference. */
const beginsWithClear = /^(?:(?:(?:--set|-Z|--zero)\b.*)?\s)*(?:-C|--clear)\b/;

/** A restore of some changes, a few of them refused, in the forms that its lines take. */
export const restore: fc.Arbitrary<CommandLine> = fc
  .array(fc.tuple(change, fc.constantFrom('\n', '\n', '\n', '\r\n', ' \n\n', '\n \t\n')), {
    minLength: 1,
    maxLength: 12,
  })
  .map((changes) => ({
    words: ['-R'],
    stdin: changes.map(([given, end]) => `${line(given)}${end}`).join(''),
  }))
  .filter(({ stdin }) => !beginsWithClear.test(stdin));

const simple = (arbitrary: Words): fc.Arbitrary<CommandLine> => arbitrary.map((given) => ({ words: given }));

export const commandLine: fc.Arbitrary<CommandLine> = fc.oneof(
  { weight: 60, arbitrary: simple(change) },
  { weight: 14, arbitrary: simple(listing) },
  { weight: 5, arbitrary: simple(one(['-S', '-n'], ['-Sn'], ['--save', '-n'])) },
  { weight: 8, arbitrary: simple(spoilt) },
  { weight: 5, arbitrary: restore },
  { weight: 2, arbitrary: simple(daemons) },
);
