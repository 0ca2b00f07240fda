/** What an HTTP server does with clients that misbehave: these tests run on both runtimes. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type HttpHandler, type HttpLimits, serveHttp } from '../../src/system/network/http-server.js';

const MIB = 1024 * 1024;

const limits: HttpLimits = {
  connections: 50,
  answers: 20,
  unread: 64 * MIB,
  requestTime: 5000,
  answerTime: 5000,
  idleTime: 5000,
};

interface Reply {
  readonly status: number;
  readonly body: Buffer;
}

class TestServer {
  private readonly clients: Socket[] = [];

  private constructor(
    private readonly port: number,
    private readonly close: () => Promise<void>,
  ) {}

  static async during(
    handler: HttpHandler,
    changed: Partial<HttpLimits>,
    body: (server: TestServer) => Promise<void>,
  ): Promise<void> {
    const { url, close } = await serveHttp({ host: '127.0.0.1', port: 0 }, handler, {
      ...limits,
      ...changed,
    });
    const server = new TestServer(Number(new URL(url).port), close);
    try {
      await body(server);
    } finally {
      for (const client of server.clients) client.destroy();
      await server.close();
    }
  }

  /** A client that sends these words, and reads nothing. */
  async idle(words = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'): Promise<Socket> {
    const socket = await new Promise<Socket>((resolve) => {
      const client: Socket = connect(this.port, '127.0.0.1', () => resolve(client));
      client.pause();
      client.on('error', () => {});
      this.clients.push(client);
    });
    socket.write(words);
    return socket;
  }

  /** A client that reads, in pieces with a pause after each. @returns undefined if the server closes the connection */
  async ask(pause = 0): Promise<Reply | undefined> {
    const socket = await this.idle('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    const chunks: Buffer[] = [];
    for await (const chunk of socket) {
      chunks.push(chunk);
      if (pause > 0) await sleep(pause);
    }
    const all = Buffer.concat(chunks);
    const end = all.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    return { status: Number(String(all.subarray(9, 12))), body: all.subarray(end + 4) };
  }
}

/** Asks until the server answers with this status, which it does when it has noticed what other clients have done. */
async function askUntil(status: number, server: TestServer): Promise<Reply | undefined> {
  for (const end = performance.now() + 10_000; ; ) {
    const reply = await server.ask();
    if (reply?.status === status || performance.now() > end) return reply;
    await sleep(50);
  }
}

const closed = (socket: Socket): Promise<number> => {
  const start = performance.now();
  socket.resume();
  return new Promise((resolve) => socket.once('close', () => resolve(performance.now() - start)));
};

const plain: HttpHandler = async () => ({ status: 200, type: 'text/plain', body: 'ok' });

/** A body of its own for each request: more than the kernel's buffers hold. */
const large: HttpHandler = async () => ({ status: 200, type: 'text/plain', body: new Uint8Array(16 * MIB) });

test('bodies that nobody reads are held up to a limit, and requests are refused until they are read', () =>
  TestServer.during(large, {}, async (server) => {
    const idle = [];
    for (let count = 0; count < 4; count++) idle.push(await server.idle());
    assert.equal((await askUntil(503, server))?.status, 503);
    for (const socket of idle) socket.destroy();
    assert.equal((await askUntil(200, server))?.body.length, 16 * MIB);
  }));

test('requests that share a body are answered, although it is not read', async () => {
  const shared = await large('/', '');
  await TestServer.during(
    async () => shared,
    {},
    async (server) => {
      for (let count = 0; count < 15; count++) await server.idle();
      await sleep(300);
      assert.equal((await server.ask())?.status, 200);
    },
  );
});

test('requests beyond the limit of answers are refused', () => {
  let go = () => {};
  const ready = new Promise<void>((resolve) => {
    go = resolve;
  });
  let asked = 0;
  const late: HttpHandler = async (path, accept) => {
    asked++;
    await ready;
    return plain(path, accept);
  };
  return TestServer.during(late, { answers: 10 }, async (server) => {
    for (let count = 0; count < 10; count++) await server.idle();
    while (asked < 10) await sleep(10);
    assert.equal((await server.ask())?.status, 503);
    go();
    assert.equal((await askUntil(200, server))?.status, 200);
  });
});

test('connections beyond the limit are closed, and others are answered when one has gone', () =>
  TestServer.during(plain, { connections: 3 }, async (server) => {
    const [first] = [await server.idle(''), await server.idle(''), await server.idle('')];
    await sleep(500);
    assert.ok((await closed(await server.idle(''))) < 3000);
    first.destroy();
    assert.equal((await askUntil(200, server))?.status, 200);
  }));

test('a client that does not send its request is cut off', () =>
  TestServer.during(plain, { requestTime: 500 }, async (server) => {
    const times = await Promise.all(
      [server.idle('GET / HT'), server.idle('')].map(async (one) => closed(await one)),
    );
    assert.ok(
      times.every((time) => time < 4000),
      String(times),
    );
  }));

test('a single body that is not read keeps nobody from another, however large it is', () =>
  TestServer.during(large, { unread: 1 }, async (server) => {
    await server.idle();
    await sleep(200);
    assert.equal((await server.ask())?.status, 200);
  }));

test('a client that does not read its answer is cut off', () =>
  TestServer.during(large, { answerTime: 3000, unread: 1 }, async (server) => {
    await Promise.all([server.idle(), server.idle()]);
    assert.equal((await askUntil(503, server))?.status, 503);
    assert.equal((await askUntil(200, server))?.status, 200);
  }));

test('a scraper keeps its connection for any number of requests, one after the other', () =>
  TestServer.during(plain, { answers: 10 }, async (server) => {
    const socket = await server.idle('');
    let text = '';
    socket.setEncoding('utf8').on('data', (more: string) => {
      text += more;
    });
    socket.resume();
    const answered = (): number => text.split('HTTP/1.1 200').length - 1;
    const end = performance.now() + 30_000;
    for (let count = 1; count <= 200; count++) {
      socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
      while (answered() < count) {
        assert.ok(performance.now() < end && !text.includes(' 503 '), `${answered()} answers`);
        await sleep(1);
      }
    }
    assert.equal(answered(), 200);
  }));

test('a slow reader gets every byte', async () => {
  const body = Uint8Array.from({ length: 4 * MIB }, (_, index) => (index * 7919) >> 8);
  await TestServer.during(
    async () => ({ status: 200, type: 'text/plain', body }),
    {},
    async (server) => {
      const reply = await server.ask(2);
      assert.equal(reply?.status, 200);
      assert.ok(reply.body.equals(body));
    },
  );
});
