/** The client of etcd over a server that answers otherwise than etcd, or slowly. */
import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { EtcdStore } from '../../src/fleet/etcd/etcd-store.js';

const header = { cluster_id: '1', revision: '5' };

/** @param timeout milliseconds without progress; generous, because the machine of a test may be busy */
async function storeOver(
  t: TestContext,
  answer: (response: ServerResponse) => unknown,
  timeout = 20_000,
): Promise<EtcdStore> {
  const server = createServer((request, response) => request.resume().on('end', () => answer(response)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const options = { endpoints: [{ host: '127.0.0.1', port }], timeout, patience: 0 };
  const store = new EtcdStore('etcd://test/lvs/', '/lvs/', options);
  t.after(() => {
    store.close();
    server.closeAllConnections();
    server.close();
  });
  return store;
}

const refusals: readonly (readonly [string, number, object, RegExp])[] = [
  ['without a header', 200, { kvs: [] }, /it does not answer as etcd does: the answer has no cluster_id/],
  ['of a proxy', 502, { message: 'no upstream' }, /it does not answer as etcd does \(HTTP status 502\)/],
  ['with a wrong status', 404, { header, kvs: [] }, /it does not answer as etcd does \(HTTP status 404\)/],
];

for (const [title, status, body, pattern] of refusals) {
  test(`an answer ${title} is not one about an empty store`, async (t) => {
    const store = await storeOver(t, (response) => response.writeHead(status).end(JSON.stringify(body)));
    await assert.rejects(store.read('target'), pattern);
  });
}

test('an answer may take longer than the time limit while it goes on', async (t) => {
  const text = JSON.stringify({
    header,
    kvs: [{ key: Buffer.from('/lvs/a').toString('base64'), mod_revision: '3' }],
  });
  const store = await storeOver(
    t,
    async (response) => {
      for (let start = 0; start < text.length; start += 20) {
        response.write(text.slice(start, start + 20));
        await sleep(700);
      }
      response.end();
    },
    2000,
  );
  assert.deepEqual(await store.keys('a'), ['a']);
});

test('an answer that comes byte by byte is given up', { timeout: 30_000 }, async (t) => {
  let isOver = false;
  const store = await storeOver(
    t,
    async (response) => {
      for (response.write('{'); !isOver; response.write(' ')) await sleep(50);
    },
    300,
  );
  await assert.rejects(store.keys('a'), /no answer within 1\.2 s/);
  isOver = true;
});

test('an answer that stops is given up', async (t) => {
  const store = await storeOver(t, (response) => response.write('{"header":'), 300);
  await assert.rejects(store.keys('a'), /no answer within 0\.3 s/);
});

test('the time limit begins when a call has its connection', async (t) => {
  const store = await storeOver(
    t,
    async (response) => {
      await sleep(1500);
      response.end(JSON.stringify({ header }));
    },
    3000,
  );
  const calls = Array.from({ length: 20 }, (_, index) => store.read(`documents/${index}`));
  assert.ok((await Promise.all(calls)).every(({ revision }) => revision === 5));
});
