/** The trace of `LVSADM_DEBUG=netlink`, as a process writes it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { netlinkTrace } from '../../src/cli/process/context.js';
import { IpvsClient } from '../../src/ipvs/client.js';
import { Captured } from '../support/captured.js';
import { FakeIpvs } from '../support/fake-ipvs.js';
import { serviceRow } from '../support/rows.js';

test('control characters and marks of direction in the texts of others are escapes', async () => {
  const err = new Captured();
  const ipvs = new FakeIpvs();
  // U+009B begins an escape sequence, as ESC [ does; U+202E turns the direction of text.
  const scheduler = 'w\u009b31m\u202e';
  ipvs.schedulers.add(scheduler);
  const client = await IpvsClient.open(ipvs.open, { trace: await netlinkTrace(err) });
  await client.apply({ do: 'addService', service: serviceRow({ fwmark: 7, family: 'inet' }, { scheduler }) });
  assert.equal((await client.services())[0]?.scheduler, scheduler);
  client.close();
  const shown = err.text.split('\n').filter((line) => line.includes('scheduler: '));
  // Once in the request, once in the answer.
  assert.deepEqual(
    shown.map((line) => line.trim()),
    Array.from({ length: 2 }, () => String.raw`scheduler: "w\x9b31m\u202e"`),
  );
  assert.doesNotMatch(err.text, /[^\x20-\x7e\n]/);
});
