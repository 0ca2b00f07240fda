// What documents mean: defaults, shorthands, names, several of them together.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDocuments } from '../../src/document/load.js';
import type { Lookup } from '../../src/document/names.js';
import { destinationKey } from '../../src/model/destination.js';
import { formatService } from '../../src/model/service-uri.js';
import type { DesiredState } from '../../src/model/state.js';

const hosts: Record<string, string[]> = {
  'web.example': ['198.51.100.1'],
  'both.example': ['2001:db8::7', '198.51.100.2'],
  'six.example': ['2001:db8::9'],
};

/** Counts how often each name is looked up. */
function counting(): { lookup: Lookup; asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    lookup: {
      addresses: async (name) => {
        asked.push(name);
        return hosts[name] ?? [];
      },
      ports: async () => ({ port: (name) => ({ http: 80, domain: 53 })[name] }),
    },
  };
}

const read = (...texts: string[]): Promise<DesiredState> =>
  parseDocuments(
    texts.map((text, index) => ({ file: `f${index}`, text })),
    counting().lookup,
  );

/** Services with their servers, as short texts. */
const outline = ({ services = [] }: DesiredState): Record<string, string[] | undefined> =>
  Object.fromEntries(
    services.map(({ service, destinations }) => [
      formatService(service.id),
      destinations?.map(({ id, method, weight }) => `${destinationKey(id)} ${method} ${weight}`),
    ]),
  );

test('everything that a document can say', async () => {
  const { services, daemons, timeouts } = await read(`
timeouts: {tcp: 1000, udp: 20}
sync:
  backup: {interface: eth1, id: 3, maxLength: 1400, group: 239.0.0.1, port: 9000, ttl: 4}
services:
  - service: udp://[2001:DB8:0::1]:53
    scheduler: sh
    schedulerFlags: [sh-port, flag-3]
    persistence: {timeout: 60, netmask: 64, engine: sip}
    onePacket: true
    servers:
      - server: "[2001:db8::9]:5353"
        method: tun
        weight: 0
        upperThreshold: 4294967295
        lowerThreshold: 10
        tunnel: {type: gue, port: 6080, checksum: remcsum}
`);
  assert.deepEqual(timeouts, { tcp: 1000, udp: 20 });
  assert.deepEqual(daemons, [
    {
      state: 'backup',
      interface: 'eth1',
      syncId: 3,
      maxLength: 1400,
      group: '239.0.0.1',
      port: 9000,
      ttl: 4,
    },
  ]);
  assert.deepEqual(services, [
    {
      service: {
        id: { protocol: 'udp', address: '2001:db8::1', port: 53 },
        scheduler: 'sh',
        schedulerFlags: ['flag-2', 'flag-3'],
        persistence: { timeout: 60, netmask: '64', engine: 'sip' },
        onePacket: true,
      },
      destinations: [
        {
          id: { address: '2001:db8::9', port: 5353 },
          method: 'tun',
          weight: 0,
          upperThreshold: 4294967295,
          lowerThreshold: 10,
          tunnel: { type: 'gue', port: 6080, checksum: 'remcsum' },
        },
      ],
    },
  ]);
});

test('settings that are absent have ipvsadm’s defaults', async () => {
  const { services, daemons, timeouts } = await read(
    'services: [{service: "tcp://192.0.2.1:80", servers: [198.51.100.1]}]',
  );
  assert.equal(daemons, undefined);
  assert.equal(timeouts, undefined);
  const parts = services?.map(({ service, destinations }) => ({ service, destinations }));
  assert.deepEqual(parts, [
    {
      service: {
        id: { protocol: 'tcp', address: '192.0.2.1', port: 80 },
        scheduler: 'wlc',
        schedulerFlags: [],
        persistence: undefined,
        onePacket: false,
      },
      destinations: [
        {
          id: { address: '198.51.100.1', port: 80 },
          method: 'dr',
          weight: 1,
          upperThreshold: 0,
          lowerThreshold: 0,
          tunnel: { type: 'ipip', port: 0, checksum: 'nocsum' },
        },
      ],
    },
  ]);
});

test('the nearest default counts: server, service, document', async () => {
  const state = await read(`
defaults:
  service: {scheduler: wrr, persistence: 60}
  server: {method: nat, weight: 5}
services:
  - service: tcp://192.0.2.1:80
    defaults: {weight: 7}
    servers: [198.51.100.1, {server: 198.51.100.2, weight: 9, method: dr}]
  - service: tcp://192.0.2.2:80
    scheduler: rr
    persistence: false
    servers: [198.51.100.1]
`);
  assert.deepEqual(outline(state), {
    'tcp://192.0.2.1:80': ['198.51.100.1:80 nat 7', '198.51.100.2:80 dr 9'],
    'tcp://192.0.2.2:80': ['198.51.100.1:80 nat 5'],
  });
  assert.deepEqual(
    state.services?.map(({ service: { scheduler, persistence } }) => [scheduler, persistence?.timeout]),
    [
      ['wrr', 60],
      ['rr', undefined],
    ],
  );
});

test('a default for tunnels is for those servers only that have one', async () => {
  const state = await read(`
defaults: {server: {tunnel: {type: gre}}}
services: [{service: "tcp://192.0.2.1:80", servers: [198.51.100.1, {server: 198.51.100.2, method: tun}]}]
`);
  assert.deepEqual(
    state.services?.[0]?.destinations?.map(({ method, tunnel }) => `${method} ${tunnel.type}`),
    ['dr ipip', 'tun gre'],
  );
});

test('defaults of one document are not another’s, in one file or in several', async () => {
  const first =
    'defaults: {server: {weight: 5}}\nservices: [{service: "tcp://192.0.2.1:80", servers: [198.51.100.1]}]\n';
  const second = 'services: [{service: "tcp://192.0.2.2:80", servers: [198.51.100.1]}]\n';
  const expected = {
    'tcp://192.0.2.1:80': ['198.51.100.1:80 dr 5'],
    'tcp://192.0.2.2:80': ['198.51.100.1:80 dr 1'],
  };
  assert.deepEqual(outline(await read(first, second)), expected);
  assert.deepEqual(outline(await read(`${first}---\n${second}`)), expected);
});

test('persistence as a number of seconds, as true, and with either kind of mask', async () => {
  const said = ['300', 'true', '{netmask: 24}', '{netmask: 255.255.0.0, timeout: 5}', '{netmask: "0"}'];
  const { services } = await read(
    said
      .map((persistence, port) => `- {service: "tcp://192.0.2.1:${port}", persistence: ${persistence}}`)
      .reduce((all, line) => `${all}  ${line}\n`, 'services:\n'),
  );
  assert.deepEqual(
    services?.map(({ service: { persistence } }) => persistence),
    [
      { timeout: 300, netmask: '255.255.255.255', engine: undefined },
      { timeout: 360, netmask: '255.255.255.255', engine: undefined },
      { timeout: 360, netmask: '255.255.255.0', engine: undefined },
      { timeout: 5, netmask: '255.255.0.0', engine: undefined },
      { timeout: 360, netmask: '0.0.0.0', engine: undefined },
    ],
  );
});

test('a mark has a family, in its name or beside it', async () => {
  const state = await read(
    'services: [{service: fwmark://7}, {service: fwmark://7/inet6}, {service: "fwmark://8", family: inet6, servers: ["2001:db8::1"]}]',
  );
  assert.deepEqual(outline(state), {
    'fwmark://7': undefined,
    'fwmark://7/inet6': undefined,
    'fwmark://8/inet6': ['[2001:db8::1]:0 dr 1'],
  });
});

test('servers that are not mentioned are not the same as none', async () => {
  const state = await read('services: [{service: fwmark://1}, {service: fwmark://2, servers: []}]');
  assert.deepEqual(outline(state), { 'fwmark://1': undefined, 'fwmark://2': [] });
});

test('a name becomes the address of the family that fits', async () => {
  const state = await read(`
services:
  - {service: "tcp://both.example:80", servers: [both.example, "web.example:8080"]}
  - {service: "tcp://both.example:80", family: inet6, servers: [both.example]}
  - {service: "tcp://six.example:81"}
  - {service: "tcp://192.0.2.1:80", defaults: {method: tun}, servers: [both.example, six.example]}
`);
  assert.deepEqual(outline(state), {
    'tcp://192.0.2.1:80': ['198.51.100.2:80 tun 1', '[2001:db8::9]:80 tun 1'],
    'tcp://198.51.100.2:80': ['198.51.100.2:80 dr 1', '198.51.100.1:8080 dr 1'],
    'tcp://[2001:db8::7]:80': ['[2001:db8::7]:80 dr 1'],
    'tcp://[2001:db8::9]:81': undefined,
  });
});

test('a port may have a name: of the service’s protocol, or of any for a mark', async () => {
  const state = await read(`
services:
  - {service: "tcp://192.0.2.1:http", servers: ["198.51.100.1:domain", 198.51.100.2]}
  - {service: "udp://web.example:domain", servers: ["web.example:http"]}
  - {service: "fwmark://1", servers: ["[2001:db8::1]:http"], defaults: {method: tun}}
`);
  assert.deepEqual(outline(state), {
    'tcp://192.0.2.1:80': ['198.51.100.1:53 dr 1', '198.51.100.2:80 dr 1'],
    'udp://198.51.100.1:53': ['198.51.100.1:80 dr 1'],
    'fwmark://1': ['[2001:db8::1]:80 tun 1'],
  });
});

test('each name is looked up once, however often it occurs', async () => {
  const { lookup, asked } = counting();
  const text = 'services: [{service: "tcp://web.example:80", servers: [web.example, "web.example:81"]}]';
  await parseDocuments(
    [
      { file: 'a', text },
      { file: 'b', text: text.replace(':80', ':82') },
    ],
    lookup,
  );
  assert.deepEqual(asked, ['web.example']);
});

test('rules that ipvsadm saved, with names of hosts and ports', async () => {
  const state = await read(`
# ipvsadm -S
-A -t web.example:http -s wrr -p 300
-a -t web.example:http -r 198.51.100.7:8080 -m -w 3 -x 10 -y 5
-a -t web.example:http -r 198.51.100.8:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum
  ipvsadm -A -f 5 -6
--set 900 0 300
--start-daemon master --mcast-interface eth0 --syncid 7
`);
  assert.deepEqual(outline(state), {
    'tcp://198.51.100.1:80': ['198.51.100.7:8080 nat 3', '198.51.100.8:80 tun 1'],
    'fwmark://5/inet6': [],
  });
  assert.deepEqual(state.timeouts, { tcp: 900, udp: 300 });
  assert.deepEqual(
    state.daemons?.map(({ state: kind, interface: name, syncId }) => [kind, name, syncId]),
    [['master', 'eth0', 7]],
  );
});

test('rules that set timeouts several times set each to its last value', async () => {
  const { timeouts } = await read('--set 900 60 0\n--set 0 120 300\n');
  assert.deepEqual(timeouts, { tcp: 900, tcpFin: 120, udp: 300 });
});

test('line ends of Windows and comments make no difference', async () => {
  const text =
    'services: # all of them\r\n  - service: tcp://192.0.2.1:80\r\n    servers:\r\n      - 198.51.100.1\r\n';
  assert.deepEqual(outline(await read(text)), { 'tcp://192.0.2.1:80': ['198.51.100.1:80 dr 1'] });
});

test('an anchor may stand for many services’ servers', async () => {
  const lines = [
    'services:',
    '  - {service: "tcp://192.0.2.1:1", servers: &web [198.51.100.1:80, 198.51.100.2:80]}',
  ];
  for (let port = 2; port <= 500; port++)
    lines.push(`  - {service: "tcp://192.0.2.1:${port}", servers: *web}`);
  const { services } = await read(lines.join('\n'));
  assert.equal(services?.length, 500);
  assert.ok(services.every(({ destinations }) => destinations?.length === 2));
});
