// where: connections, templates and hashes decide, in this order.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { header } from '../support/connection-table.js';
import { Director } from '../support/director.js';

const TABLE = '/proc/net/ip_vs_conn';

const document = (settings: string): string => `
services:
  - service: tcp://192.0.2.1:80
    ${settings}
    servers: [{server: 198.51.100.1, weight: 3}, {server: 198.51.100.2, weight: 1}, {server: 198.51.100.3, weight: 1}]
`;

async function start(test: TestContext, settings: string, table = ''): Promise<Director> {
  const director = await Director.start(test);
  director.contents.set(TABLE, header + table);
  const { status } = await director.run(['apply', '-f', '-'], { stdin: document(settings) });
  assert.equal(status, 0);
  return director;
}

const where = (director: Director, client: string, ...words: string[]) =>
  director.run(['where', client, 'tcp://192.0.2.1:80', ...words]);

test('mh: the slot is computed, and every client of a network has a share', async (context) => {
  const director = await start(context, 'scheduler: mh');
  const { status, out, err } = await where(director, '203.0.113.9');
  assert.deepEqual([status, err], [0, '']);
  assert.match(
    out,
    /^203\.0\.113\.9 -> 198\.51\.100\.[123]:80\n {2}slot \d+ of 4093 of mh, by the client's address\n$/,
  );
  const shares = JSON.parse((await where(director, '203.0.113.0/24', '--json')).out);
  assert.equal(shares.clients, 256);
  const clients = new Map<string, number>();
  for (let last = 0; last < 256; last++) {
    const { server } = JSON.parse((await where(director, `203.0.113.${last}`, '--json')).out);
    clients.set(server, (clients.get(server) ?? 0) + 1);
  }
  assert.deepEqual(
    new Map(shares.shares.map((each: { server: string; clients: number }) => [each.server, each.clients])),
    clients,
  );
  assert.match((await where(director, '203.0.113.0/24')).out, /^198\.51\.100\.1:80 +\d+ {2}\d\d\.\d %$/m);
});

test('a connection decides before a template, and a template before the hash', async (context) => {
  const table = `TCP CB007109 0000 C0000201 0050 C6336402 0050 NONE            358
TCP CB007109 8235 C0000201 0050 C6336403 0050 ESTABLISHED     899
`;
  const director = await start(context, 'scheduler: sh\n    persistence: 300', table);
  assert.equal(
    (await where(director, '203.0.113.9:33333')).out,
    '203.0.113.9:33333 -> 198.51.100.3:80\n  it has a connection: ESTABLISHED, 899 s left\n',
  );
  assert.equal(
    (await where(director, '203.0.113.9:33334')).out,
    '203.0.113.9:33334 -> 198.51.100.2:80\n  its persistence template names this server, for 358 s more\n',
  );
  assert.match((await where(director, '203.0.113.10')).out, /slot \d+ of 256 of sh, by the client's address/);
});

test('a netmask of persistence joins the clients of a network; a server that is gone holds nobody', async (context) => {
  const of = (server: string): string =>
    `TCP CB007100 0000 C0000201 0050 ${server} 0050 NONE            358\n`;
  const director = await start(
    context,
    'scheduler: sh\n    persistence: {timeout: 300, netmask: 24}',
    of('C6336402'),
  );
  assert.match(
    (await where(director, '203.0.113.77')).out,
    /-> 198\.51\.100\.2:80\n {2}its persistence template/,
  );
  assert.match((await where(director, '203.0.114.77')).out, /slot/);
  director.contents.set(TABLE, header + of('C6336463'));
  assert.match((await where(director, '203.0.113.77')).out, /slot/);
});

test('the template of FTP, which is for all ports, holds the clients of port 21', async (context) => {
  const director = await start(context, 'scheduler: sh');
  await director.run(['-A', '-t', '192.0.2.1:21', '-s', 'sh', '-p', '300']);
  await director.run(['-a', '-t', '192.0.2.1:21', '-r', '198.51.100.2', '-m']);
  await director.run(['-a', '-t', '192.0.2.1:21', '-r', '198.51.100.3', '-m']);
  const template = (server: string): string =>
    `TCP CB007109 0000 C0000201 0000 ${server} 0000 NONE            358\n`;
  for (const [last, server] of [
    ['2', 'C6336402'],
    ['3', 'C6336403'],
  ] as const) {
    director.contents.set(TABLE, header + template(server));
    const { out } = await director.run(['where', '203.0.113.9', 'tcp://192.0.2.1:21']);
    assert.equal(
      out,
      `203.0.113.9 -> 198.51.100.${last}:21\n  its persistence template names this server, for 358 s more\n`,
    );
  }
  // A service at another port does not ask that template.
  assert.match((await where(director, '203.0.113.9')).out, /slot/);
});

test('a template counts if the server has its port as well', async (context) => {
  const director = await start(context, 'scheduler: sh\n    persistence: 300');
  const template = (port: string): string =>
    `TCP CB007109 0000 C0000201 0050 C6336402 ${port} NONE            358\n`;
  director.contents.set(TABLE, header + template('1F90'));
  assert.match((await where(director, '203.0.113.9')).out, /slot/);
  director.contents.set(TABLE, header + template('0050'));
  assert.match(
    (await where(director, '203.0.113.9')).out,
    /-> 198\.51\.100\.2:80\n {2}its persistence template/,
  );
});

test('a connection to a removed server is refused, or forgotten with expire_nodest_conn', async (context) => {
  const line = 'TCP CB007109 8235 C0000201 0050 C6336463 0050 ESTABLISHED     899\n';
  const director = await start(context, 'scheduler: sh', line);
  const setting = '/proc/sys/net/ipv4/vs/expire_nodest_conn';
  director.contents.set(setting, '0\n');
  const refused = await where(director, '203.0.113.9:33333');
  assert.equal(refused.status, 1);
  assert.equal(
    refused.out,
    '203.0.113.9:33333 -> refused\n  its connection is to 198.51.100.99:80, which was removed: packets are dropped for 899 s more\n',
  );
  director.contents.set(setting, '1\n');
  assert.match(
    (await where(director, '203.0.113.9:33333')).out,
    /its connection ends: 198\.51\.100\.99:80 was removed; slot \d+ of 256 of sh/,
  );
});

test('a template of a server at weight 0 holds its clients, but not with expire_quiescent_template', async (context) => {
  const line = 'TCP CB007109 0000 C0000201 0050 C6336402 0050 NONE            358\n';
  const director = await start(context, 'scheduler: sh\n    persistence: 300', line);
  await director.run(['-e', '-t', '192.0.2.1:80', '-r', '198.51.100.2', '-w', '0']);
  const setting = '/proc/sys/net/ipv4/vs/expire_quiescent_template';
  director.contents.set(setting, '0\n');
  assert.match((await where(director, '203.0.113.9')).out, /-> 198\.51\.100\.2:80\n {2}its persistence/);
  director.contents.set(setting, '1\n');
  assert.match(
    (await where(director, '203.0.113.9')).out,
    /its persistence template ends: 198\.51\.100\.2:80 is at weight 0 \(net\.ipv4\.vs\.expire_quiescent_template\); slot/,
  );
});

test('with persistence a service for all ports has its server at the port of the client', async (context) => {
  const director = await start(context, 'scheduler: sh');
  await director.run(['-A', '-t', '192.0.2.2:0', '-s', 'sh', '-p', '300']);
  await director.run(['-a', '-t', '192.0.2.2:0', '-r', '198.51.100.2:8080', '-m']);
  const line = 'TCP CB007109 8235 C0000202 01BB C6336402 01BB ESTABLISHED     899\n';
  director.contents.set(TABLE, header + line);
  const { out } = await director.run(['where', '203.0.113.9:33333', 'tcp://192.0.2.2:0']);
  assert.match(out, /-> 198\.51\.100\.2:8080\n {2}it has a connection: ESTABLISHED, 899 s left/);
  assert.equal((await director.run(['connections', '--gone', '--count'])).out, '0\n');
});

test('of a server between its thresholds the kernel does not tell whether it is overloaded', async (context) => {
  const director = await start(context, 'scheduler: sh');
  const id = { protocol: 'tcp', address: '192.0.2.1', port: 80 } as const;
  for (const last of [1, 2, 3]) {
    await director.run(['-e', '-t', '192.0.2.1:80', '-r', `198.51.100.${last}`, '-x', '100', '-y', '50']);
  }
  const withLoad = (activeConnections: number) => {
    for (const last of [1, 2, 3]) {
      director.ipvs.connect(id, { address: `198.51.100.${last}`, port: 80 }, { activeConnections });
    }
    return where(director, '203.0.113.9');
  };
  const sure = await withLoad(49);
  assert.match(sure.out, /-> 198\.51\.100\.[123]:80\n {2}slot \d+ of 256 of sh, by the client's address\n$/);
  const between = await withLoad(50);
  assert.match(
    between.out,
    /-> cannot be told\n.*: 198\.51\.100\.[123]:80, unless the kernel still holds it for overloaded/,
  );
  assert.deepEqual([sure.status, between.status], [0, 1]);
  assert.equal(
    (await where(director, '203.0.113.0/24')).err,
    'lvsadm: between their thresholds, taken for not overloaded: 198.51.100.1:80, 198.51.100.2:80, 198.51.100.3:80\n',
  );
  assert.match((await withLoad(100)).out, /-> refused\n.*upper threshold/);
});

test('a drained server keeps its slots by its weight before, and refuses them unless there is a fallback', async (context) => {
  const director = await start(context, 'scheduler: mh');
  const owner = JSON.parse((await where(director, '203.0.113.9', '--json')).out).server;
  assert.equal((await director.run(['drain', 'tcp://192.0.2.1:80', owner, '--force'])).status, 0);
  // The drain has set the flag.
  assert.match((await where(director, '203.0.113.9')).out, /is at weight 0, so the fallback chooses/);
  await director.run(['-E', '-t', '192.0.2.1:80', '-s', 'mh']);
  const { status, out, err } = await where(director, '203.0.113.9');
  assert.deepEqual([status, err], [1, '']);
  assert.match(out, /-> refused\n {2}slot \d+ of 4093 of mh.*is at weight 0, and .* has no mh-fallback/);
});

test('a weight before 0 that lvsadm does not know is said to be a guess', async (context) => {
  const director = await start(context, 'scheduler: mh');
  await director.run(['-e', '-t', '192.0.2.1:80', '-r', '198.51.100.2', '-w', '0']);
  const { err } = await where(director, '203.0.113.9');
  assert.equal(err, 'lvsadm: weight before 0 not known, taken for 1: 198.51.100.2:80\n');
});

const unknowns: readonly (readonly [settings: string, client: string, text: RegExp])[] = [
  ['scheduler: rr', '203.0.113.9', /rr chooses by the state of servers and by earlier connections/],
  [
    'scheduler: mh\n    schedulerFlags: [mh-port]',
    '203.0.113.9',
    /name the port, as in 203\.0\.113\.9:40000/,
  ],
];

for (const [settings, client, text] of unknowns) {
  test(`${settings.replaceAll(/\s+/g, ' ')}: what cannot be told is said, with status 1`, async (context) => {
    const { status, out } = await where(await start(context, settings), client);
    assert.equal(status, 1);
    assert.match(out, text);
  });
}

test('with the port flag the port decides', async (context) => {
  const director = await start(context, 'scheduler: mh\n    schedulerFlags: [mh-port]');
  assert.match((await where(director, '203.0.113.9:40000')).out, /by the client's address and port/);
});

const mistakes: readonly (readonly [client: string, problem: RegExp])[] = [
  ['web', /a client is an address/],
  ['203.0.113.9:http', /a client is an address/],
  ['2001:db8::1', /the service has clients of IPv4 alone/],
  ['203.0.113.0/33', /is not an address or a network/],
  ['203.0.0.0/8', /has more than 65536 clients/],
];

for (const [client, problem] of mistakes) {
  test(`where ${client} is one line that says what would be right`, async (context) => {
    const { status, out, err } = await where(await start(context, 'scheduler: mh'), client);
    assert.deepEqual([status, out], [2, '']);
    assert.match(err, problem);
  });
}

test('a service that is not there, and a network of a scheduler that does not hash', async (context) => {
  const director = await start(context, 'scheduler: rr');
  const absent = await director.run(['where', '203.0.113.9', 'tcp://192.0.2.9:80']);
  assert.match(absent.err, /tcp:\/\/192\.0\.2\.9:80: no such service/);
  assert.match((await where(director, '203.0.113.0/24')).err, /only mh, sh and dh can be computed/);
});
