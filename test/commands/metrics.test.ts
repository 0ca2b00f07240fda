// lvsadm metrics: once, into a file, and over HTTP; what Prometheus's own linter says of it is test/lab/metrics.test.ts.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { chmod, chown, stat, symlink, utimes } from 'node:fs/promises';
import { Agent, createServer, get, type IncomingHttpHeaders } from 'node:http';
import { type AddressInfo, connect, createServer as createSocketServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TransportError } from '../../src/errors.js';
import type { OpenSocket } from '../../src/netlink/transport/socket.js';
import { Director, type Result } from '../support/director.js';
import { sampleDocument } from '../support/metrics.js';

const web = { protocol: 'tcp', address: '192.0.2.1', port: 80 } as const;
const first = { address: '198.51.100.1', port: 80 };

async function started(t: TestContext, openSocket?: OpenSocket): Promise<Director> {
  const director = await Director.start(t, openSocket);
  const { status, err } = await director.run(['apply', '-f', '-'], { stdin: sampleDocument });
  assert.equal(status, 0, err);
  return director;
}

const seriesOf = (text: string): string[] => text.split('\n').filter((line) => line && !line.startsWith('#'));

test('services and servers have their counters, connections and settings, spelt as in documents', async (t) => {
  const director = await started(t);
  director.ipvs.count(web, { connections: 5n, inPackets: 2n ** 53n + 1n, outBytes: 7n });
  director.ipvs.count(web, { connections: 3n, outBytes: 2n ** 64n - 1n }, first);
  director.ipvs.connect(web, first, {
    activeConnections: 9,
    inactiveConnections: 2,
    persistentConnections: 1,
  });
  const { status, out } = await director.run(['metrics']);
  assert.equal(status, 0);
  const series = new Set(seriesOf(out));
  const service = '{service="tcp://192.0.2.1:80"}';
  const server = '{service="tcp://192.0.2.1:80",server="198.51.100.1:80"}';
  const wanted = [
    'lvs_up 1',
    `lvs_service_connections_total${service} 5`,
    `lvs_service_incoming_packets_total${service} 9007199254740993`,
    `lvs_service_outgoing_bytes_total${service} 7`,
    `lvs_server_connections_total${server} 3`,
    `lvs_server_outgoing_bytes_total${server} 18446744073709551615`,
    `lvs_server_active_connections${server} 9`,
    `lvs_server_inactive_connections${server} 2`,
    `lvs_server_persistent_connections${server} 1`,
    `lvs_server_weight${server} 5`,
    `lvs_server_upper_threshold${server} 9`,
    `lvs_server_lower_threshold${server} 0`,
    `lvs_server_overloaded${server} 1`,
    'lvs_server_overloaded{service="sctp://192.0.2.1:5060",server="198.51.100.9:5060"} 0',
    'lvs_server_weight{service="fwmark://7/inet6",server="[2001:db8::7]:0"} 1',
    'lvs_service_info{service="tcp://192.0.2.1:80",protocol="tcp",address="192.0.2.1",port="80",family="inet",scheduler="mh",' +
      'scheduler_flags="mh-port",persistence_timeout="300",persistence_netmask="255.255.255.0"} 1',
    'lvs_service_info{service="fwmark://7/inet6",fwmark="7",family="inet6",scheduler="wlc"} 1',
    'lvs_server_info{service="tcp://192.0.2.1:80",server="198.51.100.2:80",address="198.51.100.2",port="80",method="tun",' +
      'tunnel_type="gue",tunnel_port="6080",tunnel_checksum="nocsum"} 1',
    'lvs_timeout_seconds{timeout="tcp_fin"} 120',
    'lvs_connection_table_buckets 4096',
    'lvs_scrape_failures_total 0',
  ];
  assert.deepEqual(
    wanted.filter((line) => !series.has(line)),
    [],
    out,
  );
  assert.match(out, /^lvs_sync_daemon_info\{state="master",interface="eth0",sync_id="3",.*\} 1$/m);
});

test('entries of the connection table are those that the kernel counts, where it tells', async (t) => {
  const director = await started(t);
  const entries = async () =>
    /^lvs_connection_table_entries (.*)$/m.exec((await director.run(['metrics'])).out);
  assert.equal(await entries(), null);
  director.contents.set('/proc/net/ip_vs_status', 'Conns:\t42\nConn buckets:\t4096 (12 bits, lfactor -5)\n');
  assert.equal((await entries())?.[1], '42');
});

test('series are unique, although a dump of a table that changes may repeat entries', async (t) => {
  const director = await started(t);
  director.ipvs.order = (rows) => [...rows, ...rows];
  const names = seriesOf((await director.run(['metrics'])).out).map((line) => line.replace(/ \S+$/, ''));
  assert.equal(new Set(names).size, names.length);
  assert.ok(names.length > 50, `${names.length} series`);
});

test('where the module is not loaded lvs_up is 0, and it stays so', async (t) => {
  const director = await Director.start(t);
  director.ipvs.present = false;
  const { status, out } = await director.run(['metrics', '--format', 'openmetrics']);
  assert.equal(status, 0);
  assert.deepEqual(
    seriesOf(out).map((line) => line.replace(/[{ ].*/, '')),
    ['lvs_up', 'lvs_scrape_duration_seconds', 'lvs_scrape_failures_total', 'lvsadm_build_info'],
  );
  assert.match(out, /^lvs_up 0$/m);
  assert.ok(out.endsWith('\n# EOF\n'));
});

test('without the permission to ask there are no numbers', async (t) => {
  const director = await started(t);
  director.ipvs.permitted = false;
  const { status, out, err } = await director.run(['metrics']);
  assert.deepEqual([status, out], [2, '']);
  assert.match(err, /you must be root/);
});

test('--write replaces the file as a whole, and leaves it where the kernel does not answer', async (t) => {
  const director = await started(t);
  const file = join(director.directory, 'lvs.prom');
  assert.deepEqual(await director.run(['metrics', '--write', file]), { status: 0, out: '', err: '' });
  const text = readFileSync(file, 'utf8');
  assert.match(text, /^lvs_up 1$/m);
  director.ipvs.permitted = false;
  assert.equal((await director.run(['metrics', '--write', file])).status, 2);
  assert.equal(readFileSync(file, 'utf8'), text);
  assert.deepEqual(
    readdirSync(director.directory).filter((name) => name.startsWith('lvs.prom')),
    ['lvs.prom'],
  );
});

test('--write keeps the owner and the mode of the file, and removes what killed processes left', async (t) => {
  const director = await started(t);
  const file = await director.file('lvs.prom', '');
  await chmod(file, 0o640);
  if (process.getuid?.() === 0) await chown(file, 12, 34);
  const before = await stat(file);
  for (const name of ['lvs.prom.lvsadm-7', 'lvs.prom.lvsadm-8', 'lvs.prom.lvsadm-old'])
    await director.file(name, '');
  for (const name of ['lvs.prom.lvsadm-7', 'lvs.prom.lvsadm-old'])
    await utimes(join(director.directory, name), 0, 0);
  assert.equal((await director.run(['metrics', '--write', file])).status, 0);
  const { uid, gid, mode } = await stat(file);
  assert.deepEqual([uid, gid, mode], [before.uid, before.gid, before.mode]);
  assert.deepEqual(
    readdirSync(director.directory)
      .filter((name) => name.startsWith('lvs.prom'))
      .sort(),
    ['lvs.prom', 'lvs.prom.lvsadm-8', 'lvs.prom.lvsadm-old'],
  );
});

test('--write replaces regular files only', async (t) => {
  const director = await started(t);
  const link = join(director.directory, 'link.prom');
  await symlink('/dev/null', link);
  for (const path of ['/dev/null', link, director.directory]) {
    const { status, err } = await director.run(['metrics', '--write', path]);
    assert.deepEqual([status, err], [255, `lvsadm: cannot write ${path}: it is not a regular file\n`]);
  }
  const { err } = await director.run(['metrics', '--write', join(director.directory, 'none/lvs.prom')]);
  assert.match(err, /^lvsadm: cannot write .*none\/lvs\.prom: no such file or directory\n$/);
});

test('wrong addresses are told with what would be right', async (t) => {
  const director = await Director.start(t);
  const problems: readonly (readonly [string, RegExp])[] = [
    ['localhost:9700', /'localhost' is not/],
    ['192.0.2.1', /--listen: '192\.0\.2\.1' is not an address and a port such as 127\.0\.0\.1:9700/],
    ['::1:9700', /--listen: '::1:9700' is not an address and a port/],
    ['70000', /is not a port from 1 to 65535/],
    ['unix:', /--listen: 'unix:' is not an address/],
    [`unix:/${'x'.repeat(107)}`, /--listen: a path of more than 107 bytes/],
  ];
  for (const [word, problem] of problems) {
    const { status, err } = await director.run(['metrics', '--listen', word]);
    assert.equal(status, 2, word);
    assert.match(err, problem);
  }
  const { status, err } = await director.run(['metrics', '--listen', '9700', '--write', 'x.prom']);
  assert.equal(status, 2);
  assert.match(err, /--write: cannot be combined with --listen/);
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** `lvsadm metrics --listen` on a Unix socket, which is ready when this returns. */
class Endpoint {
  private constructor(
    readonly path: string,
    private readonly director: Director,
    private readonly result: Promise<Result>,
  ) {}

  static async start(director: Director): Promise<Endpoint> {
    const path = join(director.directory, 'metrics.sock');
    const result = director.run(['metrics', '--listen', `unix:${path}`]);
    for (let tries = 0; tries < 500 && !existsSync(path); tries++) await sleep(10);
    return new Endpoint(path, director, result);
  }

  ask(
    path: string,
    { accept = '', method = 'GET', agent }: { accept?: string; method?: string; agent?: Agent } = {},
  ) {
    return new Promise<Answer>((resolve, reject) => {
      const options = { socketPath: this.path, path, method, headers: { accept }, agent };
      get(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (more: string) => {
          text += more;
        });
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
        response.on('error', reject);
      }).on('error', reject);
    });
  }

  stop(): Promise<Result> {
    this.director.stop.abort('SIGTERM');
    return this.result;
  }
}

test('--listen serves the format that the request accepts, until it is asked to stop', async (t) => {
  const director = await started(t);
  const endpoint = await Endpoint.start(director);
  const plain = await endpoint.ask('/metrics?x=1');
  assert.equal(plain.status, 200);
  assert.equal(plain.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.match(plain.text, /^lvs_up 1$/m);
  const open = await endpoint.ask('/metrics', {
    accept: 'application/openmetrics-text;version=1.0.0,*/*;q=0.1',
  });
  assert.equal(open.headers['content-type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8');
  assert.ok(open.text.endsWith('# EOF\n'));
  assert.deepEqual((await endpoint.ask('/healthz')).text, 'ok\n');
  assert.equal((await endpoint.ask('/')).status, 404);
  const head = await endpoint.ask('/metrics', { method: 'HEAD' });
  assert.deepEqual([head.status, head.text], [200, '']);
  const post = await endpoint.ask('/metrics', { method: 'POST' });
  assert.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD']);
  const { status, err } = await endpoint.stop();
  assert.deepEqual([status, err], [0, `lvsadm: serving unix:${endpoint.path}\n`]);
  assert.ok(!existsSync(endpoint.path));
});

test('a scrape that the kernel refuses is a failed scrape, and is counted', async (t) => {
  const director = await started(t);
  const endpoint = await Endpoint.start(director);
  director.ipvs.permitted = false;
  const refused = await endpoint.ask('/metrics');
  assert.equal(refused.status, 503);
  assert.doesNotMatch(refused.text, /lvs_/);
  director.ipvs.permitted = true;
  assert.match((await endpoint.ask('/metrics')).text, /^lvs_scrape_failures_total 1$/m);
  assert.match((await endpoint.stop()).err, /^lvsadm: scrape failed: getServices needs CAP_NET_ADMIN/m);
});

test('a module that comes and goes is seen, and a lost socket is opened anew with a line', async (t) => {
  let lose = false;
  let opened = 0;
  const director = await started(t);
  const { open } = director.ipvs;
  const losing = await Director.start(t, async (protocol) => {
    const socket = await open(protocol);
    opened++;
    return {
      port: socket.port,
      receiveBuffer: socket.receiveBuffer,
      largestSend: socket.largestSend,
      send: (bytes) => socket.send(bytes),
      receive(timeout) {
        if (!lose) return socket.receive(timeout);
        lose = false;
        throw new TransportError('overrun', 'receive', 'the kernel dropped answers');
      },
      close: () => socket.close(),
    };
  });
  const endpoint = await Endpoint.start(losing);
  assert.match((await endpoint.ask('/metrics')).text, /^lvs_up 1$/m);
  const before = opened;
  lose = true;
  assert.match((await endpoint.ask('/metrics')).text, /^lvs_up 1$/m);
  assert.equal(opened, before + 1);
  director.ipvs.present = false;
  assert.match((await endpoint.ask('/metrics')).text, /^lvs_up 0$/m);
  director.ipvs.present = true;
  assert.match((await endpoint.ask('/metrics')).text, /^lvs_up 1$/m);
  assert.match(
    (await endpoint.stop()).err,
    /^lvsadm: netlink receive: the kernel dropped answers: the socket is opened anew$/m,
  );
});

test('100 scrapes at once are all answered, by few readings, and one that fails is one line', async (t) => {
  const { ipvs } = await started(t);
  const director = await Director.start(t, async (protocol) => {
    const socket = await ipvs.open(protocol);
    const slow = Object.create(socket) as typeof socket;
    slow.receive = async (timeout) => {
      await sleep(5);
      return socket.receive(timeout);
    };
    return slow;
  });
  const endpoint = await Endpoint.start(director);
  let dumps = 0;
  ipvs.order = (rows) => {
    dumps++;
    return rows;
  };
  await endpoint.ask('/metrics');
  const each = dumps;
  const agent = new Agent({ maxSockets: 100 });
  const answers = await Promise.all(Array.from({ length: 100 }, () => endpoint.ask('/metrics', { agent })));
  assert.ok(answers.every(({ status, text }) => status === 200 && text.includes('\nlvs_up 1\n')));
  assert.ok(dumps < 20 * each, `${dumps / each} readings`);
  ipvs.permitted = false;
  const failed = await Promise.all(Array.from({ length: 100 }, () => endpoint.ask('/metrics', { agent })));
  assert.ok(failed.every(({ status }) => status === 503));
  const lines = (await endpoint.stop()).err.match(/^lvsadm: scrape failed: getServices needs/gm) ?? [];
  assert.ok(lines.length > 0 && lines.length < 20, `${lines.length} lines`);
});

test('a client that asks and reads nothing does not hold up others, nor the end', async (t) => {
  const director = await started(t);
  const endpoint = await Endpoint.start(director);
  const lazy = connect({ path: endpoint.path });
  lazy.on('error', () => {});
  lazy.pause().write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(50));
  assert.equal((await endpoint.ask('/metrics')).status, 200);
  assert.equal((await endpoint.stop()).status, 0);
  lazy.destroy();
});

test('an address or a socket in use is one line', async (t) => {
  const director = await started(t);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  const { port } = taken.address() as AddressInfo;
  const tcp = await director.run(['metrics', '--listen', String(port)]);
  assert.deepEqual(
    [tcp.status, tcp.err],
    [255, `lvsadm: cannot listen on 127.0.0.1:${port}: address already in use\n`],
  );
  taken.close();
  const path = join(director.directory, 'taken.sock');
  const socket = createSocketServer();
  await new Promise<void>((resolve) => socket.listen(path, resolve));
  const unix = await director.run(['metrics', '--listen', `unix:${path}`]);
  assert.equal(unix.err, `lvsadm: cannot listen on unix:${path}: address already in use\n`);
  socket.close();
  const file = await director.file('plain.sock', '');
  const plain = await director.run(['metrics', '--listen', `unix:${file}`]);
  assert.equal(plain.err, `lvsadm: cannot listen on unix:${file}: the file is not a socket\n`);
  assert.ok(existsSync(file));
});
