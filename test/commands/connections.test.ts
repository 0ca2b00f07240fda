// connections: rows, counts and groups of the kernel's table.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { writeStuck } from '../../src/commands/connections/stuck.js';
import { scanConnections } from '../../src/ipvs/connections/proc.js';
import { ConnectionGroups } from '../../src/observe/connections/groups.js';
import { Captured } from '../support/captured.js';
import { formatTable, header } from '../support/connection-table.js';
import { chunks, contextWith } from '../support/context.js';
import { Director } from '../support/director.js';
import { YOUNG_GENERATION } from '../support/v8.js';

const TABLE = '/proc/net/ip_vs_conn';
const ORIGINS = '/proc/net/ip_vs_conn_sync';

const table = `${header}TCP CB007109 8235 C0000201 0050 C6336401 0050 ESTABLISHED     899
TCP CB007109 8236 C0000201 0050 C6336402 0050 SYN_RECV         58
TCP CB00710A 8236 C0000201 0050 C6336409 0050 FIN_WAIT         10
TCP CB007109 0000 C0000201 0050 C6336401 0050 NONE            358
UDP 2001:0db8:0000:0000:0000:0000:0000:0001 D431 2001:0db8:0000:0000:0000:0000:0000:0080 0035 fd00:0000:0000:0001:0000:0000:0000:00ff 0035 UDP             299
IP  CB007163 0000 00000007 0000 C6336407 0000 NONE            358
TCP CB007163 8236 CB007201 0050 C6336407 0050 ESTABLISHED     100
UDP CB007109 0000 C0000201 13C4 C6336401 13C4 NONE            358 sip a\u001bb
`;

const services = `
services:
  - {service: "tcp://192.0.2.1:80", persistence: 300, servers: [198.51.100.1, 198.51.100.2]}
  - {service: "udp://192.0.2.1:5060", servers: [198.51.100.1]}
  - {service: "udp://[2001:db8::80]:53", servers: ["[fd00:0:0:1::ff]"]}
  - {service: "fwmark://7", servers: [198.51.100.7]}
`;

async function start(test: TestContext): Promise<Director> {
  const director = await Director.start(test);
  director.contents.set(TABLE, table);
  await director.run(['apply', '-f', '-'], { stdin: services });
  return director;
}

async function written(director: Director, ...words: string[]): Promise<string> {
  const { status, out, err } = await director.run(['connections', ...words]);
  assert.deepEqual([status, err], [0, '']);
  return out;
}

test('connections are rows; a template has no client port', async (context) => {
  const director = await start(context);
  assert.equal(
    await written(director),
    `CLIENT               SERVICE                  SERVER               STATE        EXPIRES
203.0.113.9:33333    tcp://192.0.2.1:80       198.51.100.1:80      ESTABLISHED      899
203.0.113.9:33334    tcp://192.0.2.1:80       198.51.100.2:80      SYN_RECV          58
203.0.113.10:33334   tcp://192.0.2.1:80       198.51.100.9:80      FIN_WAIT          10
203.0.113.9          tcp://192.0.2.1:80       198.51.100.1:80      NONE             358
[2001:db8::1]:54321  udp://[2001:db8::80]:53  [fd00:0:0:1::ff]:53  UDP              299
203.0.113.99         fwmark://7               198.51.100.7:0       NONE             358
203.0.113.99:33334   tcp://203.0.114.1:80     198.51.100.7:80      ESTABLISHED      100
203.0.113.9          udp://192.0.2.1:5060     198.51.100.1:5060    NONE             358
`,
  );
});

test('conns is connections', async (context) => {
  const director = await start(context);
  assert.deepEqual(await director.run(['conns', '--count']), await director.run(['connections', '--count']));
  assert.deepEqual(await director.run(['help', 'conns']), await director.run(['help', 'connections']));
});

const selections: readonly (readonly [words: string, count: number])[] = [
  ['', 8],
  ['--service tcp://192.0.2.1:80', 4],
  ['--service fwmark://7', 2],
  ['--service fwmark://7/inet6', 0],
  ['--server 198.51.100.1', 3],
  ['--server 198.51.100.1:80', 2],
  ['--server [fd00:0:0:1::ff]:53', 1],
  ['--client 203.0.113.9', 4],
  ['--client 203.0.113.8/30', 5],
  ['--client 2001:db8::/32', 1],
  ['--protocol tcp', 5],
  ['--protocol fwmark', 1],
  ['--port 80', 5],
  ['--port 53', 1],
  ['--state syn_recv,FIN_WAIT', 2],
  ['--expires <60', 2],
  ['--expires >=5m', 4],
  ['--expires 10', 1],
  ['--templates', 3],
  ['--templates --client 203.0.113.9', 2],
  ['--gone', 1],
  ['--gone --state ESTABLISHED', 0],
];

for (const [words, count] of selections) {
  test(`connections ${words} selects ${count} of 8`, async (context) => {
    const director = await start(context);
    const given = words === '' ? [] : words.split(' ');
    assert.equal(await written(director, ...given, '--count'), `${count}\n`);
    const rows = await written(director, ...given, '--json');
    const values = rows
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    assert.equal(values.length, count);
  });
}

test('--json writes an object a line', async (context) => {
  const director = await start(context);
  const [first, template] = (await written(director, '--client', '203.0.113.9', '--json'))
    .split('\n')
    .filter((_, index) => index === 0 || index === 3);
  assert.deepEqual(JSON.parse(first ?? ''), {
    protocol: 'tcp',
    client: '203.0.113.9',
    clientPort: 33333,
    service: 'tcp://192.0.2.1:80',
    server: '198.51.100.1:80',
    state: 'ESTABLISHED',
    expires: 899,
    template: false,
  });
  assert.deepEqual(JSON.parse(template ?? ''), {
    protocol: 'udp',
    client: '203.0.113.9',
    service: 'udp://192.0.2.1:5060',
    server: '198.51.100.1:5060',
    state: 'NONE',
    expires: 358,
    template: true,
    engine: 'sip',
    engineData: 'a\u001bb',
  });
});

test("-o wide shows a template's engine, without what could control the terminal", async (context) => {
  const director = await start(context);
  assert.match(await written(director, '--server', '198.51.100.1:5060', '-o', 'wide'), / 358 {2}sip a\?b$/m);
});

test('--by counts entries, servers and states, the most first', async (context) => {
  const director = await start(context);
  assert.equal(
    await written(director, '--by', 'client', '--top', '2'),
    'CLIENT        ENTRIES  SERVERS  STATES\n' +
      '203.0.113.9         4        3  NONE 2, ESTABLISHED 1, SYN_RECV 1\n' +
      '203.0.113.99        2        2  ESTABLISHED 1, NONE 1\n',
  );
  assert.equal(
    await written(director, '--by', 'client/24', '--port', '80'),
    'CLIENT          ENTRIES  SERVERS  STATES\n' +
      '203.0.113.0/24        5        4  ESTABLISHED 2, FIN_WAIT 1, NONE 1, SYN_RECV 1\n',
  );
  assert.match(await written(director, '--by', 'service'), /^tcp:\/\/192\.0\.2\.1:80 +4 +3 {2}/m);
  assert.match(
    await written(director, '--by', 'server'),
    /^198\.51\.100\.1:80 +2 {2}ESTABLISHED 1, NONE 1$/m,
  );
  assert.match(await written(director, '--by', 'state'), /^NONE +3 +3$/m);
  assert.match(await written(director, '--by', 'port'), /^5060 +1 +1 {2}NONE 1$/m);
});

test('--stuck tells the servers that do not answer from those that do', async (context) => {
  const director = await start(context);
  const line = (server: number, port: number, state: string): string =>
    `TCP CB007109 ${(0x1000 + port).toString(16)} C0000201 0050 C633640${server} 0050 ${state.padEnd(11)}      50\n`;
  const of = (server: number, syn: number, established: number): string =>
    Array.from({ length: syn + established }, (_, at) =>
      line(server, at, at < syn ? 'SYN_RECV' : 'ESTABLISHED'),
    ).join('');
  director.contents.set(TABLE, `${header}${of(1, 9, 1)}${of(2, 0, 10)}${of(3, 3, 7)}${of(4, 1, 0)}`);
  assert.equal(
    await written(director, '--stuck'),
    'SERVER           CONNECTIONS  SYN_RECV  SHARE\n' +
      '198.51.100.4:80            1         1  100 %\n' +
      '    fewer than 5 connections\n' +
      '198.51.100.1:80           10         9   90 %\n' +
      '    does not answer, or its answers do not reach the clients\n' +
      '198.51.100.3:80           10         3   30 %\n' +
      '    many clients wait: the server is slow, its backlog is full, or packets are lost\n' +
      '198.51.100.2:80           10         0    0 %\n',
  );
  director.contents.set(TABLE, `${header}${of(1, 9, 1)}${of(2, 6, 0)}`);
  assert.match(await written(director, '--stuck'), /All servers are stuck: look at what they share/);
});

test('--stuck says that counts are inexact beyond the servers that are counted one by one', async () => {
  const lines = ['01', '02', '03', '03'].map(
    (server) => `TCP CB007109 8235 C0000201 0050 C63364${server} 0050 SYN_RECV         58\n`,
  );
  const stuck = async (limit: number): Promise<string> => {
    const out = new Captured(false);
    await writeStuck(
      contextWith({ out, err: new Captured(false) }),
      async (visit) => {
        await scanConnections(chunks(header + lines.join('')), visit);
      },
      { json: false, resolve: false },
      new ConnectionGroups({ by: 'server' }, limit),
    );
    return out.text;
  };
  assert.doesNotMatch(await stuck(3), /More than/);
  const inexact = await stuck(2);
  assert.match(inexact, /^More than 2 groups: counts may be too high by at most 1, /m);
  // The share is of the connections that are surely the server's own.
  assert.match(inexact, /^198\.51\.100\.3:80 +3 +2 +100 %$/m);
});

test('--resolve names the addresses of clients, services and servers in groups and with --stuck', async (context) => {
  const director = await start(context);
  director.contents.set(TABLE, table.split('\n').slice(0, 3).join('\n'));
  director.contents.set(
    '/etc/hosts',
    '203.0.113.9 client.example\n192.0.2.1 www.example\n198.51.100.1 web1\n198.51.100.2 web2\n',
  );
  const names = async (...words: string[]): Promise<string[]> =>
    (await written(director, '--resolve', ...words))
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => line.trim().split(' ')[0] ?? '');
  assert.deepEqual(await names('--by', 'client'), ['client.example']);
  assert.deepEqual(await names('--by', 'service'), ['tcp://www.example:80']);
  assert.deepEqual(await names('--by', 'server'), ['web1:80', 'web2:80']);
  assert.match(await written(director, '--resolve', '--stuck'), /^web2:80 +1 +1 +100 %/m);
  const json = JSON.parse(await written(director, '--resolve', '--stuck', '--json'));
  assert.deepEqual(
    [json.errorBound, json.servers.map(({ server }: { server: string }) => server)],
    [0, ['web2:80', 'web1:80']],
  );
});

test('--syncd shows what a sync daemon received', async (context) => {
  const director = await start(context);
  const heading = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires\n';
  const line = (origin: string, port: string): string =>
    `TCP CB007109 ${port} C0000201 0050 C6336401 0050 ESTABLISHED ${origin.padEnd(6)}     899\n`;
  director.contents.set(ORIGINS, `${heading}${line('LOCAL', '1000')}${line('SYNC', '1001')}`);
  assert.equal(await written(director, '--syncd', '--count'), '1\n');
  assert.match(await written(director, '--syncd'), /^203\.0\.113\.9:4097 /m);
});

test('--service has the templates of FTP, whose virtual port is 0, and no others of port 0', async (context) => {
  const director = await start(context);
  director.contents.set(
    TABLE,
    `${header}TCP CB007109 0000 C0000215 0000 C6336401 0000 NONE            358
TCP CB007109 8235 C0000215 0015 C6336401 0015 ESTABLISHED     899
TCP CB007109 8236 C0000215 0000 C6336401 0000 ESTABLISHED     899
UDP CB007109 0000 C0000215 0000 C6336401 0000 NONE            358
`,
  );
  assert.equal(await written(director, '--service', 'tcp://192.0.2.21:21', '--count'), '2\n');
  assert.equal(await written(director, '--service', 'tcp://192.0.2.21:21', '--templates', '--count'), '1\n');
  assert.equal(await written(director, '--service', 'tcp://192.0.2.21:80', '--count'), '0\n');
});

test('--gone spares data connections of FTP, and what passes the director by', async (context) => {
  const director = await start(context);
  await director.run(['-A', '-t', '192.0.2.21:21', '-s', 'rr']);
  await director.run(['-a', '-t', '192.0.2.21:21', '-r', '198.51.100.1', '-m']);
  director.contents.set(
    TABLE,
    `${header}TCP CB007109 8235 C0000215 C350 C6336401 C350 ESTABLISHED     899
TCP CB007109 8236 C0000201 0050 00000000 0000 ESTABLISHED     899
TCP CB007109 8237 C0000201 0051 C6336401 0051 ESTABLISHED     899
`,
  );
  assert.equal(await written(director, '--gone', '--count'), '1\n');
});

const mistakes: readonly (readonly [words: string, problem: RegExp])[] = [
  ['--client 192.0.2.0/33', /'192\.0\.2\.0\/33' is not an address or a network, such as/],
  ['--client web', /'web' is not an address or a network/],
  ['--state SYN_REVC', /--state: 'SYN_REVC' is not a state.*did you mean 'SYN_RECV'/],
  ['--state ,', /--state: '' is not a state/],
  ['--protocol tpc', /'tpc' is not one of tcp, udp, .*did you mean 'tcp'/],
  ['--expires soon', /--expires: 'soon' is not a comparison/],
  ['--expires <', /--expires: '<' is not a comparison/],
  ['--expires <1y', /--expires: '1y' is not a time/],
  ['--port 70000', /'70000' is not a port/],
  ['--server web1:80', /web1:80: a server is named by its address here/],
  ['--service web', /'web' is not a service/],
  ['--by cilent', /--by: 'cilent' is not one of client, .*did you mean 'client'/],
  ['--by server/24', /--by: 'server\/24' is not one of/],
  ['--by client --top 0', /--top: '0' is not a number from 1/],
  ['--top 3', /--top: goes with --by/],
  [
    '--resolve --by client/24',
    /--resolve: goes with --by client, service and server, whose groups have addresses/,
  ],
  ['--resolve --by state', /--resolve: goes with --by client/],
  ['--resolve --by port', /--resolve: goes with --by client/],
  ['--count --stuck', /--count: cannot be combined with --stuck/],
  ['--count --by client', /--count: cannot be combined with --by/],
  ['--templates --stuck', /--templates: cannot be combined with --stuck/],
];

for (const [words, problem] of mistakes) {
  test(`connections ${words} is one line that says what would be right`, async (context) => {
    const director = await start(context);
    const { status, out, err } = await director.run(['connections', ...words.split(' ')]);
    assert.deepEqual([status, out], [2, '']);
    assert.match(err, problem);
    assert.ok(err.startsWith('lvsadm: '));
  });
}

test('without the module it says so, and does not load it', async (context) => {
  const director = await Director.start(context);
  for (const words of [[], ['--gone'], ['--syncd'], ['--service', 'fwmark://7']]) {
    const { status, out, err } = await director.run(['connections', ...words]);
    assert.deepEqual([status, out], [2, '']);
    assert.match(err, /there is no \/proc\/net\/ip_vs_conn(_sync)?: the module ip_vs is not loaded/);
  }
});

test('a line that is none is an error with its number, after the lines before it', async (context) => {
  const director = await start(context);
  director.contents.set(TABLE, `${table}nonsense\n`);
  const { status, err } = await director.run(['connections']);
  assert.equal(status, 255);
  assert.match(err, /ip_vs_conn\/line 10\//);
});

const program = join(import.meta.dirname, '../support/connection-program.js');

/** In KiB. */
const MOST_MEMORY = (100_000_000 + YOUNG_GENERATION) / 1000;

/** Tries until garbage is collected in time: what a run takes is the least that it was seen to take. */
const TRIES = 3;

test(`1,000,000 connections take less than ${MOST_MEMORY / 1000} MB`, {
  timeout: 300_000,
}, async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'lvsadm-test-'));
  context.after(() => rm(directory, { recursive: true }));
  const path = join(directory, 'ip_vs_conn');
  const file = await open(path, 'w');
  for (const piece of formatTable(1_000_000)) await file.write(piece);
  await file.close();
  const written = join(directory, 'output');
  /** In KiB. */
  const memoryOf = async (words: readonly string[]): Promise<number> => {
    const output = await open(written, 'w');
    const { stderr } = spawnSync(process.execPath, [program, path, 'connections', ...words], {
      stdio: ['ignore', output.fd, 'pipe'],
      encoding: 'utf8',
    });
    await output.close();
    assert.ok((await stat(written)).size > 0);
    return Number(stderr);
  };
  for (const words of [
    [],
    ['--count'],
    ['--by', 'client', '--top', '10'],
    ['--client', '10.1.0.0/16', '--json'],
  ]) {
    let memory = await memoryOf(words);
    for (let tries = 1; tries < TRIES && memory >= MOST_MEMORY; tries++) memory = await memoryOf(words);
    assert.ok(memory > 0 && memory < MOST_MEMORY, `${words.join(' ')}: ${memory} KiB`);
  }
});
