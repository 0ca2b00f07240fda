// export, diff, apply and schema, as a user runs them.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import type { ServiceId } from '../../src/model/service.js';
import type { State } from '../../src/model/state.js';
import { readState } from '../../src/plan/current.js';
import { diff } from '../../src/plan/diff.js';
import { stagesOf } from '../../src/plan/stages.js';
import { normal, state } from '../support/arbitrary-state.js';
import { Director } from '../support/director.js';
import { whenLocked } from '../support/flock.js';

const webId: ServiceId = { protocol: 'tcp', address: '192.0.2.1', port: 80 };
const firstId = { address: '198.51.100.1', port: 80 };

const web = `
services:
  - service: tcp://192.0.2.1:80
    scheduler: wrr
    servers:
      - {server: 198.51.100.1:80, method: nat, weight: 1}
      - {server: 198.51.100.2:80, method: nat, weight: 2}
`;

/** A director whose table came from a document. */
async function directorWith(context: TestContext, document: string): Promise<Director> {
  const director = await Director.start(context);
  const { status, err } = await director.run(['apply', '-f', '-'], { stdin: document });
  assert.equal(status, 0, err);
  return director;
}

async function setTable(director: Director, wanted: State): Promise<void> {
  for (const change of stagesOf(diff(await director.state(), wanted)).flat())
    await director.client.apply(change);
}

test('apply makes the table, prints each change, and changes nothing the second time', async (context) => {
  const director = await Director.start(context);
  const file = await director.file('web.yaml', web);
  assert.deepEqual(await director.run(['apply', '-f', file]), {
    status: 0,
    out: [
      'added    tcp://192.0.2.1:80',
      'added    tcp://192.0.2.1:80 198.51.100.1:80',
      'added    tcp://192.0.2.1:80 198.51.100.2:80',
      '3 done',
      '',
    ].join('\n'),
    err: '',
  });
  director.changesSent = 0;
  assert.deepEqual(await director.run(['apply', '-f', file]), {
    status: 0,
    out: 'nothing to change\n',
    err: '',
  });
  assert.equal(director.changesSent, 0);
});

test('a document that changes while apply waits for another one is read again', async (context) => {
  const director = await Director.start(context);
  const file = await director.file('web.yaml', web);
  whenLocked(context, 1, () => director.file('web.yaml', web.replace('weight: 2', 'weight: 9')));
  const { status } = await director.run(['apply', '-f', file, '-f', '-'], {
    stdin: 'services: [{service: "fwmark://7"}]',
  });
  assert.equal(status, 0);
  const { services } = await director.state();
  assert.deepEqual(
    services.map(({ destinations }) => destinations.map(({ weight }) => weight).sort()).sort(),
    [[], [1, 9]],
  );
  whenLocked(context, 1, () => director.file('web.yaml', 'services: nonsense'));
  director.changesSent = 0;
  assert.equal((await director.run(['apply', '-f', file])).status, 2);
  assert.equal(director.changesSent, 0);
});

test('one changed server among thousands is one message', async (context) => {
  const director = await Director.start(context);
  const document = (weight: number) =>
    JSON.stringify({
      services: Array.from({ length: 2000 }, (_, index) => ({
        service: `fwmark://${index + 1}`,
        servers: [{ server: '198.51.100.1', weight: index === 1234 ? weight : 1 }],
      })),
    });
  await director.run(['apply', '-f', '-'], { stdin: document(1) });
  director.changesSent = 0;
  const { out } = await director.run(['apply', '-f', '-'], { stdin: document(7) });
  assert.equal(director.changesSent, 1);
  assert.equal(out, 'changed  fwmark://1235 198.51.100.1:0  weight 1 -> 7\n1 done\n');
});

test('apply says on standard error that it runs no checks, and sets the table as without them', async (context) => {
  const director = await Director.start(context);
  const checked = web.replace(
    'scheduler: wrr',
    'scheduler: wrr\n    check: {kind: tcp}\n    health: {floor: 20%}',
  );
  assert.deepEqual(await director.run(['apply', '-f', '-'], { stdin: checked }), {
    status: 0,
    out: [
      'added    tcp://192.0.2.1:80',
      'added    tcp://192.0.2.1:80 198.51.100.1:80',
      'added    tcp://192.0.2.1:80 198.51.100.2:80',
      '3 done',
      '',
    ].join('\n'),
    err: 'lvsadm: checks are not run by apply: lvsadm run runs them, lvsadm health check once\n',
  });
  const { status, out, err } = await director.run(['diff', '-f', '-'], { stdin: checked });
  assert.deepEqual([status, out, err], [0, 'no difference: 3 unchanged\n', '']);
  const dry = await director.run(['apply', '--dry-run', '-f', '-'], { stdin: checked });
  assert.deepEqual([dry.status, dry.err], [0, '']);
});

test('diff shows what apply would change, and its exit status is 1 for differences', async (context) => {
  const director = await directorWith(context, `${web}\n  - service: fwmark://7\n`);
  const file = await director.file(
    'new.yaml',
    web.replace('wrr', 'wlc').replace('weight: 2', 'weight: 20').replace('100.1:80', '100.3:80'),
  );
  director.changesSent = 0;
  director.ipvs.connect(webId, firstId, {
    activeConnections: 12,
    inactiveConnections: 3,
    persistentConnections: 0,
  });
  const { status, out } = await director.run(['diff', '-f', file]);
  assert.equal(status, 1);
  assert.equal(
    out,
    [
      '~ tcp://192.0.2.1:80',
      '    scheduler: wrr -> wlc',
      '  - 198.51.100.1:80  nat weight 1, 12 connections',
      '  ~ 198.51.100.2:80',
      '      weight: 2 -> 20',
      '  + 198.51.100.3:80  nat weight 1',
      '1 to add, 2 to change, 1 to remove, 0 unchanged, 1 not in the document and left alone (--prune removes them)',
      '',
    ].join('\n'),
  );
  const pruned = await director.run(['diff', '-f', file, '--prune']);
  assert.match(pruned.out, /^- fwmark:\/\/7$/m);
  const dry = await director.run(['apply', '-f', file, '--dry-run']);
  assert.deepEqual([dry.status, dry.out], [0, out]);
  assert.equal(director.changesSent, 0);
  await director.run(['apply', '-f', file]);
  const after = await director.run(['diff', '-f', file]);
  assert.equal(after.status, 0);
  assert.match(after.out, /^no difference: 3 unchanged, 1 not in the document/);
});

test('a removal tells its weight and connections, as JSON too; UDP has no connections but inactive ones', async (context) => {
  const director = await directorWith(
    context,
    'services: [{service: "udp://192.0.2.9:53", servers: [{server: 198.51.100.1, weight: 4}, 198.51.100.2]}]',
  );
  const dns: ServiceId = { protocol: 'udp', address: '192.0.2.9', port: 53 };
  director.ipvs.connect(
    dns,
    { address: '198.51.100.1', port: 53 },
    {
      activeConnections: 0,
      inactiveConnections: 1,
      persistentConnections: 0,
    },
  );
  const pruned = await director.run(['diff', '-f', '-', '--prune'], { stdin: web });
  assert.match(
    pruned.out,
    /^- udp:\/\/192\.0\.2\.9:53\n {2}- 198\.51\.100\.1:53 {2}dr weight 4, 1 connection\n {2}- 198\.51\.100\.2:53 {2}dr weight 1, 0 connections$/m,
  );
  const { out } = await director.run(['apply', '-f', '-', '--prune', '--dry-run', '--json'], { stdin: web });
  const { services } = JSON.parse(out);
  assert.deepEqual(services.at(-1).servers[0], {
    server: '198.51.100.1:53',
    action: 'remove',
    loses: { weight: 4, connections: 1 },
  });
});

test('apply tells what it changed from what to what', async (context) => {
  const director = await directorWith(context, `${web}sync: {master: {interface: eth0}}\n`);
  const stdin = `${web
    .replace('wrr', 'mh, schedulerFlags: [mh-port], persistence: 300'.replace(/, /g, '\n    '))
    .replace(
      'weight: 2',
      'weight: 20, upperThreshold: 9',
    )}timeouts: {udp: 5}\nsync: {master: {interface: eth0, id: 3}}\n`;
  const dry = await director.run(['apply', '-f', '-', '--dry-run'], { stdin });
  assert.equal(dry.status, 0, dry.err);
  const { out } = await director.run(['apply', '-f', '-'], { stdin });
  assert.equal(
    out,
    [
      'changed  timeouts  udp 300 -> 5',
      'changed  tcp://192.0.2.1:80  scheduler wrr -> mh, schedulerFlags none -> mh-port, persistence.timeout none -> 300, persistence.netmask none -> 255.255.255.255',
      'changed  tcp://192.0.2.1:80 198.51.100.2:80  weight 2 -> 20, upperThreshold 0 -> 9',
      'stopped  master sync daemon',
      'started  master sync daemon  id 0 -> 3',
      '5 done',
      '',
    ].join('\n'),
  );
  const json = await director.run(['apply', '-f', '-', '--json'], { stdin: web.replace('wrr', 'rr') });
  assert.deepEqual(JSON.parse(json.out).changes.at(-1), {
    change: 'editDestination',
    service: 'tcp://192.0.2.1:80',
    server: '198.51.100.2:80',
    result: 'done',
    differences: [
      { field: 'weight', from: 20, to: 2 },
      { field: 'upperThreshold', from: 9, to: 0 },
    ],
  });
});

test('every error of diff ends in status 2', async (context) => {
  const director = await Director.start(context);
  assert.equal((await director.run(['diff', '-f', '/nowhere'])).status, 2);
  assert.equal((await director.run(['diff'])).status, 2);
  assert.equal((await director.run(['diff', '--nonsense'])).status, 2);
  director.ipvs.permitted = false;
  const file = await director.file('web.yaml', web);
  assert.equal((await director.run(['diff', '-f', file])).status, 2);
});

test('a document in which something is wrong changes nothing', async (context) => {
  const director = await Director.start(context);
  const good = await director.file('good.yaml', web);
  const bad = await director.file('bad.yaml', 'services: [{service: "tcp://192.0.2.9:80", servers: [here]}]');
  const { status, out, err } = await director.run(['apply', '-f', good, '-f', bad]);
  assert.deepEqual([status, out], [2, '']);
  assert.equal(err, `lvsadm: ${bad}:1:54: services[0].servers[0]: the name 'here' has no address\n`);
  assert.equal(director.changesSent, 0);
});

test('a service with an unknown name does not hide the mistakes of its servers', async (context) => {
  const director = await Director.start(context);
  const servers =
    '[{server: there, method: nat}, {server: 198.51.100.1, upperThreshold: 2, lowerThreshold: 3}, "198.51.100.1:nosuchport", {server: 0.0.0.0, method: nat}, {server: 198.51.100.9, tunnel: {type: gre}}, "[2001:db8::1]", 198.51.100.1]';
  for (const service of ['tcp://here:80', 'tcp://192.0.2.1:nosuchport', 'web']) {
    const { status, err } = await director.run(['apply', '-f', '-'], {
      stdin: `services: [{service: "${service}", servers: ${servers}}]`,
    });
    assert.equal(status, 2);
    assert.deepEqual(
      err
        .trimEnd()
        .split('\n')
        .map((line) => /services\S+(?=: )/.exec(line)?.[0]),
      [
        'services[0].service',
        'services[0].servers[0].server',
        'services[0].servers[1].lowerThreshold',
        'services[0].servers[2]',
        'services[0].servers[3].server',
        'services[0].servers[4].tunnel',
      ],
      err,
    );
  }
});

test('files and directories together', async (context) => {
  const director = await Director.start(context);
  await director.file('conf.d/10-web.yaml', web);
  await director.file('conf.d/20-dns.json', '{"services": [{"service": "udp://192.0.2.1:53"}]}');
  const rules = await director.file('old.rules', '-A -f 7 -s rr\n-a -f 7 -r 198.51.100.1 -g -w 1\n');
  const { status } = await director.run(['apply', '-f', `${director.directory}/conf.d`, '-f', rules]);
  assert.equal(status, 0);
  const { services } = await director.state();
  assert.equal(services.length, 3);
});

test('services that are not in the document stay, until --prune', async (context) => {
  const director = await directorWith(
    context,
    `${web}\n  - service: fwmark://7\nsync: {master: {interface: eth0}}\n`,
  );
  await director.run(['apply', '-f', '-'], { stdin: web });
  assert.equal((await director.state()).services.length, 2);
  const { out } = await director.run(['apply', '-f', '-', '--prune'], { stdin: web });
  assert.equal(out, 'removed  fwmark://7\n1 done\n');
  // The document has no `sync`, so daemons are not managed.
  assert.equal((await director.state()).daemons.length, 1);
  await director.run(['apply', '-f', '-', '--prune'], { stdin: `${web}sync: {}\n` });
  assert.equal((await director.state()).daemons.length, 0);
});

test('apply refuses a document that would empty the table', async (context) => {
  const director = await directorWith(context, web);
  const refused = await director.run(['apply', '-f', '-', '--prune'], { stdin: 'services: []' });
  assert.equal(refused.status, 2);
  assert.match(refused.err, /--prune: the document would leave no service; --allow-empty lets it/);
  assert.equal((await director.state()).services.length, 1);
  const allowed = await director.run(['apply', '-f', '-', '--prune', '--allow-empty'], {
    stdin: 'services: []',
  });
  assert.equal(allowed.status, 0);
  assert.equal((await director.state()).services.length, 0);
});

test('--only touches that service alone', async (context) => {
  const director = await Director.start(context);
  const both = `${web}  - service: fwmark://7\n  - service: fwmark://8\ntimeouts: {tcp: 5}\n`;
  const { out } = await director.run(['apply', '-f', '-', '--only', 'fwmark://7', '--only', 'fwmark://8'], {
    stdin: both,
  });
  assert.equal(out, 'added    fwmark://7\nadded    fwmark://8\n2 done\n');
  const unknown = await director.run(['apply', '-f', '-', '--only', 'fwmark://9'], { stdin: both });
  assert.equal(unknown.status, 2);
  assert.match(unknown.err, /fwmark:\/\/9: neither in the document nor in the table/);
});

test('a refusal by the kernel is reported with the changes that were made and those that were not', async (context) => {
  const director = await Director.start(context);
  const { status, out, err } = await director.run(['apply', '-f', '-'], {
    stdin: `${web}  - {service: "fwmark://7", scheduler: strange, servers: [198.51.100.1]}\n`,
  });
  assert.equal(status, 1);
  assert.equal(err, 'lvsadm: refused: fwmark://7: Scheduler or persistence engine not found\n');
  assert.equal(
    out,
    [
      'added    tcp://192.0.2.1:80',
      'added    tcp://192.0.2.1:80 198.51.100.1:80',
      'added    tcp://192.0.2.1:80 198.51.100.2:80',
      'refused  fwmark://7: Scheduler or persistence engine not found',
      'not done fwmark://7 198.51.100.1:0',
      '3 done, 1 refused, 1 not done; run it again once the cause is gone',
      '',
    ].join('\n'),
  );
});

test('the result as JSON', async (context) => {
  const director = await Director.start(context);
  const { out } = await director.run(['apply', '-f', '-', '--json'], {
    stdin:
      'services: [{service: "fwmark://7", servers: [198.51.100.1]}, {service: "fwmark://8", scheduler: strange}]',
  });
  assert.deepEqual(JSON.parse(out), {
    converged: false,
    rounds: 1,
    changes: [
      { change: 'addService', service: 'fwmark://7', result: 'done' },
      { change: 'addDestination', service: 'fwmark://7', server: '198.51.100.1:0', result: 'done' },
      {
        change: 'addService',
        service: 'fwmark://8',
        result: 'refused',
        error: { code: 'ENOENT', message: 'Scheduler or persistence engine not found' },
      },
    ],
  });
});

test('the plan as JSON', async (context) => {
  const director = await directorWith(context, web);
  const { status, out } = await director.run(['diff', '-f', '-', '--json'], {
    stdin: `${web.replace('weight: 2', 'weight: 3')}timeouts: {udp: 5}\nsync: {backup: {interface: eth0}}\n`,
  });
  assert.equal(status, 1);
  assert.deepEqual(JSON.parse(out), {
    summary: { add: 1, change: 2, remove: 0, keep: 2, leave: 0 },
    timeouts: { action: 'change', differences: [{ field: 'udp', from: 300, to: 5 }] },
    sync: [{ daemon: 'backup', action: 'add' }],
    services: [
      {
        service: 'tcp://192.0.2.1:80',
        action: 'keep',
        servers: [
          { server: '198.51.100.1:80', action: 'keep' },
          { server: '198.51.100.2:80', action: 'change', differences: [{ field: 'weight', from: 2, to: 3 }] },
        ],
      },
    ],
  });
});

test('colours on a terminal, unless NO_COLOR is set', async (context) => {
  const director = await Director.start(context);
  const file = await director.file('web.yaml', web);
  const shown = await director.run(['diff', '-f', file], { terminal: true });
  assert.ok(shown.out.includes('\u001b[32m+ tcp://192.0.2.1:80'), shown.out);
  const plain = await director.run(['diff', '-f', file], { terminal: true, env: { NO_COLOR: '1' } });
  assert.ok(!plain.out.includes('\u001b'), plain.out);
});

test('a bar on a terminal while it lasts, and none after', async (context) => {
  const director = await Director.start(context);
  const { err } = await director.run(['apply', '-f', '-'], { stdin: web, terminal: true });
  assert.ok(err.includes('[==============================] 3 of 3'), JSON.stringify(err));
  assert.ok(err.endsWith('\r\u001b[K'), JSON.stringify(err));
});

test('apply of an exported document makes the same table on any machine', async (context) => {
  const [from, to] = [await Director.start(context), await Director.start(context)];
  await fc.assert(
    fc.asyncProperty(state(), state(), fc.boolean(), async (wanted, earlier, json) => {
      await setTable(from, wanted);
      await setTable(to, earlier);
      const { out } = await from.run(['export', ...(json ? ['--json'] : [])]);
      const result = await to.run(['apply', '-f', '-', '--prune', '--allow-empty'], { stdin: out });
      assert.equal(result.status, 0, result.out + result.err);
      assert.deepEqual(normal(await readState(to.client)), normal(wanted));
    }),
    { numRuns: 40 },
  );
});

test('export is readable', async (context) => {
  const director = await directorWith(
    context,
    `${web}    persistence: 300\nsync: {master: {interface: eth0, id: 1}}\n`,
  );
  const { out } = await director.run(['export']);
  assert.equal(
    out,
    [
      'timeouts: { tcp: 900, tcpFin: 120, udp: 300 }',
      'sync:',
      '  master: { interface: eth0, id: 1, maxLength: 1472, group: "224.0.0.81", port: 8848, ttl: 1 }',
      'services:',
      '  - service: tcp://192.0.2.1:80',
      '    scheduler: wrr',
      '    persistence: { timeout: 300, netmask: "255.255.255.255" }',
      '    servers:',
      '      - { server: "198.51.100.1:80", method: nat, weight: 1 }',
      '      - { server: "198.51.100.2:80", method: nat, weight: 2 }',
      '# end',
      '',
    ].join('\n'),
  );
  const empty = await Director.start(context);
  assert.equal(
    (await empty.run(['export'])).out,
    'timeouts: { tcp: 900, tcpFin: 120, udp: 300 }\nsync: {}\nservices: []\n# end\n',
  );
});

test('flags have the names of their scheduler in documents and differences, and are read by bit as well', async (context) => {
  const mark = (settings: string) =>
    `services: [{service: fwmark://1, ${settings}}, {service: fwmark://2, schedulerFlags: [flag-2]}]`;
  const director = await directorWith(context, mark('scheduler: mh, schedulerFlags: [flag-2]'));
  const { out } = await director.run(['export']);
  assert.match(out, /^ {4}schedulerFlags: \[mh-port\]$/m);
  assert.match(out, /^ {4}schedulerFlags: \[flag-2\]$/m);
  assert.equal((await director.run(['diff', '-f', '-'], { stdin: out })).status, 0);
  const other = await director.run(['diff', '-f', '-'], {
    stdin: mark('scheduler: mh, schedulerFlags: [mh-fallback]'),
  });
  assert.match(other.out, /schedulerFlags: mh-port -> mh-fallback$/m);
});

test('the schema is a JSON Schema that names everything', async (context) => {
  const director = await Director.start(context);
  const schema = JSON.parse((await director.run(['schema'])).out);
  assert.match(schema.$schema, /^https:\/\/json-schema\.org\//);
  assert.deepEqual(Object.keys(schema.properties), [
    '$schema',
    'only',
    'owns',
    'defaults',
    'timeouts',
    'settings',
    'sync',
    'services',
  ]);
  const { properties, required } = schema.properties.services.items;
  assert.deepEqual(required, ['service']);
  assert.equal(properties.service.description.startsWith('tcp://192.0.2.10:80'), true);
});
