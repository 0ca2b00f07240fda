/** Documents for some directors, and values that differ from one to the next. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Director, noDirector } from '../../src/document/audience.js';
import { DocumentSet, parseDocuments } from '../../src/document/load.js';
import { formatService } from '../../src/model/service-uri.js';

const eu1: Director = {
  labels: { site: 'eu1', role: 'edge' },
  variables: { interface: 'eth1', weight: '7' },
};

const read = (text: string, director?: Director) =>
  parseDocuments([{ file: 'web.yaml', text }], undefined, director);

const servicesOf = async (text: string, director?: Director): Promise<string[]> =>
  ((await read(text, director)).services ?? []).map(({ service }) => formatService(service.id));

const audiences = `
services:
  - service: tcp://192.0.2.1:80
  - { service: tcp://192.0.2.2:80, only: { site: eu1 } }
  - { service: tcp://192.0.2.3:80, only: { site: [eu2, eu1], role: edge } }
  - { service: tcp://192.0.2.4:80, only: { site: eu1, role: core } }
`;

test('a service is for directors with all the labels that it asks for', async () => {
  const [every, one, either, none] = [1, 2, 3, 4].map((last) => `tcp://192.0.2.${last}:80`);
  assert.deepEqual(await servicesOf(audiences), [every]);
  assert.deepEqual(await servicesOf(audiences, eu1), [every, one, either]);
  assert.deepEqual(await servicesOf(audiences, { ...eu1, labels: { site: 'eu1', role: 'core' } }), [
    every,
    one,
    none,
  ]);
});

test('of a document for others nothing is desired, so that its services may be removed', async () => {
  const text =
    'only: { site: eu2 }\nowns: [192.0.2.0/24]\ntimeouts: { tcp: 60 }\nservices: [{ service: tcp://192.0.2.1:80 }]';
  const { services, timeouts, owns } = await read(text, eu1);
  assert.deepEqual(services, []);
  assert.equal(timeouts, undefined);
  assert.equal(owns?.length, 1);
});

test('variables stand for texts, and for numbers where they are all of a value', async () => {
  const text = `
sync: { master: { interface: "\${interface}", id: 1 } }
services:
  - service: tcp://192.0.2.\${weight}:80
    servers: [{ server: 198.51.100.1, weight: "\${weight}" }, { server: 198.51.100.2, weight: "\${other:-3}" }]
`;
  const { services, daemons } = await read(text, eu1);
  assert.equal(daemons?.[0]?.interface, 'eth1');
  assert.deepEqual(
    services?.[0]?.destinations?.map(({ weight }) => weight),
    [7, 3],
  );
  assert.equal(services?.[0] && formatService(services[0].service.id), 'tcp://192.0.2.7:80');
});

test('a variable that a director does not have is a mistake, with its place', async () => {
  const text = `sync:\n  master:\n    interface: \${interface}\n`;
  await assert.rejects(read(text), {
    message: `web.yaml:3:16: sync.master.interface: '\${interface}': this director has no variable interface; --variable interface=VALUE gives it one`,
  });
});

test('a dollar sign before it keeps a brace from being a reference', async () => {
  const text = `services:
  - service: tcp://192.0.2.1:80
    check: { kind: command, command: [/bin/sh, -c, 'test "$\${HOME}" = "$HOME"'] }
    servers: [198.51.100.1]
`;
  const { services } = await read(text, eu1);
  const check = services?.[0]?.checks?.usual.check;
  assert.match(JSON.stringify(check), /test \\"\$\{HOME\}\\" = \\"\$HOME\\"/);
});

test('a name like one of a language is no label', async () => {
  assert.deepEqual(
    await servicesOf('services: [{ service: "tcp://192.0.2.1:80", only: { constructor: x } }]', eu1),
    [],
  );
});

const pairs = `sync:
  peers:
    - { master: lb1, backup: [lb2, lb3], interface: "\${interface:-eth0}", id: 1 }
    - { master: lb2, backup: lb1, interface: eth1, id: 2, port: 8849 }
`;

const daemonsOf = async (text: string, node: string): Promise<unknown> => {
  const director = { labels: { node }, variables: {} };
  const { daemons } = await parseDocuments([{ file: 'web.yaml', text }], undefined, director);
  return daemons?.map((daemon) => [daemon.state, daemon.interface, daemon.syncId, daemon.port]);
};

test('peers give each director the sync daemons that name it', async () => {
  assert.deepEqual(await daemonsOf(pairs, 'lb1'), [
    ['master', 'eth0', 1, undefined],
    ['backup', 'eth1', 2, 8849],
  ]);
  assert.deepEqual(await daemonsOf(pairs, 'lb2'), [
    ['backup', 'eth0', 1, undefined],
    ['master', 'eth1', 2, 8849],
  ]);
  assert.deepEqual(await daemonsOf(pairs, 'lb3'), [['backup', 'eth0', 1, undefined]]);
  assert.deepEqual(await daemonsOf(pairs, 'lb4'), []);
});

const refusals: readonly (readonly [string, string, Director, RegExp])[] = [
  [
    'without a name of the director',
    pairs,
    noDirector,
    /:3:5: sync\.peers: peers names directors: --label node=NAME/,
  ],
  [
    'beside a daemon',
    `${pairs}  master: { interface: eth0 }\n`,
    { labels: { node: 'lb1' }, variables: {} },
    /sync\.peers: peers stands instead of master and backup/,
  ],
  [
    'that name a director twice as master',
    pairs.replace('master: lb2', 'master: [lb2, lb1]'),
    { labels: { node: 'lb1' }, variables: {} },
    /the master daemon stands here a second time/,
  ],
  [
    'that name a director that the fleet does not have',
    pairs,
    { labels: { node: 'lb1' }, variables: {}, fleet: new Set(['lb1', 'lb2']) },
    /sync\.peers\[0\]\.backup: 'lb3' is no director of the fleet/,
  ],
  ['without a backup', 'sync: { peers: [{ master: lb1, interface: eth0 }] }', noDirector, /backup/],
];

for (const [title, text, director, pattern] of refusals) {
  test(`peers ${title} are refused`, async () => {
    await assert.rejects(parseDocuments([{ file: 'web.yaml', text }], undefined, director), pattern);
  });
}

test('documents that are read for several directors say the same as those that are read for each', async () => {
  const texts = [
    {
      file: 'common.yaml',
      text: 'services:\n  - { service: "tcp://192.0.2.9:80", servers: [198.51.100.9] }\n',
    },
    { file: 'some.yaml', text: audiences },
    {
      file: 'own.json',
      text: `{"services":[{"service":"tcp://192.0.2.8:80","servers":["\${server:-198.51.100.1}"]}]}`,
    },
    { file: 'rules', text: '-A -t 192.0.2.7:80 -s wlc\n' },
  ];
  const set = new DocumentSet(texts);
  for (const director of [eu1, noDirector, { ...eu1, variables: { server: '198.51.100.2' } }, eu1])
    assert.deepEqual(await set.stateFor(director), await parseDocuments(texts, undefined, director));
});

test('a mistake for a later director has its place, and both places if it is a duplicate', async () => {
  const service = (address: string, only = ''): string =>
    `{"services":[{"service":"tcp://${address}:80"${only}}]}`;
  const set = new DocumentSet([
    { file: 'first.json', text: service('192.0.2.1') },
    { file: 'second.json', text: service('192.0.2.1', ',"only":{"site":"eu1"}') },
  ]);
  await set.stateFor(noDirector);
  await assert.rejects(
    set.stateFor(eu1),
    /second\.json:1:\d+: services\[0\]\.service: tcp:\/\/192\.0\.2\.1:80 stands here a second time; first at first\.json:1:\d+/,
  );
});
