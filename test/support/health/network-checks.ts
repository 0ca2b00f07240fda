/** Checks that speak to servers, each against a real one on loopback: on Node, and on Bun. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCheck } from '../../../src/health/run-check.js';
import { caPath, checkOf, refused, resultOf } from './check-of.js';
import * as dns from './dns-answers.js';
import {
  answerOnce,
  closedPort,
  resetting,
  sayOnce,
  serveGrpc,
  serveHttp,
  serveHttps,
  serveTcp,
  serveTls,
  serveUdp,
  silent,
} from './servers.js';

const name = 'www.example.com';
const verified = { name, verify: true, ca: caPath, days: 0 };
const short = { timeout: 400 };

/** What a check of each kind says of a server that is not there, or does not answer. */
export function testNetworkChecks(): void {
  for (const kind of ['tcp', 'tls', 'http', 'https', 'smtp', 'grpc', 'agent'] as const) {
    test(`${kind}: a port where nobody listens`, async () => {
      assert.equal((await resultOf(kind, await closedPort())).result, refused);
    });
  }

  for (const [kind, missing] of [
    ['tls', 'TLS handshake'],
    ['http', 'answer'],
    ['https', 'TLS handshake'],
    ['smtp', 'banner'],
    ['grpc', 'answer'],
    ['agent', 'answer'],
  ] as const) {
    test(`${kind}: a server that says nothing`, async (t) => {
      const { result, ms } = await resultOf(kind, await silent(t), short);
      assert.equal(result, `down: no ${missing} within 400ms`);
      assert.ok(ms >= 395, `${ms} ms`);
    });
  }

  test('a check comes from the address of bind, and says why it cannot', async (t) => {
    let client: string | undefined;
    const port = await serveTcp(t, (socket) => {
      client = socket.remoteAddress;
      socket.end();
    });
    assert.equal((await resultOf('tcp', port, { bind: '127.0.0.9' })).result, 'up: connected');
    assert.equal(client, '127.0.0.9');
    const { ms, ...absent } = await resultOf('tcp', port, { bind: '192.0.2.1' });
    assert.deepEqual(absent, { result: 'down: address not available', notRun: true });
    const echo = await serveUdp(t, (_request, answer) => answer('pong'));
    assert.equal(
      (await resultOf('udp', echo, { bind: '127.0.0.9', expect: 'pong' })).result,
      'up: expected answer',
    );
  });

  test('a check that is stopped has no result, and leaves no connection', async (t) => {
    for (const kind of ['tcp', 'tls', 'http', 'https', 'smtp', 'grpc', 'agent'] as const) {
      const stop = new AbortController();
      const clients: Socket[] = [];
      const port = await serveTcp(t, (socket) => {
        clients.push(socket.resume());
        setTimeout(() => stop.abort(new Error('stopped')), 20);
      });
      const check = kind === 'tcp' ? checkOf(kind, { expect: 'x' }) : checkOf(kind);
      await assert.rejects(runCheck(check, { address: '127.0.0.1', port }, stop.signal), /^Error: stopped$/);
      const [client] = clients;
      if (client?.closed === false) await once(client, 'close');
      assert.equal(clients.length, 1);
    }
  });

  test('checks that have a result leave no descriptor', async (t) => {
    const respond = (_request: unknown, response: ServerResponse) => response.end('x'.repeat(200_000));
    const ports = {
      tls: await serveTls(t),
      http: await serveHttp(t, respond),
      https: await serveHttps(t, respond),
      grpc: await serveGrpc(t, (stream) => stream.respond({ ':status': 200 }, { endStream: true })),
      agent: await sayOnce(t, 'up\n'),
      udp: await serveUdp(t, (_request, answer) => answer('pong')),
    } as const;
    const checkAll = async (): Promise<void> => {
      for (const kind of Object.keys(ports) as (keyof typeof ports)[]) await resultOf(kind, ports[kind]);
    };
    const descriptors = (): number => readdirSync('/proc/self/fd').length;
    await checkAll();
    await settled(descriptors);
    const before = descriptors();
    for (let round = 0; round < 5; round++) await checkAll();
    assert.ok((await settled(descriptors)) <= before, `${before} before, ${descriptors()} after`);
  });

  test('tcp: text and bytes are sent and expected', async (t) => {
    const port = await serveTcp(t, (socket) => {
      socket.on('data', (data) => {
        // In two pieces.
        socket.write(`${data}`.slice(0, 2));
        setTimeout(() => socket.write(`${data}!`.slice(2)), 20);
      });
    });
    assert.equal((await resultOf('tcp', port)).result, 'up: connected');
    assert.equal(
      (await resultOf('tcp', port, { send: 'PING\r\n', expect: 'ING\r\n!' })).result,
      'up: expected answer',
    );
    assert.equal(
      (await resultOf('tcp', port, { send: '00ff', expect: 'ff', encoding: 'hex', ...short })).result,
      'down: no answer within 400ms',
    );
    assert.equal(
      (await resultOf('tcp', port, { send: '5049', expect: '4921', encoding: 'hex' })).result,
      'up: expected answer',
    );
  });

  test('tcp: an answer that is not the expected one', async (t) => {
    const expecting = async (answer: string | Buffer, encoding: 'text' | 'hex' = 'text') =>
      (await resultOf('tcp', await sayOnce(t, answer), { expect: 'beef', encoding })).result;
    assert.equal(
      await expecting('-ERR \x1b[2J\u202ebad\r\nmore'),
      "down: unexpected answer '-ERR \\x1b[2J\\u202ebad'",
    );
    assert.equal(await expecting(''), 'down: empty answer');
    assert.equal(await expecting('ab\r\n', 'hex'), 'down: unexpected answer 61620d0a');
    assert.match(await expecting('x'.repeat(3_000_000)), /^down: unexpected answer 'x{57,60}\.*'$/);
  });

  test('tls: name, authority and days of the certificate', async (t) => {
    const port = await serveTls(t);
    const ended = await serveTls(t, 'expired');
    const result = async (options: object, at = port) => (await resultOf('tls', at, options)).result;
    assert.match(await result({}), /^up: TLSv1\.[23], certificate ends in \d{5} days$/);
    assert.match(await result({ tls: verified }), /^up: /);
    assert.match(await result({ tls: { ...verified, name: undefined } }), /^up: /);
    assert.equal(
      await result({ tls: { ...verified, name: 'b.example' } }),
      'down: the certificate is for another name',
    );
    assert.match(
      await result({ tls: { ...verified, ca: undefined } }),
      /^down: .*(unknown authority|in the chain)$/,
    );
    assert.match(
      await result({ tls: { ...verified, days: 36_500 } }),
      /^down: certificate ends in \d{5} days$/,
    );
    assert.match(await result({}, ended), /^up: TLSv1\.[23], certificate ended \d{4} days ago$/);
    assert.equal(await result({ tls: verified }, ended), 'down: the certificate has ended');
    assert.match(
      await result({ tls: { verify: false, days: 1 } }, ended),
      /^down: certificate ended \d{4} days ago$/,
    );
    assert.equal(
      await result({ tls: { ...verified, ca: '/nonexistent' } }),
      'down: cannot read /nonexistent: ENOENT',
    );
    const { detail } = await resultOf('tls', port);
    assert.ok(Number(detail?.['days']) > 20_000);
  });

  test('tls, https, grpc: a server without TLS, and one that closes', async (t) => {
    const plain = await serveTcp(t, (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    const closing = await answerOnce(t, '');
    for (const kind of ['tls', 'https', 'grpc'] as const) {
      const options = { tls: { verify: false, days: 0 } };
      assert.equal((await resultOf(kind, plain, options)).result, 'down: the server does not speak TLS');
      assert.match(
        (await resultOf(kind, closing, options)).result,
        /^down: (closed in the TLS handshake|incomplete answer)$/,
      );
    }
  });

  test('http: request line, headers and status', async (t) => {
    const seen: unknown[] = [];
    const port = await serveHttp(t, ({ method, url, headers }, response) => {
      seen.push([method, url, headers['host'], headers['x-probe'], headers['user-agent']]);
      response.statusCode = url === '/missing' ? 404 : 204;
      response.end();
    });
    const result = async (options: object = {}) => (await resultOf('http', port, options)).result;
    assert.equal(await result(), 'up: status 204');
    assert.equal(
      await result({ method: 'HEAD', path: '/a?b', host: name, headers: { 'X-Probe': 'lvs' } }),
      'up: status 204',
    );
    assert.equal(await result({ path: '/missing' }), 'down: status 404');
    assert.equal(
      await result({
        path: '/missing',
        expect: [
          { min: 200, max: 299 },
          { min: 404, max: 404 },
        ],
      }),
      'up: status 404',
    );
    await result({ headers: { HOST: 'c.example', 'user-agent': 'probe' } });
    const agent = 'lvsadm/0.0.0-development';
    assert.deepEqual(seen, [
      ['GET', '/', `127.0.0.1:${port}`, undefined, agent],
      ['HEAD', '/a?b', name, 'lvs', agent],
      ['GET', '/missing', `127.0.0.1:${port}`, undefined, agent],
      ['GET', '/missing', `127.0.0.1:${port}`, undefined, agent],
      ['GET', '/', 'c.example', undefined, 'probe'],
    ]);
    assert.deepEqual((await resultOf('http', port, { path: '/missing' })).detail, { status: 404 });
  });

  test('http: text and JSON in the body', async (t) => {
    const bodies: Readonly<Record<string, string>> = {
      '/text': 'we are ready',
      '/json': '{"status":"UP","parts":[{"a/b":1},{"a/b":null}]}',
      '/large': `${'x'.repeat(70_000)}ready`,
    };
    const port = await serveHttp(t, ({ url = '' }, response) => response.end(bodies[url]));
    const result = async (path: string, options: object) =>
      (await resultOf('http', port, { path, ...options })).result;
    const json = (pointer: string, value: unknown) => result('/json', { json: { pointer, value } });
    assert.equal(await result('/text', { text: 'ready' }), 'up: status 200');
    assert.equal(await result('/text', { text: 'sorry' }), "down: status 200, but the body has no 'sorry'");
    assert.equal(await result('/large', { text: 'ready' }), "down: status 200, but the body has no 'ready'");
    assert.equal(await result('/large', { text: 'xxx' }), 'up: status 200');
    assert.equal(await json('/status', 'UP'), 'up: status 200');
    assert.equal(await json('/parts/0/a~1b', 1), 'up: status 200');
    assert.equal(await json('/status', 'DOWN'), `down: status 200, but the JSON has '"UP"' at '/status'`);
    assert.equal(await json('/parts/9/x', 1), "down: status 200, but the JSON has nothing at '/parts/9/x'");
    assert.equal(await json('/toString', 1), "down: status 200, but the JSON has nothing at '/toString'");
    const noJson = 'down: status 200, but the body is no JSON of at most 65536 bytes';
    assert.equal(await result('/text', { json: { pointer: '/a', value: 1 } }), noJson);
    assert.equal(await result('/large', { json: { pointer: '/a', value: 1 } }), noJson);
  });

  for (const [what, answer, expected] of [
    ['garbage', 'garbage\r\n\r\n', 'malformed HTTP answer'],
    ['an endless header', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(200_000)}`, 'malformed HTTP answer'],
    ['nothing', '', 'incomplete answer'],
    ['half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc', 'incomplete answer'],
    ['a broken chunk', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n', 'incomplete answer'],
  ] as const) {
    test(`http: a server that answers with ${what}`, async (t) => {
      const port = await answerOnce(t, answer);
      assert.equal((await resultOf('http', port, { text: 'abcd' })).result, `down: ${expected}`);
    });
  }

  test('http: a body that does not end, and a connection that is reset', async (t) => {
    const slow = await serveHttp(t, (_request, response) => {
      const drip = setInterval(() => response.write('.'), 10);
      response.once('close', () => clearInterval(drip));
    });
    assert.equal(
      (await resultOf('http', slow, { text: 'ready', ...short })).result,
      'down: no end of the body within 400ms',
    );
    assert.equal((await resultOf('http', await resetting(t))).result, 'down: connection reset by peer');
  });

  test('https: the request goes through TLS, and the name is the Host header', async (t) => {
    const port = await serveHttps(t, ({ headers }, response) => response.end(headers.host));
    const result = async (options: object) => (await resultOf('https', port, options)).result;
    assert.equal(await result({ tls: verified, text: name }), 'up: status 200');
    assert.equal(await result({ text: `127.0.0.1:${port}` }), 'up: status 200');
    const ended = await serveHttps(t, (_request, response) => response.end(), 'expired');
    assert.equal(
      (await resultOf('https', ended, { tls: verified })).result,
      'down: the certificate has ended',
    );
  });

  test('udp: an answer, another answer, silence and a refusal', async (t) => {
    const port = await serveUdp(t, (request, answer) => `${request}` !== '' && answer(`re: ${request}`));
    const result = async (options: object = {}, at = port) => (await resultOf('udp', at, options)).result;
    assert.equal(await result({ send: 'ping', expect: 'ping' }), 'up: expected answer');
    assert.equal(await result({ send: 'ping', expect: 'pong' }), "down: unexpected answer 're: ping'");
    assert.equal(await result({ send: 'ping' }), 'up: answered');
    assert.equal(await result(short), 'up: not refused');
    assert.equal(await result({ expect: 'x', ...short }), 'down: no answer within 400ms');
    assert.equal(await result({}, await closedPort()), 'down: connection refused');
  });

  test('dns: records of every type, and response codes', async (t) => {
    const port = await serveUdp(t, (query, answer) => answer(dns.answer(query)));
    const result = async (options: object) =>
      (await resultOf('dns', port, { name: 'a.example', ...options })).result;
    for (const [type, text] of Object.entries(dns.texts)) {
      assert.equal(await result({ type, answer: text }), `up: NOERROR, '${text}'`);
    }
    assert.equal(await result({ type: 'AAAA', answer: '2001:DB8:0::7' }), "up: NOERROR, '2001:db8::7'");
    assert.equal(await result({ type: 'NS', answer: 'NS.a.EXAMPLE.' }), "up: NOERROR, 'ns.a.example'");
    assert.equal(
      await result({ type: 'A', answer: '192.0.2.8' }),
      "down: NOERROR, but the answer is '192.0.2.7'",
    );
    assert.equal(await result({ name: 'rcode3.example' }), 'down: NXDOMAIN');
    assert.equal(await result({ name: 'rcode3.example', rcode: 'NXDOMAIN' }), 'up: NXDOMAIN, no record');
    assert.equal(await result({ name: 'rcode5.example' }), 'down: REFUSED');
    assert.equal(await result({ name: 'rcode9.example' }), 'down: code 9');
  });

  test('dns: a truncated answer is asked for over TCP', async (t) => {
    const tcp = { answers: 0 };
    const port = await serveTcp(t, (socket) => {
      socket.once('data', (query) => {
        tcp.answers++;
        const message = dns.answer(query.subarray(2));
        const length = Buffer.of(message.length >> 8, message.length & 0xff);
        socket.write(length);
        setTimeout(() => socket.write(message), 20);
      });
    });
    await serveUdp(t, (query, answer) => answer(dns.answer(query, { truncated: true })), port);
    assert.equal(
      (await resultOf('dns', port, { name: 'a.example', type: 'A' })).result,
      "up: NOERROR, '192.0.2.7'",
    );
    assert.equal(tcp.answers, 1);
  });

  test('dns: answers to other questions are ignored, and broken ones are no success', async (t) => {
    const others = await serveUdp(t, (query, answer) => {
      const foreign = dns.answer(query);
      foreign.writeUInt16BE(foreign.readUInt16BE(0) ^ 1, 0);
      answer(foreign);
      answer('x');
      answer(query);
      answer(dns.answer(Buffer.concat([query.subarray(0, 13), Buffer.from('b'), query.subarray(14)])));
    });
    const options = { name: 'a.example', type: 'A' } as const;
    assert.equal(
      (await resultOf('dns', others, { ...options, ...short })).result,
      'down: no answer within 400ms',
    );
    const broken = await serveUdp(t, (query, answer) => answer(dns.answer(query, { cut: 3 })));
    assert.equal((await resultOf('dns', broken, options)).result, 'down: malformed answer');
    const loop = await serveUdp(t, (query, answer) => {
      const message = dns.answer(query);
      // The name of the first record points to itself.
      message.writeUInt16BE(0xc000 | query.length, query.length);
      answer(message);
    });
    assert.equal((await resultOf('dns', loop, options)).result, 'down: malformed answer');
    assert.equal((await resultOf('dns', await closedPort(), options)).result, 'down: connection refused');
  });

  test('smtp: greeting and EHLO', async (t) => {
    const seen: string[] = [];
    const port = await serveTcp(t, (socket) => {
      socket.write('220-mx.example ESMTP\r\n');
      setTimeout(() => socket.write('220 second line\r\n'), 20);
      socket.on('data', (data) => {
        seen.push(String(data));
        if (String(data).startsWith('EHLO')) socket.write('250-mx.example\r\n250 SIZE 1000\r\n');
        else socket.end('221 bye\r\n');
      });
    });
    assert.equal(
      (await resultOf('smtp', port, { helo: 'lvs1.example' })).result,
      "up: '220-mx.example ESMTP'",
    );
    assert.deepEqual(seen, ['EHLO lvs1.example\r\n', 'QUIT\r\n']);
  });

  test('smtp: servers that are busy, refuse EHLO, close or speak another protocol', async (t) => {
    const result = async (port: number) => (await resultOf('smtp', port, short)).result;
    assert.equal(await result(await sayOnce(t, '421 too busy\r\n')), "down: banner '421 too busy'");
    assert.equal(await result(await sayOnce(t, '')), 'down: closed without banner');
    assert.equal(await result(await sayOnce(t, '220 mx')), "down: banner is not whole: '220 mx'");
    assert.equal(await result(await sayOnce(t, 'SSH-2.0-x\r\n'.repeat(9000))), "down: banner 'SSH-2.0-x'");
    const refusing = await serveTcp(t, (socket) => {
      socket.write('220 mx\r\n');
      socket.once('data', () => socket.write('502 no\r\n'));
    });
    assert.equal(await result(refusing), "down: answer to EHLO '502 no'");
    const mute = await serveTcp(t, (socket) => socket.resume().write('220 mx\r\n'));
    assert.equal(await result(mute), 'down: no answer to EHLO within 400ms');
  });

  for (const secure of [false, true]) {
    test(`grpc: the serving status, ${secure ? 'with' : 'without'} TLS`, async (t) => {
      const statuses: Readonly<Record<string, number>> = { '': 1, 'shop.Cart': 2, unknown: 3 };
      const port = await serveGrpc(
        t,
        (stream, headers, body) => {
          const status = statuses[String(body.subarray(7))] ?? 0;
          assert.equal(headers[':path'], '/grpc.health.v1.Health/Check');
          assert.equal(body.readUInt32BE(1), body.length - 5);
          stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
          stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
          stream.end(Buffer.of(0, 0, 0, 0, 2, 8, status));
        },
        secure,
      );
      const options = secure ? { tls: verified } : {};
      const result = async (service?: string) =>
        (await resultOf('grpc', port, { ...options, service })).result;
      assert.equal(await result(), 'up: SERVING');
      assert.equal(await result('shop.Cart'), 'down: NOT_SERVING');
      assert.equal(await result('unknown'), 'down: SERVICE_UNKNOWN');
    });
  }

  test('grpc: servers without the service, in trouble, or of another protocol', async (t) => {
    const answering = async (serve: Parameters<typeof serveGrpc>[1]) =>
      (await resultOf('grpc', await serveGrpc(t, serve), short)).result;
    const trailersOnly = { ':status': 200, 'content-type': 'application/grpc' };
    assert.equal(
      await answering((stream) =>
        stream.respond({ ...trailersOnly, 'grpc-status': '12' }, { endStream: true }),
      ),
      'down: gRPC status UNIMPLEMENTED',
    );
    assert.equal(
      await answering((stream) => stream.respond({ ':status': 503 }, { endStream: true })),
      'down: HTTP status 503',
    );
    assert.equal(
      await answering((stream) => {
        stream.respond({ ...trailersOnly, 'grpc-status': '0' });
        stream.end('garbage');
      }),
      'down: malformed answer',
    );
    assert.equal(await answering((stream) => stream.close(2)), 'down: incomplete answer');
    assert.equal(await answering(() => {}), 'down: no answer within 400ms');
    assert.equal(
      (await resultOf('grpc', await serveHttp(t, (_request, response) => response.end('x')))).result,
      'down: the server does not speak HTTP/2',
    );
    assert.equal((await resultOf('grpc', await resetting(t))).result, 'down: connection reset by peer');
  });

  test('agent: the words of HAProxy, several in a line', async (t) => {
    const answering = async (line: string) => {
      const { ms, ...result } = await resultOf('agent', await sayOnce(t, line), short);
      return result;
    };
    assert.deepEqual(await answering('75%\n'), { result: "up: '75%'", weight: 75 });
    assert.deepEqual(await answering('up\r\n50%\n'), { result: "up: 'up'" });
    assert.deepEqual(await answering('ready,up\t20% maxconn:30 # fine'), {
      result: "up: 'ready,up\\t20% maxconn:30 # fine'",
      weight: 20,
      admin: 'ready',
    });
    assert.deepEqual(await answering('drain\n'), { result: "up: 'drain'", admin: 'drain' });
    assert.deepEqual(await answering('MAINT'), { result: "up: 'MAINT'", admin: 'maint' });
    assert.deepEqual(await answering('down #disk full\n'), { result: "down: 'down #disk full'" });
    assert.deepEqual(await answering('up stopped'), { result: "down: 'up stopped'" });
    assert.deepEqual(await answering('hello # up'), { result: "down: no word of an agent: 'hello # up'" });
    assert.deepEqual(await answering(''), { result: 'down: empty answer' });
  });

  test('agent: the text of send chooses the answer', async (t) => {
    const port = await answerOnce(t, 'up\n');
    assert.equal((await resultOf('agent', port, { send: 'web1\n' })).result, "up: 'up'");
  });
}

/** A number once it has not changed for a while: both ends of a connection are in this process, and neither closes at once. */
async function settled(count: () => number): Promise<number> {
  for (;;) {
    const before = count();
    await sleep(200);
    if (count() === before) return before;
  }
}
