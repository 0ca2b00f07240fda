/** health check against the servers that it is for: nginx, HAProxy, BIND, OpenSMTPD and ping, in health and in trouble. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { caPath } from '../../support/health/check-of.js';
import { distribution, lvsadm } from '../distribution.js';

const NGINX = '127.0.0.11';
const HAPROXY = '127.0.0.12';
/** BIND listens at addresses that interfaces have, and loopback has this one. */
const BIND = '127.0.0.1';
const SMTPD = '127.0.0.14';
const AGENT = '127.0.0.15';

const vectors = caPath.replace('/ca.pem', '');

/** Skips what needs OpenSMTPD. */
const skip = existsSync('/usr/sbin/smtpd') ? false : 'opensmtpd is not installed beside another mail server';

let directory: string;
const agents: net.Server[] = [];

/** Bun, the executable's runtime, does not tell why a connection fails. */
const unreachable =
  distribution === 'node' ? 'host is unreachable' : 'connection refused or host unreachable';

/** What agents say, and what HAProxy makes of it: the state and the weight (of 100) of its server. */
const words = [
  ['up 75%', /^UP/, 75],
  ['ready', /^UP/, 100],
  ['drain', /^DRAIN/, 100],
  ['maint', /^MAINT/, 100],
  ['down #disk full', /^DOWN/, 100],
] as const;

const run = (file: string, ...args: string[]): string => execFileSync(file, args, { encoding: 'utf8' });

const pidOf = (name: string): number => Number(readFileSync(join(directory, `${name}.pid`), 'utf8'));

/** Waits until a connection is accepted, at most a minute. */
async function listening(address: string, port: number): Promise<void> {
  for (let tries = 0; ; tries++) {
    assert.ok(tries < 600, `nothing listens at ${address}:${port}`);
    const socket = net.connect(port, address);
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await sleep(100);
  }
}

const configurations = (): Readonly<Record<string, string>> => ({
  'nginx.conf': `
pid nginx.pid;
events {}
http {
  access_log off;
  ssl_certificate_key ${vectors}/key.pem;
  server {
    listen ${NGINX}:8080;
    listen ${NGINX}:8443 ssl;
    server_name www.example.com;
    ssl_certificate ${vectors}/www.pem;
    location = /healthz { return 200 "ready"; }
    location = /json { return 200 '{"status": "UP"}'; }
    location = /old { return 302 /healthz; }
    location / { return 503; }
  }
  server {
    listen ${NGINX}:8444 ssl;
    ssl_certificate ${vectors}/expired.pem;
    return 200;
  }
}
`,
  'haproxy.cfg': `
global
  stats socket ${directory}/haproxy.sock
defaults
  mode http
  timeout connect 20s
  timeout client 20s
  timeout server 20s
listen web
  bind ${HAPROXY}:8080
  http-request return status 200 content-type text/plain string ok if { path /healthz }
${words
  .map((_, index) => {
    const agent = `agent-check agent-addr ${AGENT} agent-port ${8900 + index} agent-inter 500ms`;
    return `  server s${index} ${NGINX}:8080 weight 100 check ${agent}`;
  })
  .join('\n')}
`,
  'named.conf': `
options {
  directory "${directory}";
  pid-file "named.pid";
  session-keyfile "session.key";
  listen-on port 5300 { ${BIND}; };
  recursion no;
  dnssec-validation no;
};
controls {};
zone "lvs.example" { type primary; file "zone"; };
`,
  zone: `$TTL 60
@ IN SOA ns hostmaster 1 3600 600 86400 60
@ IN NS ns
@ IN MX 10 mx
ns IN A 192.0.2.53
www IN A 192.0.2.10
www IN AAAA 2001:db8::10
large IN TXT ${Array.from({ length: 8 }, (_, index) => `"${String(index).repeat(200)}"`).join(' ')}
`,
  'smtpd.conf': `
listen on ${SMTPD} port 2525 hostname mx.lvs.example
action drop maildir
match for local action drop
`,
});

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'health-'));
  chmodSync(directory, 0o755);
  for (const [name, text] of Object.entries(configurations())) writeFileSync(join(directory, name), text);
  for (const [index, [word]] of words.entries()) {
    // Not left open for the client to close: the faults below keep that from arriving.
    const agent = net.createServer((socket) => {
      socket.on('error', () => {}).end(`${word}\n`, () => socket.destroy());
    });
    agents.push(agent.listen(8900 + index, AGENT));
  }
  run('nginx', '-p', directory, '-c', 'nginx.conf', '-e', 'nginx.log');
  run('haproxy', '-D', '-f', join(directory, 'haproxy.cfg'), '-p', join(directory, 'haproxy.pid'));
  run('named', '-4', '-c', join(directory, 'named.conf'));
  for (const [address, port] of [
    [NGINX, 8080],
    [HAPROXY, 8080],
    [BIND, 5300],
  ] as const) {
    await listening(address, port);
  }
});

after(() => {
  for (const agent of agents) agent.close();
  for (const name of ['nginx', 'haproxy', 'named']) process.kill(pidOf(name), 'SIGKILL');
  rmSync(directory, { recursive: true });
});

interface Result {
  readonly result: string;
  readonly reason: string;
  readonly ms: number;
  readonly weight?: number;
  readonly admin?: string;
}

type Options = Readonly<Record<string, unknown>>;

/** Runs checks, each of a server of its own. @returns their results in the same order */
async function check(checks: readonly Options[]): Promise<readonly Result[]> {
  const servers = checks.map((options, index) => ({ server: `198.51.100.${index + 1}`, check: options }));
  const file = join(directory, 'document.json');
  const defaults = { check: { timeout: '30s', jitter: '0%' } };
  writeFileSync(file, JSON.stringify({ defaults, services: [{ service: 'fwmark://1', servers }] }));
  const out = await new Promise<string>((resolve, reject) => {
    execFile(lvsadm, ['health', 'check', '-f', file, '--json'], (error, stdout, stderr) => {
      if (stderr === '' && (error === null || error.code === 1)) resolve(stdout);
      else reject(new Error(`${error}${stderr}`));
    });
  });
  return JSON.parse(out).checks;
}

/** Checks with the beginnings of the results that they should have: `up status 200`. */
async function assertResults(
  expected: readonly (readonly [check: Options, result: string])[],
): Promise<void> {
  const results = await check(expected.map(([options]) => options));
  assert.deepEqual(
    results.map(({ result, reason }, index) => `${result} ${reason}`.slice(0, expected[index]?.[1].length)),
    expected.map(([, result]) => result),
  );
}

const nginx = { connectTo: NGINX, port: 8080 };
const https = { kind: 'https', connectTo: NGINX, port: 8443, path: '/healthz' };
const verified = { name: 'www.example.com', verify: true, ca: caPath };
const dns = { kind: 'dns', connectTo: BIND, port: 5300 };
const smtp = { kind: 'smtp', connectTo: SMTPD, port: 2525 };

test('nginx, HAProxy, BIND and ping answer as expected, or not', async () => {
  await assertResults([
    [{ ...nginx, kind: 'tcp' }, 'up connected'],
    [{ ...nginx, kind: 'http' }, 'down status 503'],
    [{ ...nginx, kind: 'http', path: '/healthz', host: 'www.example.com', text: 'ready' }, 'up status 200'],
    [{ ...nginx, kind: 'http', path: '/json', json: { pointer: '/status', value: 'UP' } }, 'up status 200'],
    [{ ...nginx, kind: 'http', path: '/old' }, 'down status 302'],
    [{ ...https, tls: verified }, 'up status 200'],
    [{ ...https, port: 8444, tls: verified }, 'down the certificate has ended'],
    [{ ...https, port: 8080 }, 'down the server does not speak TLS'],
    [{ kind: 'tls', connectTo: NGINX, port: 8443, tls: { ...verified, days: 3000 } }, 'up TLSv1.'],
    [
      { kind: 'tls', connectTo: NGINX, port: 8443, tls: { ...verified, name: 'b.example' } },
      'down the certificate is for',
    ],
    [{ kind: 'http', connectTo: HAPROXY, port: 8080, path: '/healthz', text: 'ok' }, 'up status 200'],
    [
      { ...dns, name: 'lvs.example' },
      "up NOERROR, 'ns.lvs.example hostmaster.lvs.example 1 3600 600 86400 60'",
    ],
    [{ ...dns, name: 'www.lvs.example', type: 'AAAA', answer: '2001:DB8::10' }, "up NOERROR, '2001:db8::10'"],
    [
      { ...dns, name: 'lvs.example', type: 'MX', answer: '10 mx.lvs.example' },
      "up NOERROR, '10 mx.lvs.example'",
    ],
    [{ ...dns, name: 'large.lvs.example', type: 'TXT' }, "up NOERROR, '00000"],
    [{ ...dns, name: 'no.lvs.example' }, 'down NXDOMAIN'],
    [{ ...dns, name: 'www.example.com' }, 'down REFUSED'],
    [{ kind: 'smtp', ...nginx, timeout: '2s' }, 'down no banner within 2s'],
    [{ kind: 'icmp', connectTo: BIND }, 'up answered'],
    [{ kind: 'command', command: ['/bin/sh', '-c', 'echo 40'] }, 'up exit status 0, weight 40%'],
  ]);
});

test('HAProxy understands agents as the check of kind agent does', async () => {
  const results = await check(
    words.map((_, index) => ({ kind: 'agent', connectTo: AGENT, port: 8900 + index })),
  );
  assert.deepEqual(
    results.map(({ result, weight, admin }) => [result, weight, admin]),
    [
      ['up', 75, undefined],
      ['up', undefined, 'ready'],
      ['up', undefined, 'drain'],
      ['up', undefined, 'maint'],
      ['down', undefined, undefined],
    ],
  );
  for (const [index, [word, status, weight]] of words.entries()) {
    for (let tries = 0; ; tries++) {
      const row = haproxyRow(`s${index}`);
      if (status.test(row.status) && row.weight === weight) break;
      assert.ok(tries < 100, `${word}: ${JSON.stringify(row)}`);
      await sleep(200);
    }
  }
});

/** State and weight of a server in HAProxy's statistics. */
function haproxyRow(server: string): { readonly status: string; readonly weight: number } {
  const lines = run('sh', '-c', `echo 'show stat' | socat - UNIX-CONNECT:${directory}/haproxy.sock`).split(
    '\n',
  );
  const [header = '', row = ''] = [lines[0], lines.find((line) => line.startsWith(`web,${server},`))];
  const cell = (name: string): string =>
    row.split(',')[header.replace('# ', '').split(',').indexOf(name)] ?? '';
  return { status: cell('status'), weight: Number(cell('uweight')) };
}

test('OpenSMTPD greets, and is gone', { skip }, async () => {
  run('smtpd', '-f', join(directory, 'smtpd.conf'));
  await listening(SMTPD, 2525);
  await assertResults([[smtp, "up '220 mx.lvs.example ESMTP OpenSMTPD'"]]);
  run('pkill', '-KILL', '-x', 'smtpd');
  await assertResults([[smtp, 'down connection refused']]);
});

test('servers that are stopped, filtered, rejected or gone are down within the time limit', async () => {
  const limit = { timeout: '2s' };
  // The workers of nginx, too: they answer.
  run('pkill', '-STOP', '-x', 'nginx|named');
  run(
    'nft',
    `add table ip faults; add chain ip faults in { type filter hook input priority 0; };
    add rule ip faults in ip daddr ${HAPROXY} tcp dport 8080 drop;
    add rule ip faults in ip daddr ${HAPROXY} tcp dport 8081 reject with icmp type host-unreachable;
    add rule ip faults in ip daddr ${AGENT} tcp dport 8900 reject with tcp reset;
    add rule ip faults in ip daddr ${SMTPD} icmp type echo-request drop`,
  );
  await assertResults([
    [{ ...nginx, ...limit, kind: 'http' }, 'down no answer within 2s'],
    [{ ...https, ...limit }, 'down no TLS handshake within 2s'],
    [{ ...dns, ...limit, name: 'lvs.example' }, 'down no answer within 2s'],
    [{ ...limit, kind: 'tcp', connectTo: HAPROXY, port: 8080 }, 'down no connection within 2s'],
    [{ kind: 'tcp', connectTo: HAPROXY, port: 8081 }, `down ${unreachable}`],
    [{ kind: 'agent', connectTo: AGENT, port: 8900 }, 'down connection refused'],
    [{ kind: 'udp', connectTo: SMTPD, port: 53, send: 'x' }, 'down connection refused'],
    [{ ...limit, kind: 'icmp', connectTo: SMTPD }, 'down no answer'],
  ]);
  run('pkill', '-CONT', '-x', 'nginx|named');
  await assertResults([
    [{ ...nginx, kind: 'http', path: '/healthz' }, 'up status 200'],
    [{ ...dns, name: 'lvs.example' }, 'up NOERROR'],
  ]);
});
