// Answers that are made to cost a check much: the agent checks all other servers in the same process.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { decodeResponse } from '../../src/health/checks/dns-message.js';
import { resultOf } from '../support/health/check-of.js';
import { answerOnce } from '../support/health/servers.js';

/** Milliseconds of processor time: the least of three runs. */
async function costOf(work: () => unknown): Promise<number> {
  const costs: number[] = [];
  for (let round = 0; round < 3; round++) {
    const before = process.cpuUsage();
    await work();
    const { user, system } = process.cpuUsage(before);
    costs.push((user + system) / 1000);
  }
  return Math.min(...costs);
}

test('http: a body in pieces of one byte costs little more than a client that drops them', async (t) => {
  const body = `Transfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(64_000)}0\r\n\r\n`;
  const port = await answerOnce(t, `HTTP/1.1 200 OK\r\n${body}`);
  const check = async (): Promise<void> => {
    const { result } = await resultOf('http', port, { text: 'y' });
    assert.equal(result, "down: status 200, but the body has no 'y'");
  };
  const drop = async (): Promise<void> => {
    const [response]: IncomingMessage[] = await once(
      get({ host: '127.0.0.1', port, agent: false }),
      'response',
    );
    response?.on('data', () => {});
    await once(response ?? assert.fail(), 'end');
  };
  const [checking, dropping] = [await costOf(check), await costOf(drop)];
  assert.ok(checking < 3 * dropping, `${checking} ms, and ${dropping} ms without its bytes`);
});

/** A message without questions, with as many answers as fit: records of type NS, whose names point to a run of labels of one byte. */
function dnsMessage(labels: number): Buffer {
  const header = Buffer.from([0, 0, 0x81, 0x80, 0, 0, 0xff, 0xff, 0, 0, 0, 0]);
  const first = 12 + 11;
  const run = Buffer.concat([Buffer.from('\x01a'.repeat(labels)), Buffer.of(0)]);
  const holder = Buffer.concat([
    Buffer.of(0, 0, 16, 0, 1, 0, 0, 0, 0, run.length >> 8, run.length & 0xff),
    run,
  ]);
  const pointer = [0xc0 | (first >> 8), first & 0xff];
  const record = Buffer.from([...pointer, 0, 2, 0, 1, 0, 0, 0, 0, 0, 2, ...pointer]);
  const records = Math.floor((65_535 - header.length - holder.length) / record.length);
  header.writeUInt16BE(records + 1, 6);
  return Buffer.concat([header, holder, ...Array(records).fill(record)]);
}

test('dns: names that point to a long name are malformed, and those that point to the longest one are cheap', async () => {
  const longest = dnsMessage(127);
  const { answers } = decodeResponse(longest, 'NS');
  assert.ok(answers.length > 4000, `${answers.length} answers`);
  assert.equal(answers[0]?.length, 253);
  const hostile = dnsMessage(15_000);
  const cost = await costOf(() => assert.throws(() => decodeResponse(hostile, 'NS'), RangeError));
  assert.ok(cost < 50, `${cost} ms for names of 15,000 labels`);
  // Names of records of other types are not even followed.
  const other = await costOf(() => assert.deepEqual(decodeResponse(hostile, 'A').answers, []));
  assert.ok(other < 50, `${other} ms for other names of 15,000 labels`);
});
