// Checks and health in documents: layers, kinds, mistakes with their places.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDocuments } from '../../src/document/load.js';
import { documentJsonSchema } from '../../src/document/schema.js';
import { DocumentError } from '../../src/errors.js';
import { checkKindNames, checkKinds, optionsOfKind, pathLeg } from '../../src/model/check.js';
import { checksOf, healthOptions } from '../../src/model/health.js';
import { defaultText, formatDuration, type Option, parseDuration } from '../../src/model/option.js';
import type { DesiredService } from '../../src/model/state.js';

const names = {
  addresses: async () => ['198.51.100.99'],
  ports: async () => ({ port: () => undefined }),
};

async function read(text: string): Promise<DesiredService> {
  const { services = [] } = await parseDocuments([{ file: 'f', text }], names);
  return services[0] ?? assert.fail('there is no service');
}

/** The checks of the server 198.51.100.N:80. */
const checksOfServer = (service: DesiredService, last: number) =>
  checksOf(service.checks, { address: `198.51.100.${last}`, port: 80 });

async function mistakesIn(text: string): Promise<string[]> {
  const error = await parseDocuments([{ file: 'f', text }], names).then(
    () => assert.fail('the document is right'),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof DocumentError, String(error));
  return error.message.split('\n');
}

const timing = { every: 2000, timeout: 1000, rise: 2, fall: 3, jitter: 10 };
const usualHealth = {
  floor: 50,
  floorOf: 'servers',
  slowStart: 0,
  onDown: 'weight-0',
  initially: 'last-known',
};

test('everything that a document can say of checks', async () => {
  const service = await read(`
services:
  - service: tcp://192.0.2.10:80
    check: { kind: https, path: /healthz, expect: [200-299, 401], tls: { name: www.example.com, verify: true }, every: 1m,
             timeout: 500ms, rise: 1, fall: 5, fastEvery: 1s, jitter: 20%, host: www.example.com, bind: "2001:DB8:0::1",
             json: { pointer: /status, value: UP } }
    health: { floor: 30%, slowStart: 60s, onDown: remove, initially: down, sorry: { server: sorry.example, method: nat },
              quorum: { weight: 10, hysteresis: 2, up: [/bin/up, a] }, passive: { factor: 5 } }
    servers: [198.51.100.1:80, { server: 198.51.100.2:80, weight: 30, agent: { port: 8900 }, check: { port: 8081 } }]
`);
  const usual = {
    kind: 'https',
    method: 'GET',
    path: '/healthz',
    host: 'www.example.com',
    expect: [
      { min: 200, max: 299 },
      { min: 401, max: 401 },
    ],
    json: { pointer: '/status', value: 'UP' },
    tls: { name: 'www.example.com', verify: true, days: 0 },
    bind: '2001:db8::1',
    ...{ every: 60_000, timeout: 500, rise: 1, fall: 5, fastEvery: 1000, jitter: 20 },
  };
  assert.deepEqual(checksOfServer(service, 1), { check: usual });
  assert.deepEqual(checksOfServer(service, 2), {
    check: { ...usual, port: 8081 },
    agent: { kind: 'agent', port: 8900, ...timing },
  });
  const { sorry, ...health } = service.health ?? {};
  assert.deepEqual(health, {
    ...{ floor: 30, floorOf: 'servers', slowStart: 60_000, onDown: 'remove', initially: 'down' },
    quorum: { weight: 10, hysteresis: 2, up: ['/bin/up', 'a'] },
    passive: { factor: 5, connections: 10 },
  });
  assert.deepEqual(
    [sorry?.id, sorry?.method, sorry?.weight],
    [{ address: '198.51.100.99', port: 80 }, 'nat', 1],
  );
});

test('options of the server come before those of the service, and these before defaults', async () => {
  const service = await read(`
defaults: { check: { every: 5s, timeout: 3s, path: /from-defaults }, health: { floor: 20%, slowStart: 1m } }
services:
  - service: tcp://192.0.2.10:80
    check: { kind: http, timeout: 2s }
    health: { floor: 10% }
    servers:
      - 198.51.100.1:80
      - { server: 198.51.100.2:80, check: { timeout: 1s } }
      - { server: 198.51.100.3:80, check: { kind: tcp } }
      - { server: 198.51.100.4:80, check: false }
`);
  const usual = { kind: 'http', method: 'GET', path: '/from-defaults', expect: [{ min: 200, max: 299 }] };
  const usually = { ...usual, ...timing, every: 5000 };
  assert.deepEqual(checksOfServer(service, 1).check, { ...usually, timeout: 2000 });
  assert.deepEqual(checksOfServer(service, 2).check, { ...usually, timeout: 1000 });
  // What a TCP check has no option for is not inherited.
  assert.deepEqual(checksOfServer(service, 3).check, {
    ...{ kind: 'tcp', encoding: 'text' },
    ...{ ...timing, every: 5000, timeout: 2000 },
  });
  assert.deepEqual(checksOfServer(service, 4), {});
  assert.deepEqual(service.health, { ...usualHealth, floor: 10, slowStart: 60_000 });
});

test('defaults alone check every service if they have a kind, and none without one', async () => {
  const withDefaults = (check: string) =>
    read(
      `{defaults: {check: ${check}}, services: [{service: "tcp://192.0.2.10:80", servers: ["198.51.100.1:80"]}]}`,
    );
  assert.equal(checksOfServer(await withDefaults('{kind: tcp}'), 1).check?.kind, 'tcp');
  const unchecked = await withDefaults('{every: 1s}');
  assert.deepEqual([unchecked.checks, unchecked.health], [undefined, undefined]);
});

test('an agent of all servers stands in their defaults', async () => {
  const service = await read(`
services:
  - service: tcp://192.0.2.10:80
    defaults: { agent: { port: 8900 } }
    servers: [198.51.100.1:80, { server: 198.51.100.2:80, agent: { port: 8901 } }]
`);
  assert.equal(checksOfServer(service, 1).agent?.port, 8900);
  assert.equal(checksOfServer(service, 2).agent?.port, 8901);
});

test('a service without checks has none, and no health', async () => {
  for (const server of ['198.51.100.1:80', '{server: 198.51.100.1, method: tun}']) {
    const { checks, health } = await read(
      `{services: [{service: "tcp://192.0.2.10:80", servers: [${server}]}]}`,
    );
    assert.deepEqual([checks, health], [undefined, undefined]);
  }
});

const mistakes: readonly (readonly [what: string, document: string, ...lines: string[]])[] = [
  [
    'an unknown kind',
    'check: {kind: htp}',
    "services[0].check.kind: 'htp' is not one of tcp, tls, http, https, dns, udp, smtp, icmp, grpc, command, file, agent",
  ],
  [
    'no kind at all',
    'check: {every: 2s}',
    /services\[0\]\.check\.kind: missing; it should be one of tcp, tls/.source,
  ],
  [
    'an option of another kind',
    'check: {kind: tcp, pth: /x}',
    /services\[0\]\.check\.pth: unknown key 'pth'/.source,
  ],
  [
    'an option of another kind than the inherited one',
    'check: {kind: tcp}, servers: [{server: "198.51.100.1:80", check: {path: /x}}]',
    /services\[0\]\.servers\[0\]\.check\.path: unknown key 'path'/.source,
  ],
  [
    'a time without a unit',
    'check: {kind: tcp, every: 2}',
    "services[0].check.every: '2' is not a time from 100ms to 24h, such as 500ms, 2s or 1m",
  ],
  ['a time out of range', 'check: {kind: tcp, timeout: 1ms}', /'1ms' is not a time from 10ms to 10m/.source],
  [
    'a share above its range',
    'check: {kind: tcp, jitter: 60%}',
    /'60%' is not a percentage from 0% to 50%/.source,
  ],
  [
    'a range of codes that is empty',
    'check: {kind: http, expect: 299-200}',
    /check\.expect: '299-200' is not status codes/.source,
  ],
  [
    'a header with a line end',
    'check: {kind: http, headers: {X: "a\\r\\nb"}}',
    /check\.headers: an object is not headers/.source,
  ],
  [
    'a path with a line end',
    'check: {kind: http, path: "/ HTTP/1.1\\r\\n"}',
    /check\.path: .* is not a path such as/.source,
  ],
  [
    'a program without its path',
    'check: {kind: command, command: [check-db]}',
    /check\.command: a list is not a list of the absolute path/.source,
  ],
  [
    'no program',
    'check: {kind: command}',
    /check\.command: missing; it should be a list of the absolute path/.source,
  ],
  [
    'half a byte',
    'check: {kind: udp, encoding: hex, send: "abc"}',
    /check\.send: 'abc' is not bytes in hexadecimal/.source,
  ],
  [
    'a multicast address',
    'check: {kind: tcp, connectTo: 224.0.0.1}',
    /check\.connectTo: '224.0.0.1' is not the IPv4 or IPv6 address of/.source,
  ],
  [
    'an agent without a port',
    'servers: [{server: "198.51.100.1:80", agent: {}}]',
    /servers\[0\]\.agent\.port: missing; it should be a whole number/.source,
  ],
  [
    'a quorum that cannot be lost',
    'health: {quorum: {weight: 2, hysteresis: 2}}',
    /health\.quorum\.hysteresis: '2' is not less than weight, 2/.source,
  ],
  ['a sorry server that is none', 'health: {sorry: {server: "a b"}}', /health\.sorry\.server/.source],
  [
    "a sorry server of the service's own",
    'check: {kind: tcp}, health: {sorry: {server: "198.51.100.1:80"}}, servers: ["198.51.100.1:80"]',
    /health\.sorry\.server: 198\.51\.100\.1:80 is one of the service's servers/.source,
  ],
  ['a check that is true', 'check: true', /services\[0\]\.check: 'true' is not a check such as/.source],
];

for (const [what, options, line] of mistakes) {
  test(`${what} is refused with its place`, async () => {
    const [first = '', ...more] = await mistakesIn(
      `services:\n  - { service: "tcp://192.0.2.10:80", ${options} }\n`,
    );
    assert.deepEqual(more, []);
    assert.match(first, /^f:2:\d+: /);
    if (line?.includes('\\')) assert.match(first, new RegExp(line));
    else assert.ok(first.includes(line ?? ''), first);
  });
}

test('a check that needs a port is refused for a server that has none', async () => {
  const [line] = await mistakesIn(
    '{services: [{service: "fwmark://7", check: {kind: tcp}, servers: [198.51.100.1]}]}',
  );
  assert.match(
    line ?? '',
    /servers\[0\]: the server has no port that a check of kind tcp could connect to: set port/,
  );
  const { checks } = await read(
    '{services: [{service: "fwmark://7", check: {kind: http}, servers: [198.51.100.1]}]}',
  );
  assert.equal(checks?.usual.check?.kind, 'http');
});

test('a check through a path keeps its leg, with canonical addresses', async () => {
  const { checks } = await read(`
defaults: { check: { through: path, leg: { address: [198.51.100.250/24, "2001:DB8:0::5/64"], device: eth1 } } }
services: [{ service: "tcp://192.0.2.10:80", check: { kind: tcp }, servers: [198.51.100.1] }]
`);
  const check = checks?.usual.check ?? assert.fail('there is no check');
  assert.deepEqual(pathLeg(check), {
    address: ['198.51.100.250/24', '2001:db8::5/64'],
    device: 'eth1',
    link: 'macvlan',
  });
});

test('a check through a path that there is not is refused, with the reason', async () => {
  const leg = 'leg: { address: 198.51.100.250/24 }';
  const cases: readonly (readonly [service: string, check: string, servers: string, mistake: RegExp])[] = [
    [
      'tcp://192.0.2.10:80',
      leg,
      '{ server: 198.51.100.1, method: nat }',
      /servers\[0\].*: with NAT a server answers as itself/,
    ],
    [
      'tcp://192.0.2.10:80',
      leg,
      '{ server: 198.51.100.1, method: nat, check: { port: 8 } }',
      /with NAT a server answers/,
    ],
    ['fwmark://7', leg, '198.51.100.1:80', /a service of a mark has no address/],
    ['tcp://192.0.2.10:80', 'rise: 2', '198.51.100.1', /leg is missing in check/],
    [
      'tcp://192.0.2.10:80',
      `${leg}, connectTo: 198.51.100.3`,
      '198.51.100.1',
      /connectTo cannot be combined/,
    ],
    [
      'tcp://[2001:db8::1]:80',
      leg,
      '"2001:db8::2"',
      /leg\.address: an IPv6 address is missing, to reach 2001:db8::1/,
    ],
    [
      'tcp://192.0.2.10:80',
      'leg: { address: 198.51.100.250 }',
      '198.51.100.1',
      /leg\.address: '198\.51\.100\.250' is not an address with the length/,
    ],
    ['tcp://192.0.2.10:80', 'leg: { device: eth1 }', '198.51.100.1', /leg\.address: missing/],
  ];
  for (const [service, check, server, mistake] of cases) {
    const lines = await mistakesIn(
      `services: [{ service: "${service}", check: { kind: tcp, through: path, ${check} }, servers: [${server}] }]`,
    );
    assert.match(lines.join('\n'), mistake);
  }
  const [line] = await mistakesIn(
    'services: [{ service: "tcp://192.0.2.10:80", check: { kind: icmp, through: path }, servers: [198.51.100.1] }]',
  );
  assert.match(line ?? '', /check\.through: /);
});

test('every option of every kind is read from its example, and has its range, default and sentence', async () => {
  const rows = checkKindNames.flatMap((kind) =>
    Object.entries(optionsOfKind(kind)).map(([name, option]) => ({ kind, name, option })),
  );
  for (const { kind, name, option } of rows) {
    const required = Object.entries(optionsOfKind(kind)).filter(([, each]) => each.required);
    const options = [...required, [name, option] as const].map(([key, each]) => `${key}: ${each.example}`);
    const { checks } = await read(
      `services:\n  - service: tcp://192.0.2.10:80\n    check: { kind: ${kind}, ${[...new Set(options)].join(', ')} }\n`,
    );
    const check = checks?.usual.check as Readonly<Record<string, unknown>> | undefined;
    assert.notEqual(check?.[name], undefined, `${kind} ${name}`);
    assert.notDeepEqual(check?.[name], option.default, `${kind} ${name}: an example is not the default`);
    assertSensible(option, `${kind} ${name}`);
  }
  assert.ok(Object.values(checkKinds).every(({ about }) => about.endsWith('.')));
});

test('every option of health is read from its example', async () => {
  for (const [name, option] of Object.entries<Option>(healthOptions)) {
    const { health } = await read(
      `services:\n  - service: tcp://192.0.2.10:80\n    health: { ${name}: ${option.example} }\n`,
    );
    const value = (health as Readonly<Record<string, unknown>> | undefined)?.[name];
    assert.notEqual(value, undefined, name);
    assert.notDeepEqual(value, option.default, name);
    assertSensible(option, name);
  }
});

/** A number has a default within its range, and a sentence ends as one. */
function assertSensible(option: Option, name: string): void {
  assert.match(option.about, /\.$/, name);
  if (option.value === 'group') {
    for (const [key, each] of Object.entries(option.options)) assertSensible(each, `${name} ${key}`);
  } else if ('min' in option && option.default !== undefined) {
    assert.ok(Number(option.default) >= option.min && Number(option.default) <= option.max, name);
    assert.notEqual(defaultText(option), undefined);
  }
}

test('durations are read in four units, and written in the largest that is whole', () => {
  for (const [text, duration] of [
    ['500ms', 500],
    ['90s', 90_000],
    ['1m', 60_000],
    ['24h', 86_400_000],
    ['0s', 0],
  ] as const) {
    assert.equal(parseDuration(text), duration);
    assert.equal(formatDuration(duration), text);
  }
  for (const text of ['', '5', '1.5s', '-1s', '1d', 's', '1 s']) assert.equal(parseDuration(text), undefined);
});

test('the JSON Schema has the options of checks with sentences, defaults and ranges', async () => {
  const schema = JSON.stringify(await documentJsonSchema());
  assert.ok(schema.includes('Failures in a row after which a server that is up is down (default: 3).'));
  assert.ok(schema.includes(healthOptions.floor.about.replace(/\.$/, ' (default: 50%).')));
  for (const kind of checkKindNames) assert.ok(schema.includes(`"${kind}"`), kind);
});
