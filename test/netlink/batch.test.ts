/** Many requests to a send, and only the refused ones answered: each refusal must find its way back. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KernelError, ProtocolError } from '../../src/errors.js';
import { Connection } from '../../src/netlink/connection.js';
import type { Request } from '../../src/netlink/message.js';
import type { Datagram } from '../../src/netlink/transport/socket.js';
import { batched } from '../support/batched.js';
import {
  ack,
  answer,
  broken,
  FakeKernel,
  NLM,
  type Play,
  type Wanted,
  words,
} from '../support/fake-kernel.js';
import * as wire from '../support/wire.js';

const TYPE = 0x1f;
const request: Wanted = { type: TYPE, flags: NLM.REQUEST };
const last: Wanted = { type: TYPE, flags: NLM.REQUEST | NLM.ACK };

const requests = (count: number, extra = 0): Request[] =>
  Array.from({ length: count }, (_, index) => ({
    operation: `change ${index}`,
    type: TYPE,
    put: (to) => to.raw(wire.join(wire.genl(1), new Uint8Array(extra))),
  }));

/** A kernel that carries out every batch but for some refusals, and notes how large each send was. */
class Carrying extends FakeKernel {
  readonly sends: { messages: number; bytes: number; flags: number[]; sequences: number[] }[] = [];
  readonly refused: ReadonlyMap<number, number>;
  private done = 0;
  private readonly answers: Datagram[] = [];

  constructor(refused: readonly (readonly [index: number, errno: number])[] = []) {
    super();
    this.refused = new Map(refused);
  }

  override send(bytes: Uint8Array): void {
    const sent = wire.readMessages(bytes.slice());
    this.sends.push({
      messages: sent.length,
      bytes: bytes.length,
      flags: sent.map(({ flags }) => flags),
      sequences: sent.map(({ sequence }) => sequence),
    });
    sent.forEach(({ flags }, to) => {
      const errno = this.refused.get(this.done++) ?? 0;
      if (errno !== 0 || flags & NLM.ACK) this.answers.push(...(answer(errno, { to })(sent) as Datagram[]));
    });
  }

  override receive(timeout: number): Promise<Datagram> {
    const next = this.answers.shift();
    return next ? Promise.resolve(next) : super.receive(timeout);
  }
}

test('a batch of none asks the kernel nothing', async (t) => {
  assert.deepEqual(await batched(new Connection(FakeKernel.for(t)), []), []);
});

test('only the last message asks for an acknowledgement, which ends the batch', async (t) => {
  const kernel = FakeKernel.for(t).expect(
    [
      { ...request, sequence: 1 },
      { ...request, sequence: 2 },
      { ...last, sequence: 3 },
    ],
    ack(),
  );
  assert.deepEqual(await batched(new Connection(kernel), requests(3)), [undefined, undefined, undefined]);
});

test('each refusal is given back at the place of its request', async (t) => {
  const kernel = FakeKernel.for(t).expect(
    [request, request, request, last],
    answer(17, { to: 0 }),
    answer(3, { to: 2, tlvs: words('No such thing') }),
    ack(),
  );
  assert.deepEqual(await batched(new Connection(kernel), requests(4)), [
    new KernelError('change 0', 17),
    undefined,
    new KernelError('change 2', 3, undefined, 'No such thing'),
    undefined,
  ]);
});

test('a second answer to a request breaks the conversation', async (t) => {
  const kernel = FakeKernel.for(t).expect(
    [request, request, last],
    answer(17, { to: 1 }),
    answer(17, { to: 1 }),
  );
  await assert.rejects(
    batched(new Connection(kernel), requests(3)),
    new ProtocolError('an answer to a request that was answered before', ['change 1']),
  );
});

test('a refusal of the last one ends the batch as its acknowledgement would', async (t) => {
  const kernel = FakeKernel.for(t)
    .expect([request, last], answer(17, { to: 1 }))
    .expect(last, answer(2));
  const connection = new Connection(kernel);
  assert.deepEqual(await batched(connection, requests(2)), [undefined, new KernelError('change 1', 17)]);
  assert.deepEqual(await batched(connection, requests(1)), [new KernelError('change 0', 2)]);
});

test('answers may come many to a datagram', async (t) => {
  const together: Play = (sent) => {
    const parts = [answer(17, { to: 0 }), answer(17, { to: 1 }), ack()].flatMap(
      (play) => play(sent) as Datagram[],
    );
    return [{ sender: 0, bytes: wire.join(...parts.map(({ bytes }) => bytes)) }];
  };
  const kernel = FakeKernel.for(t).expect([request, request, last], together);
  assert.deepEqual(await batched(new Connection(kernel), requests(3)), [
    new KernelError('change 0', 17),
    new KernelError('change 1', 17),
    undefined,
  ]);
});

test('an answer that was lost means that nothing is known', async (t) => {
  const kernel = FakeKernel.for(t).expect([request, last], broken('overrun'));
  await assert.rejects(batched(new Connection(kernel), requests(2)), { reason: 'overrun' });
});

test('an acknowledgement that never comes runs into the deadline', async (t) => {
  const kernel = FakeKernel.for(t).expect([request, last], answer(17, { to: 0 }));
  await assert.rejects(batched(new Connection(kernel, { timeout: 20 }), requests(2)), { reason: 'deadline' });
});

test('sequence numbers may wrap within a batch', async (t) => {
  const kernel = FakeKernel.for(t).expect(
    [0xfffffffe, 0xffffffff, 0]
      .map((sequence) => ({ ...request, sequence }))
      .concat({ ...last, sequence: 1 }),
    answer(17, { to: 0 }),
    answer(3, { to: 2 }),
    ack(),
  );
  assert.deepEqual(await batched(new Connection(kernel, { firstSequence: 0xfffffffe }), requests(4)), [
    new KernelError('change 0', 17),
    undefined,
    new KernelError('change 2', 3),
    undefined,
  ]);
});

test('no send holds more than 512 messages', async () => {
  const kernel = new Carrying();
  await batched(new Connection(kernel), requests(1100));
  assert.deepEqual(
    kernel.sends.map(({ messages }) => messages),
    [512, 512, 76],
  );
  assert.deepEqual(
    kernel.sends.flatMap(({ sequences }) => sequences),
    Array.from({ length: 1100 }, (_, i) => i + 1),
  );
  for (const { flags } of kernel.sends) {
    assert.deepEqual(flags, [...new Array(flags.length - 1).fill(NLM.REQUEST), NLM.REQUEST | NLM.ACK]);
  }
});

test('no send holds more than 64 KiB, unless one message alone does', async () => {
  const kernel = new Carrying();
  await batched(new Connection(kernel), [...requests(40, 10_000 - 20), ...requests(2, 100_000)]);
  assert.deepEqual(
    kernel.sends.map(({ messages }) => messages),
    [6, 6, 6, 6, 6, 6, 4, 1, 1],
  );
  assert.ok(kernel.sends.slice(0, 7).every(({ bytes }) => bytes <= 65536));
});

test('a send is so small that every message may be refused without an answer lost', async () => {
  const kernel = new Carrying();
  kernel.receiveBuffer = 20_000;
  await batched(new Connection(kernel), requests(100, 80));
  // A refusal costs the kernel its own bookkeeping and the request that it echoes; see netlink_ack().
  for (const { messages } of kernel.sends)
    assert.ok(messages * (1024 + 100) <= 20_000, `${messages} messages`);
  assert.ok(kernel.sends.length < 20, 'and still many to a send');
});

test('a receive buffer too small for a single answer does not stop the work', async () => {
  const kernel = new Carrying([[1, 17]]);
  kernel.receiveBuffer = 1;
  assert.deepEqual(await batched(new Connection(kernel), requests(3)), [
    undefined,
    new KernelError('change 1', 17),
    undefined,
  ]);
  assert.deepEqual(
    kernel.sends.map(({ messages }) => messages),
    [1, 1, 1],
  );
});

test('a send is no larger than the kernel takes from a small send buffer', async () => {
  const kernel = new Carrying();
  kernel.largestSend = 9184;
  await batched(new Connection(kernel), requests(1000, 80));
  assert.ok(kernel.sends.every(({ bytes }) => bytes <= 9184));
  assert.ok(kernel.sends.length < 20, 'and still many to a send');
});

test('however a batch is split, every refusal is at its place', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.tuple(fc.nat(1300), fc.integer({ min: 1, max: 133 })), {
        selector: ([index]) => index,
      }),
      fc.integer({ min: 0, max: 1300 }),
      fc.integer({ min: 1, max: 1 << 20 }),
      fc.nat(0xffffffff),
      async (refused, count, receiveBuffer, firstSequence) => {
        const kernel = new Carrying(refused);
        kernel.receiveBuffer = receiveBuffer;
        const results = await batched(new Connection(kernel, { firstSequence }), requests(count, 40));
        assert.equal(results.length, count);
        results.forEach((result, index) => {
          assert.equal(result?.errno, kernel.refused.get(index));
          if (result) assert.equal(result.operation, `change ${index}`);
        });
      },
    ),
    { numRuns: 40 },
  );
});
