// The kernel's figures of the connection table: absent before Linux 7.1, and hidden from all but root.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTableStatus } from '../../src/system/table-status.js';
import { chunks } from '../support/context.js';

const refusing = (code: string, errno: number) => () => ({
  [Symbol.asyncIterator]: () => ({
    next: () => Promise.reject(Object.assign(new Error(code), { code, errno: -errno })),
  }),
});

test("the kernel's own names and values are read", async () => {
  const text = 'Conns:\t9401\nConn buckets:\t524288 (19 bits, lfactor -5)\n';
  assert.deepEqual(await readTableStatus(() => chunks(text, 5)), {
    Conns: '9401',
    'Conn buckets': '524288 (19 bits, lfactor -5)',
  });
});

test('a file that cannot be read is one thing that is not known, and a kernel without it is none', async () => {
  const unknown: string[] = [];
  assert.equal(await readTableStatus(refusing('ENOENT', 2), unknown), undefined);
  assert.deepEqual(unknown, []);
  assert.equal(await readTableStatus(refusing('EACCES', 13), unknown), undefined);
  assert.deepEqual(unknown, ['/proc/net/ip_vs_status: permission denied']);
});
