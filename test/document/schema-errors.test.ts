// What is wrong in a document is told with its place, its path, what was given and what would be right.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDocuments } from '../../src/document/load.js';
import type { Lookup } from '../../src/document/names.js';
import { DocumentError } from '../../src/errors.js';

const hosts: Record<string, string[]> = {
  'web.example': ['198.51.100.1'],
  'both.example': ['2001:db8::7', '198.51.100.2'],
  'many.example': ['198.51.100.4', '198.51.100.3'],
  'six.example': ['2001:db8::9'],
};

const lookup: Lookup = {
  addresses: async (name) => hosts[name] ?? [],
  ports: async () => ({
    port: (name, protocol) => ({ http: 80, tcponly: protocol === 'tcp' ? 81 : undefined })[name],
  }),
};

async function problemsIn(...texts: string[]): Promise<string[]> {
  const named = texts.map((text, index) => ({ file: `f${index + 1}`, text }));
  try {
    await parseDocuments(named, lookup);
  } catch (error) {
    assert.ok(error instanceof DocumentError, `not a document error: ${error}`);
    return error.message.split('\n');
  }
  return [];
}

/** `server` in a service of its own. */
const withServer = (server: string): string =>
  `services:\n  - service: tcp://192.0.2.1:80\n    servers:\n      - ${server}\n`;
const withService = (service: string): string => `services:\n  - ${service}\n`;

const weight = 'a whole number from 0 to 2147483647';

/** A » stands where the problem is; without one the whole file is to blame. */
const cases: readonly [name: string, text: string, problem: string][] = [
  [
    'nothing',
    '',
    'empty; a document has services, timeouts or sync (services: [] for a table without services)',
  ],
  [
    'only a comment',
    '# to do\n',
    'empty; a document has services, timeouts or sync (services: [] for a table without services)',
  ],
  [
    'an empty object',
    '»{}',
    'empty; a document has services, timeouts or sync (services: [] for a table without services)',
  ],
  [
    'nothing but defaults',
    '»defaults: {}',
    'empty; a document has services, timeouts or sync (services: [] for a table without services)',
  ],
  ['a list', '»- a\n- b\n', 'a list is not a document with services, timeouts, sync and defaults'],
  ['a word', '»hello', "'hello' is not a document with services, timeouts, sync and defaults"],
  ['a tab', 'services:\n»\t- service: a\n', 'a tab; YAML indents with spaces'],
  ['a key twice', 'timeouts:\n  tcp: 1\n  »tcp: 2\n', 'the key stands here a second time'],
  ['a key twice, in JSON', '{"timeouts": {"tcp": 1,\n  »"tcp": 2}}', 'the key stands here a second time'],
  ['a key that is no word', '? »[a]\n: 1\n', 'a key must be a string'],
  ['an unknown tag', 'services: »!mine []\n', 'Unresolved tag: !mine'],
  ['an alias of nothing', 'services: »*web\n', '*web has no anchor before it'],
  ['an alias in itself', 'services: &web\n  - »*web\n', '*web stands inside of what it stands for'],
  ['no list of services', 'services:»\n', 'services: nothing is not a list of services; [] for none'],
  ['an unknown section', '»service: []\n', "service: unknown key 'service' (did you mean 'services'?)"],
  [
    'a key like no other',
    'services: []\n»zebra: 1\n',
    "zebra: unknown key 'zebra' (known are $schema, only, owns, defaults, timeouts, settings, sync, services)",
  ],
  [
    'a service without its name',
    withService('»scheduler: rr'),
    'services[0].service: missing; it should be a service such as tcp://192.0.2.10:80',
  ],
  [
    'an unknown setting',
    withService('{service: "tcp://192.0.2.1:80", »sheduler: rr}'),
    "services[0].sheduler: unknown key 'sheduler' (did you mean 'scheduler'?)",
  ],
  [
    'a weight in words',
    withServer('{server: 198.51.100.1, weight: »heavy}'),
    "services[0].servers[0].weight: 'heavy' is not a whole number from 0 to 2147483647",
  ],
  [
    'a negative weight',
    withServer('{server: 198.51.100.1, weight: »-1}'),
    "services[0].servers[0].weight: '-1' is not a whole number from 0 to 2147483647",
  ],
  [
    'half a weight',
    withServer('{server: 198.51.100.1, weight: »1.5}'),
    "services[0].servers[0].weight: '1.5' is not a whole number from 0 to 2147483647",
  ],
  [
    'too much weight',
    withServer('{server: 198.51.100.1, weight: »2147483648}'),
    "services[0].servers[0].weight: '2147483648' is not a whole number from 0 to 2147483647",
  ],
  [
    'no number at all',
    withServer('{server: 198.51.100.1, weight: ».nan}'),
    "services[0].servers[0].weight: 'NaN' is not a whole number from 0 to 2147483647",
  ],
  [
    'an unknown method',
    withServer('{server: 198.51.100.1, method: »gate}'),
    "services[0].servers[0].method: 'gate' is not one of dr, nat, tun, local, bypass",
  ],
  [
    'a number for a server',
    withServer('»7'),
    "services[0].servers[0]: '7' is not a server such as 198.51.100.7:80, or {server: 198.51.100.7:80, weight: 1}",
  ],
  [
    'persistence of no time',
    withService('{service: "tcp://192.0.2.1:80", persistence: »0}'),
    "services[0].persistence: '0' is not a whole number from 1 to 2678400",
  ],
  [
    'persistence in words',
    withService('{service: "tcp://192.0.2.1:80", persistence: »long}'),
    "services[0].persistence: 'long' is not true, false, a number of seconds, or settings such as {timeout: 300}",
  ],
  ['a timeout of 0', 'timeouts: {tcp: »0}', "timeouts.tcp: '0' is not a whole number from 1 to 21474836"],
  [
    'a daemon on no interface',
    'sync: {master: »{id: 1}}',
    'sync.master.interface: missing; it should be the name of a network interface, at most 15 bytes',
  ],
  [
    'a group that is none',
    'sync: {master: {interface: eth0, group: »192.0.2.1}}',
    "sync.master.group: '192.0.2.1' is not a multicast address such as 224.0.0.81",
  ],
  [
    'a scheduler with blanks',
    withService('{service: "tcp://192.0.2.1:80", scheduler: »"r r"}'),
    "services[0].scheduler: 'r r' is not the name of a scheduler, such as wlc",
  ],
  [
    'a flag of another scheduler',
    withService('{service: "tcp://192.0.2.1:80", scheduler: mh, schedulerFlags: »[sh-port]}'),
    'services[0].schedulerFlags: sh-port is a flag of scheduler sh, not of mh',
  ],
  [
    'a service without port',
    withService('service: »tcp://192.0.2.1'),
    "services[0].service: 'tcp://192.0.2.1' is not a service such as tcp://192.0.2.10:80, udp://[2001:db8::1]:53, sctp://192.0.2.10:5060 or fwmark://7; the port is missing",
  ],
  [
    'a service of another kind',
    withService('service: »http://192.0.2.1:80'),
    "services[0].service: 'http://192.0.2.1:80' is not a service such as tcp://192.0.2.10:80, udp://[2001:db8::1]:53, sctp://192.0.2.10:5060 or fwmark://7",
  ],
  [
    'a port too high',
    withService('service: »tcp://192.0.2.1:65536'),
    "services[0].service: '65536' is not a port from 0 to 65535, or the name of one",
  ],
  [
    'a name that no port has',
    withService('service: »tcp://192.0.2.1:htpp'),
    "services[0].service: 'htpp' is neither a port from 0 to 65535 nor the name of one for tcp in /etc/services",
  ],
  [
    'a server’s port by a name that there is for another protocol only',
    withService('{service: "udp://192.0.2.1:53", servers: [»"198.51.100.1:tcponly"]}'),
    "services[0].servers[0]: 'tcponly' is neither a port from 0 to 65535 nor the name of one for udp in /etc/services",
  ],
  [
    'every port without persistence',
    withService('service: »tcp://192.0.2.1:0'),
    'services[0].service: port 0, every port, is for services with persistence only',
  ],
  [
    'mark 0',
    withService('service: »fwmark://0'),
    "services[0].service: 'fwmark://0' is not a firewall mark from 1 to 4294967295, such as fwmark://7",
  ],
  [
    'a mark too high',
    withService('service: »fwmark://4294967296'),
    "services[0].service: 'fwmark://4294967296' is not a firewall mark from 1 to 4294967295, such as fwmark://7",
  ],
  [
    'a mark of two families',
    withService('{service: »fwmark://7/inet6, family: inet}'),
    'services[0].service: fwmark://7/inet6 has family inet6, but family says inet',
  ],
  [
    'an address of another family',
    withService('{service: »"tcp://[2001:db8::1]:80", family: inet}'),
    "services[0].service: '2001:db8::1' is not an IPv4 address",
  ],
  [
    'IPv6 without brackets',
    withService('service: »tcp://2001:db8::1:80'),
    "services[0].service: 'tcp://2001:db8::1:80' is not a service: an IPv6 address with a port stands in brackets, [2001:db8::1]:80",
  ],
  [
    'the unspecified address',
    withService('service: »tcp://0.0.0.0:80'),
    "services[0].service: '0.0.0.0' is the unspecified address; name one machine's",
  ],
  [
    'a multicast address',
    withService('service: »udp://[ff02::1]:53'),
    "services[0].service: 'ff02::1' is a multicast address; name one machine's",
  ],
  [
    'a mapped address',
    withService('service: »tcp://[::ffff:192.0.2.1]:80'),
    "services[0].service: '::ffff:192.0.2.1' is an IPv4 address mapped into IPv6; write 192.0.2.1",
  ],
  [
    'an IPv4 mask of three parts',
    withService('{service: "tcp://192.0.2.1:80", persistence: {netmask: »255.255.0}}'),
    "services[0].persistence.netmask: '255.255.0' is neither a mask such as 255.255.255.0 nor a prefix length from 0 to 32",
  ],
  [
    'an IPv4 mask for IPv6',
    withService('{service: "tcp://[2001:db8::1]:80", persistence: {netmask: »255.255.255.0}}'),
    "services[0].persistence.netmask: '255.255.255.0' is not a prefix length from 1 to 128",
  ],
  [
    'an address that is none',
    withServer('»198.51.100.300'),
    "services[0].servers[0]: '198.51.100.300' is not a server such as 198.51.100.7:80, [2001:db8::7]:80 or web1.example.com:80",
  ],
  [
    'a multicast server',
    withServer('»224.0.0.1'),
    "services[0].servers[0]: '224.0.0.1' is a multicast address; name one machine's",
  ],
  [
    'everybody as a server',
    withServer('»255.255.255.255'),
    "services[0].servers[0]: '255.255.255.255' is the broadcast address; name one machine's",
  ],
  [
    'the other family without a tunnel',
    withServer('»"[2001:db8::7]:80"'),
    "services[0].servers[0]: '2001:db8::7' is not an IPv4 address: only method tun carries packets to a server of the other family",
  ],
  [
    'thresholds the wrong way round',
    withServer('{server: 198.51.100.1, upperThreshold: 5, lowerThreshold: »6}'),
    "services[0].servers[0].lowerThreshold: '6' is more than upperThreshold, 5",
  ],
  [
    'gue without port',
    withServer('{server: 198.51.100.1, method: tun, tunnel: »{type: gue}}'),
    'services[0].servers[0].tunnel: type gue needs a port: {type: gue, port: 6080}',
  ],
  [
    'a port for gre',
    withServer('{server: 198.51.100.1, method: tun, tunnel: »{type: gre, port: 1}}'),
    'services[0].servers[0].tunnel: a port is for type gue, not for gre',
  ],
  [
    'a checksum for ipip',
    withServer('{server: 198.51.100.1, method: tun, tunnel: »{checksum: csum}}'),
    'services[0].servers[0].tunnel: checksum csum is not for type ipip, which knows nocsum',
  ],
  [
    'a tunnel for nat',
    withServer('{server: 198.51.100.1, method: nat, tunnel: »{type: gre}}'),
    'services[0].servers[0].tunnel: a tunnel is for method tun, not for nat',
  ],
  [
    'a name that nobody knows',
    withServer('»nobody.example'),
    "services[0].servers[0]: the name 'nobody.example' has no address",
  ],
  [
    'a name of the other family',
    withServer('»six.example'),
    "services[0].servers[0]: the name 'six.example' has no address of this family, only 2001:db8::9: only method tun carries packets to a server of the other family",
  ],
  [
    'a name with several addresses',
    withServer('»many.example'),
    "services[0].servers[0]: the name 'many.example' has several addresses, 198.51.100.3, 198.51.100.4: write the one you mean",
  ],
  [
    'a service twice',
    'services:\n  - service: tcp://192.0.2.1:80\n  - service: »TCP://192.0.2.1:80\n',
    'services[1].service: tcp://192.0.2.1:80 stands here a second time; first at f1:2:14',
  ],
  [
    'a server twice, once by name',
    withServer('web.example\n      - »198.51.100.1:80'),
    'services[0].servers[1]: 198.51.100.1:80 of tcp://192.0.2.1:80 stands here a second time; first at f1:4:9',
  ],
  [
    'daemons and bridged servers',
    withServer('{server: »"2001:db8::7", method: tun}\nsync: {master: {interface: eth0}}'),
    "services[0].servers[0].server: a server of another family than its service's, and sync daemons: the kernel takes one or the other",
  ],
  [
    'daemons and a bridged sorry server',
    'services:\n  - service: »tcp://192.0.2.1:80\n    health: {sorry: {server: "2001:db8::7", method: tun}}\nsync: {master: {interface: eth0}}\n',
    "services[0].service: a server of another family than its service's, and sync daemons: the kernel takes one or the other",
  ],
  [
    'a rule with a slip',
    '-A -t 192.0.2.1:80 »--shceduler rr\n',
    "--shceduler: unknown option (did you mean '--scheduler'?)",
  ],
  [
    'a server without its service',
    '# saved\n»-a -t 192.0.2.1:80 -r 198.51.100.1:80 -m\n',
    'no -A before it adds tcp://192.0.2.1:80',
  ],
  [
    'a rule that removes',
    '-A -t 192.0.2.1:80\n  »-D -t 192.0.2.1:80\n',
    'not a part of a table; of rules, -A, -a, --set and --start-daemon are',
  ],
  [
    'a rule twice',
    'ipvsadm -A -t 192.0.2.1:http\nipvsadm »-A -t 192.0.2.1:80\n',
    'tcp://192.0.2.1:80 stands here a second time; first at f1:1:9',
  ],
];

for (const [name, marked, problem] of cases) {
  test(name, async () => {
    const before = marked.slice(0, Math.max(marked.indexOf('»'), 0)).split('\n');
    const place = marked.includes('»') ? `f1:${before.length}:${(before.at(-1)?.length ?? 0) + 1}` : 'f1';
    assert.deepEqual(await problemsIn(marked.replace('»', '')), [`${place}: ${problem}`]);
  });
}

test('all problems are reported at once, in the order of files and lines', async () => {
  const first =
    'services:\n  - {service: "tcp://192.0.2.1:80", weight: 1}\n  - {service: "tcp://192.0.2.2:x"}\ntimeouts: {tcp: -1}\n';
  const second = withServer('nobody.example').replace('192.0.2.1', '0.0.0.0');
  assert.deepEqual(await problemsIn(first, second), [
    "f1:2:37: services[0].weight: unknown key 'weight' (known are service, family, only, scheduler, schedulerFlags, persistence, onePacket, check, health, defaults, servers)",
    "f1:4:17: timeouts.tcp: '-1' is not a whole number from 1 to 21474836",
    "f2:2:14: services[0].service: '0.0.0.0' is the unspecified address; name one machine's",
    "f2:4:9: services[0].servers[0]: the name 'nobody.example' has no address",
  ]);
});

test('a value of the wrong kind does not hide mistakes of other services and servers', async () => {
  const text = `services:
  - service: tcp://192.0.2.1:99999
  - service: tcp://192.0.2.2:80
    weigth: 3
  - service: tcp://192.0.2.3:80
    servers:
      - 198.51.100.300
      - { server: 198.51.100.1, weight: -1 }
`;
  const places = (await problemsIn(text)).map((line) => line.split(': ').slice(0, 2).join(' '));
  assert.deepEqual(places, [
    'f1:2:14 services[0].service',
    'f1:4:5 services[1].weigth',
    'f1:7:9 services[2].servers[0]',
    'f1:8:41 services[2].servers[1].weight',
  ]);
});

test('a value of the wrong kind does not make others wrong', async () => {
  const persistent = 'services:\n  - { service: "tcp://192.0.2.1:0", persistence: often }\n';
  assert.equal((await problemsIn(persistent)).length, 1);
  const inherited = `defaults: {service: {persistence: often}}\n${withService('service: tcp://192.0.2.1:0')}`;
  assert.equal((await problemsIn(inherited)).length, 1);
  const owned = `owns: [garbage]\n${withService('service: tcp://192.0.2.1:80')}`;
  assert.equal((await problemsIn(owned)).length, 1);
});

test('a duplicate in two files is reported with both locations', async () => {
  const one =
    'services:\n  - service: tcp://192.0.2.1:80\ntimeouts: {tcp: 5}\nsync: {master: {interface: eth0}}\n';
  assert.deepEqual(await problemsIn(one, `---\n${one}`), [
    'f2:3:14: services[0].service: tcp://192.0.2.1:80 stands here a second time; first at f1:2:14',
    'f2:4:17: timeouts.tcp: timeout tcp stands here a second time; first at f1:3:17',
    'f2:5:16: sync.master: the master daemon stands here a second time; first at f1:4:16',
  ]);
});

test('a place in JSON is found as well', async () => {
  const text = JSON.stringify(
    { services: [{ service: 'tcp://192.0.2.1:80', servers: [{ server: '198.51.100.1', weight: 'x' }] }] },
    null,
    2,
  );
  assert.deepEqual(await problemsIn(text), [`f1:8:21: services[0].servers[0].weight: 'x' is not ${weight}`]);
});

test('an alias is followed to where its value stands', async () => {
  const text = [
    'services:',
    '  - service: tcp://192.0.2.1:80',
    '    servers: &servers',
    '      - {server: 198.51.100.1, weight: x}',
    '  - service: tcp://192.0.2.2:80',
    '    servers: *servers',
  ].join('\n');
  assert.deepEqual(await problemsIn(text), [
    `f1:4:40: services[0].servers[0].weight: 'x' is not ${weight}`,
    `f1:4:40: services[1].servers[0].weight: 'x' is not ${weight}`,
  ]);
});

test('aliases that explode are refused at once', async () => {
  const levels = 'abcdefghijklmnopqrstuvwxyz'.split('');
  const text = levels
    .map((name, index) => {
      const inner = index === 0 ? 'x' : `*${levels[index - 1]}`;
      return `${name}: &${name} [${Array.from({ length: 10 }, () => inner).join(', ')}]\n`;
    })
    .join('');
  const started = performance.now();
  assert.deepEqual(await problemsIn(text), ['f1:7:7: aliases that expand to too many values']);
  assert.ok(performance.now() - started < 5000);
});

test('a document that is nested too deeply is refused', async () => {
  for (const text of ['['.repeat(20_000), `services: ${'['.repeat(20_000)}`, `{"a":${'['.repeat(50_000)}`]) {
    const [problem = ''] = await problemsIn(text);
    assert.match(problem, /^f1.*: nested more than 64 levels deep$/);
  }
});

test('more values than YAML can hold are refused before they fill the memory', async () => {
  const text = `services: [${'1,'.repeat(1_100_000)}]`;
  assert.deepEqual(await problemsIn(text), [
    'f1: more than 425001 values: too many for YAML; write it as JSON, or as several files',
  ]);
});
