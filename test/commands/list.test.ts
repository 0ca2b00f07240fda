// list: the table to look at, and as JSON.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { load } from 'js-yaml';
import type { ServiceId } from '../../src/model/service.js';
import { Director } from '../support/director.js';

const web: ServiceId = { protocol: 'tcp', address: '192.0.2.1', port: 80 };
const server = { address: '198.51.100.1', port: 80 };

async function start(context: TestContext): Promise<Director> {
  const director = await Director.start(context);
  await director.run(['apply', '-f', '-'], {
    stdin: `
services:
  - {service: fwmark://7/inet6, scheduler: sh, schedulerFlags: [sh-port], persistence: {timeout: 50, engine: sip}, onePacket: true}
  - service: tcp://192.0.2.1:80
    servers:
      - {server: 198.51.100.2:80, method: tun, weight: 0, tunnel: {type: gue, port: 6080}}
      - {server: 198.51.100.1:80, method: nat, weight: 5, upperThreshold: 9}
`,
  });
  director.ipvs.count(web, { connections: 3n, inBytes: 18446744073709551615n });
  director.ipvs.count(web, { connections: 2n, outByteRate: 7n }, server);
  director.ipvs.connect(web, server, {
    activeConnections: 1,
    inactiveConnections: 20,
    persistentConnections: 300,
  });
  return director;
}

const lines = (...text: string[]): string => text.map((line) => `${line}\n`).join('');

/** What `list` writes on a terminal of this width, without colours. */
async function shown(director: Director, columns: number, ...words: string[]): Promise<string> {
  const { out, status } = await director.run(['list', ...words], {
    terminal: true,
    columns,
    env: { NO_COLOR: '1' },
  });
  assert.equal(status, 0);
  return out;
}

test('services and servers in their order, with connections; sums stand with services', async (context) => {
  const director = await start(context);
  const { status, out } = await director.run(['list']);
  assert.equal(status, 0);
  assert.equal(
    out,
    lines(
      'SERVICE/SERVER      SCHED/METHOD  WEIGHT  ACTIVE  INACTIVE  PERSISTENT  UPPER',
      'tcp://192.0.2.1:80  wlc                5       1        20         300      -',
      '  198.51.100.1:80   nat                5       1        20         300      9',
      '  198.51.100.2:80   tun gue            0       0         0           0      -',
      'fwmark://7/inet6    sh                 0       0         0           0      -',
      '    sh-port, persistent 50 s by sip, one-packet, no servers',
    ),
  );
});

test('IPv4 fits 80 columns', async (context) => {
  const director = await Director.start(context);
  await director.run(['apply', '-f', '-'], {
    stdin: `services: [{service: "sctp://192.168.100.100:65535", scheduler: mh, schedulerFlags: [mh-port, mh-fallback],
      persistence: {timeout: 300, netmask: 24}, servers: [{server: 192.168.200.200, weight: 65535, upperThreshold: 100000, lowerThreshold: 75000}]}]`,
  });
  assert.equal(
    await shown(director, 80),
    lines(
      'SERVICE/SERVER                SCHED/METHOD  WEIGHT  ACTIVE  INACTIVE   UPPER',
      'sctp://192.168.100.100:65535  mh             65535       0         0  100000',
      '    mh-fallback, mh-port, persistent 300 s, netmask 255.255.255.0',
      '  192.168.200.200:65535       dr             65535       0         0  100000',
    ),
  );
  assert.equal(
    await shown(director, 120),
    lines(
      'SERVICE/SERVER                SCHED/METHOD  WEIGHT  ACTIVE  INACTIVE  PERSISTENT   UPPER  LOWER',
      'sctp://192.168.100.100:65535  mh             65535       0         0           0  100000  75000',
      '    mh-fallback, mh-port, persistent 300 s, netmask 255.255.255.0',
      '  192.168.200.200:65535       dr             65535       0         0           0  100000  75000',
    ),
  );
});

test('at 60 columns the least important columns are gone, and long IPv6 addresses have a line of their own', async (context) => {
  const director = await Director.start(context);
  await director.run(['apply', '-f', '-'], {
    stdin: `
services:
  - {service: "tcp://[2001:db8::1]:443", servers: ["[2001:db8::2]"]}
  - {service: "tcp://[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:65535", servers: ["[2001:db8:aaaa:bbbb:cccc:dddd:eeee:fff0]"]}
  - {service: "fwmark://4294967295", servers: ["192.0.2.1"]}
`,
  });
  assert.equal(
    await shown(director, 60),
    lines(
      'SERVICE/SERVER                  SCHED/METHOD  WEIGHT  ACTIVE',
      'tcp://[2001:db8::1]:443         wlc                1       0',
      '  [2001:db8::2]:443             dr                 1       0',
      'tcp://[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:65535',
      '                                wlc                1       0',
      '  [2001:db8:aaaa:bbbb:cccc:dddd:eeee:fff0]:65535',
      '                                dr                 1       0',
      'fwmark://4294967295             wlc                1       0',
      '  192.0.2.1:0                   dr                 1       0',
    ),
  );
  assert.equal(
    (await shown(director, 80)).split('\n')[0],
    'SERVICE/SERVER                SCHED/METHOD  WEIGHT  ACTIVE  INACTIVE  PERSISTENT',
  );
  const wide = await shown(director, 60, '-o', 'wide');
  assert.match(wide, /^SERVICE\/SERVER .* UPPER {2}LOWER {2}DETAILS$/m);
  assert.equal(wide.split('\n').length, 8);
});

test('no line is longer than the terminal, whatever the table', async (context) => {
  const director = await Director.start(context);
  const services = Array.from({ length: 40 }, (_, service) => ({
    service: service % 2 ? `tcp://192.0.2.${service}:80` : `udp://[2001:db8:0:${service}::1:2:3]:53`,
    servers: Array.from({ length: 25 }, (_, server) =>
      service % 2 ? `198.51.100.${server}` : `[2001:db8:1:${server}::ffff:1]`,
    ),
  }));
  await director.run(['apply', '-f', '-'], { stdin: JSON.stringify({ services }) });
  for (const columns of [60, 80, 120]) {
    for (const view of [[], ['--stats'], ['--rate'], ['--stats', '-h']]) {
      const text = (await shown(director, columns, ...view)).trimEnd().split('\n');
      assert.ok(text.length >= 1041, `${text.length} lines`);
      assert.deepEqual(
        text.filter((line) => line.length > columns),
        [],
      );
    }
  }
});

test('an empty table has its headings, and a service without servers says so', async (context) => {
  const director = await Director.start(context);
  const headings = 'SERVICE/SERVER  SCHED/METHOD  WEIGHT  ACTIVE  INACTIVE  PERSISTENT';
  assert.equal(await shown(director, 80), lines(headings));
  assert.equal((await director.run(['list', '-o', 'name'])).out, '');
});

test('counters, and rates', async (context) => {
  const director = await start(context);
  const counters = await director.run(['list', 'tcp://192.0.2.1:80', '--stats']);
  assert.match(counters.out, /^tcp:\/\/192\.0\.2\.1:80 +wlc +3 +0 +0 +18446744073709551615 +0$/m);
  assert.ok(!counters.out.includes('fwmark'));
  const rates = await director.run(['list', '--rate']);
  assert.match(rates.out, /^ {2}198\.51\.100\.1:80 +nat +0 +0 +0 +0 +7$/m);
  assert.equal((await director.run(['list', '--rate', '--stats'])).status, 2);
});

test('-h is --human, and --help stays', async (context) => {
  const director = await start(context);
  for (const word of ['-h', '--human']) {
    const { out } = await director.run(['list', 'tcp://192.0.2.1:80', '--stats', word]);
    assert.match(out, /^tcp:\/\/192\.0\.2\.1:80 +wlc +3 +0 +0 +18E +0$/m);
  }
  await director.run(['weight', 'tcp://192.0.2.1:80', '198.51.100.1', '65535']);
  assert.match((await director.run(['list', '-h'])).out, /^ {2}198\.51\.100\.1:80 +nat +65535 /m);
  assert.match((await director.run(['list', '--help'])).out, /^Usage: lvsadm list/);
  assert.match((await director.run(['diff', '-h'])).out, /^Usage: lvsadm diff/);
});

test('rows that need attention are coloured on a terminal alone', async (context) => {
  const director = await start(context);
  const [red, yellow] = ['\u001b[31m', '\u001b[33m'];
  director.ipvs.connect(web, server, {
    activeConnections: 4,
    inactiveConnections: 5,
    persistentConnections: 0,
  });
  const { out } = await director.run(['list'], { terminal: true });
  const row = (start: string) => out.split('\n').find((line) => line.includes(start)) ?? '';
  assert.ok(row('198.51.100.2').includes(`${yellow}0`), out);
  assert.ok(row('198.51.100.1').includes(`${red}\u001b[1m4`), out);
  assert.ok(row('fwmark').startsWith(red), out);
  assert.ok(!row('tcp:').includes(red), out);
  for (const circumstances of [{}, { terminal: true, env: { NO_COLOR: '1' } }]) {
    assert.ok(!(await director.run(['list'], circumstances)).out.includes('\u001b'));
  }
});

test('a listing is sorted by a column, the largest first, and filtered', async (context) => {
  const director = await start(context);
  await director.run(['apply', '-f', '-'], {
    stdin:
      'services: [{service: "udp://192.0.2.9:53", servers: [{server: 198.51.100.7, weight: 3}, {server: 198.51.100.8, weight: 9}]}]',
  });
  const subjects = async (...words: string[]) =>
    (await director.run(['list', ...words])).out
      .split('\n')
      .slice(1)
      .flatMap((line) => /^ {0,2}(\S+)/.exec(line)?.[1] ?? []);
  assert.deepEqual(await subjects('--sort', 'weight'), [
    'udp://192.0.2.9:53',
    '198.51.100.8:53',
    '198.51.100.7:53',
    'tcp://192.0.2.1:80',
    '198.51.100.1:80',
    '198.51.100.2:80',
    'fwmark://7/inet6',
  ]);
  assert.deepEqual((await subjects('--sort', 'inbytes'))[0], 'tcp://192.0.2.1:80');
  for (const [conditions, expected] of [
    [['weight=0'], ['tcp://192.0.2.1:80', '198.51.100.2:80']],
    [['servers=0'], ['fwmark://7/inet6']],
    [
      ['protocol!=tcp', 'servers>0'],
      ['udp://192.0.2.9:53', '198.51.100.7:53', '198.51.100.8:53'],
    ],
    [
      ['address=192.0.2.9*', 'weight>=9'],
      ['udp://192.0.2.9:53', '198.51.100.8:53'],
    ],
    [['method=nat'], ['tcp://192.0.2.1:80', '198.51.100.1:80']],
    [['active>1'], []],
    [
      ['method=na*', 'protocol=TCP'],
      ['tcp://192.0.2.1:80', '198.51.100.1:80'],
    ],
    [['port!=80', 'servers=0'], ['fwmark://7/inet6']],
  ] as const) {
    const words = conditions.flatMap((condition) => ['--filter', condition]);
    assert.deepEqual(await subjects(...words), expected, conditions.join());
  }
  for (const [condition, told] of [
    ['weight', /--filter: 'weight' is not FIELD=VALUE, such as weight=0/],
    ['toString=1', /--filter: 'toString=1' is not FIELD=VALUE/],
    ['colour=red', /has none of the fields protocol, address/],
    ['method>nat', /--filter: 'method>nat' compares with >, which takes a number/],
    [
      'scheduler>5',
      /--filter: 'scheduler>5' compares with >, which takes a number; scheduler takes = and !=/,
    ],
    ['address<=192.0.2.1', /compares with <=, which takes a number; address takes = and !=/],
    ['weight=abc', /--filter: 'weight=abc' compares weight, which takes a whole number/],
    ['weight=1*', /compares weight, which takes a whole number/],
    ['port!=-1', /compares port, which takes a whole number/],
    ['inbytes>1M', /compares inbytes, which takes a whole number/],
    ['servers= 0', /compares servers, which takes a whole number/],
    ['weight==0', /--filter: 'weight==0' has the operator ==, which is none of != <= >= = < >/],
    ['scheduler==wlc', /has the operator ==/],
    ['weight=<5', /has the operator =</],
    ['weight=', /is not FIELD=VALUE/],
    ['protocol=tpc', /compares protocol, which is one of tcp, udp, sctp, fwmark/],
    ['method=masq', /compares method, which is one of dr, nat, tun, local, bypass/],
  ] as const) {
    const { status, err } = await director.run(['list', '--filter', condition]);
    assert.equal(status, 2);
    assert.match(err, told);
  }
});

test('-o name, yaml and json are for scripts', async (context) => {
  const director = await start(context);
  assert.equal((await director.run(['list', '-o', 'name'])).out, 'tcp://192.0.2.1:80\nfwmark://7/inet6\n');
  const json = (await director.run(['list', '-o', 'json'])).out;
  assert.equal(json, (await director.run(['list', '--json'])).out);
  const { out } = await director.run(['list', '--output=yaml']);
  assert.match(out, /^ {6}inBytes: 18446744073709551615$/m);
  assert.deepEqual(load(out), JSON.parse(json));
  assert.equal((await director.run(['list', '--json', '-o', 'wide'])).status, 2);
  assert.equal((await director.run(['list', '-o', 'table'])).status, 2);
});

test('JSON has everything, in the words of documents, and exact counters', async (context) => {
  const director = await start(context);
  const { out } = await director.run(['list', '--json']);
  assert.ok(out.includes('"inBytes": 18446744073709551615,'), out);
  const { services } = JSON.parse(out);
  assert.deepEqual(
    services.map(({ service }: { service: string }) => service),
    ['tcp://192.0.2.1:80', 'fwmark://7/inet6'],
  );
  const [{ servers }, mark] = services;
  const { stats, ...first } = servers[0];
  assert.deepEqual(first, {
    server: '198.51.100.1:80',
    method: 'nat',
    weight: 5,
    upperThreshold: 9,
    activeConnections: 1,
    inactiveConnections: 20,
    persistentConnections: 300,
  });
  assert.equal(stats.connections, 2);
  assert.deepEqual(servers[1].tunnel, { type: 'gue', port: 6080, checksum: 'nocsum' });
  assert.deepEqual(mark.schedulerFlags, ['sh-port']);
});

test('a service that is not there', async (context) => {
  const director = await start(context);
  for (const words of [[], ['--json'], ['-o', 'name']]) {
    const { status, err } = await director.run(['list', 'tcp://192.0.2.1:81', ...words]);
    assert.equal(status, 2);
    assert.match(err, /^lvsadm: tcp:\/\/192\.0\.2\.1:81: no such service$/m);
  }
});

test('list, export and diff do not load the kernel module: without it they say so', async (context) => {
  const director = await Director.start(context);
  director.ipvs.present = false;
  const file = await director.file('web.yaml', 'services: []\n');
  for (const words of [['list'], ['list', 'tcp://192.0.2.1:80'], ['export'], ['diff', '-f', file]]) {
    const { status, out, err } = await director.run(words);
    assert.deepEqual([status, out], [2, ''], words[0]);
    assert.match(err, /^Can't initialize ipvs: the kernel has no IPVS: its module is not loaded\n/);
  }
});
