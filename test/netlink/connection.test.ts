/** One request, one answer: the forms that answers take, and what becomes of everything else that may arrive. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KernelError, ProtocolError, TransportError } from '../../src/errors.js';
import { Connection } from '../../src/netlink/connection.js';
import type { MessageCursor, Request } from '../../src/netlink/message.js';
import { batched } from '../support/batched.js';
import {
  ack,
  answer,
  broken,
  datagram,
  dump,
  FakeKernel,
  NLM,
  raw,
  reply,
  silence,
  words,
} from '../support/fake-kernel.js';
import * as wire from '../support/wire.js';

const TYPE = 0x1f;

/** A request whose payload is a generic-netlink header and `extra` bytes. */
const ask = (operation = 'ask', extra = 0): Request => ({
  operation,
  type: TYPE,
  put: (to) => to.raw(wire.join(wire.genl(1), new Uint8Array(extra))),
});

/** The bytes behind the generic-netlink header. */
const content = ({ reader, start, end }: MessageCursor): string => wire.hex(reader.raw(start + 4, end));

const request = { type: TYPE, flags: NLM.REQUEST };
const acknowledged = { type: TYPE, flags: NLM.REQUEST | NLM.ACK };
const dumped = { type: TYPE, flags: NLM.REQUEST | NLM.DUMP };
const item = (value: number): Uint8Array => wire.u32(value);
const shown = (...values: number[]): string[] => values.map((value) => wire.hex(item(value)));

test('an acknowledgement ends a request', async (t) => {
  const kernel = FakeKernel.for(t).expect({ ...acknowledged, sequence: 1, payload: '01010000' }, ack());
  await new Connection(kernel).acknowledge(ask());
});

test('a reply goes to the caller that asked', async (t) => {
  const kernel = FakeKernel.for(t).expect({ ...request, sequence: 1 }, reply(9, item(7)));
  assert.equal(await new Connection(kernel).get(ask(), content), wire.hex(item(7)));
});

test('a reply is of the type that the request says, where that is not its own', async (t) => {
  const kernel = FakeKernel.for(t).expect(request, reply(9, item(7), { type: 0x10 }));
  const connection = new Connection(kernel);
  assert.equal(await connection.get({ ...ask(), replyType: 0x10 }, content), wire.hex(item(7)));
});

test('flags that modify a change are sent with it', async (t) => {
  const create = { ...ask(), flags: 0x600 };
  const kernel = FakeKernel.for(t).expect({ type: TYPE, flags: NLM.REQUEST | NLM.ACK | 0x600 }, ack());
  await new Connection(kernel).acknowledge(create);
});

for (const capped of [true, false]) {
  test(`a refusal ${capped ? 'without' : 'with'} the request echoed is an errno, and the connection goes on`, async (t) => {
    const kernel = FakeKernel.for(t)
      .expect(acknowledged, answer(17, { capped }))
      .expect(request, answer(3, { capped, tlvs: words('No such thing') }))
      .expect(dumped, answer(1, { capped }))
      .expect(acknowledged, ack());
    const connection = new Connection(kernel);
    await assert.rejects(connection.acknowledge(ask('add')), new KernelError('add', 17));
    await assert.rejects(
      connection.get(ask('find'), content),
      new KernelError('find', 3, undefined, 'No such thing'),
    );
    await assert.rejects(connection.dump(ask('list'), content), new KernelError('list', 1));
    await connection.acknowledge(ask());
  });
}

for (const per of [1, 2, 3, 100]) {
  test(`a dump that comes ${per} messages to a datagram is whole`, async (t) => {
    const kernel = FakeKernel.for(t).expect(dumped, dump(1, [1, 2, 3, 4, 5].map(item), { per }));
    assert.deepEqual(await new Connection(kernel).dump(ask(), content), shown(1, 2, 3, 4, 5));
  });
}

test('an empty dump is an empty list, whether or not its end carries an errno', async (t) => {
  const kernel = FakeKernel.for(t)
    .expect(dumped, dump(1, []))
    .expect(dumped, dump(1, [], { bareDone: true }));
  const connection = new Connection(kernel);
  assert.deepEqual(await connection.dump(ask(), content), []);
  assert.deepEqual(await connection.dump(ask(), content), []);
});

test('an errno at the end of a dump refuses all of it', async (t) => {
  const kernel = FakeKernel.for(t).expect(dumped, dump(1, [item(1)], { errno: 12 }));
  await assert.rejects(new Connection(kernel).dump(ask('list'), content), new KernelError('list', 12));
});

test('a dump during which the table changed is repeated', async (t) => {
  const kernel = FakeKernel.for(t)
    .expect({ ...dumped, sequence: 1 }, dump(1, [1, 2, 3].map(item), { interruptedFrom: 1, per: 1 }))
    .expect({ ...dumped, sequence: 2 }, dump(1, [1, 2].map(item), { interruptedFrom: 2 }))
    .expect({ ...dumped, sequence: 3 }, dump(1, [4, 5].map(item)));
  assert.deepEqual(await new Connection(kernel).dump(ask(), content), shown(4, 5));
});

test('a table that never keeps still is given up after ten dumps', async (t) => {
  const kernel = FakeKernel.for(t);
  for (let i = 0; i < 10; i++) kernel.expect(dumped, dump(1, [item(i)], { interruptedFrom: 0 }));
  await assert.rejects(
    new Connection(kernel).dump(ask('list'), content),
    new TransportError('interrupted', 'list', 'changed during each of 10 dumps'),
  );
});

test('messages from other senders than the kernel are ignored', async (t) => {
  const kernel = FakeKernel.for(t).expect(
    request,
    (sent) => [{ ...(reply(9, item(666))(sent)[0] as object), sender: 4321 } as never],
    (sent) => [{ ...(answer(1)(sent)[0] as object), sender: 4321 } as never],
    raw(wire.unhex('00'), 4321),
    reply(9, item(7)),
  );
  assert.equal(await new Connection(kernel).get(ask(), content), wire.hex(item(7)));
});

test('NLMSG_NOOP is passed over', async (t) => {
  const noop = wire.message({ type: 1, flags: 0, sequence: 0, port: 0 });
  const kernel = FakeKernel.for(t).expect(acknowledged, raw(noop), ack());
  await new Connection(kernel).acknowledge(ask());
});

test('silence ends when the deadline does', async (t) => {
  const kernel = FakeKernel.for(t).expect(acknowledged, silence);
  const begun = performance.now();
  await assert.rejects(new Connection(kernel, { timeout: 30 }).acknowledge(ask()), { reason: 'deadline' });
  const waited = performance.now() - begun;
  assert.ok(waited >= 25 && waited < 5000, `waited ${waited} ms`);
});

test('others cannot put the deadline off by talking', async (t) => {
  const kernel = FakeKernel.for(t).expect(acknowledged);
  const chatter = setInterval(() => kernel.intrude(datagram(wire.unhex('00'), 4321)), 5);
  t.after(() => clearInterval(chatter));
  await assert.rejects(new Connection(kernel, { timeout: 60 }).acknowledge(ask()), { reason: 'deadline' });
  assert.ok(
    kernel.patience.every((timeout, i) => timeout <= (kernel.patience[i - 1] ?? 60)),
    'time runs out',
  );
});

test('a kernel that sends nothing but NLMSG_NOOP does not put the deadline off', async (t) => {
  const kernel = FakeKernel.for(t).expect(acknowledged);
  const noop = wire.message({ type: 1, flags: 0, sequence: 0, port: 0 });
  const chatter = setInterval(() => kernel.intrude(datagram(noop)), 5);
  t.after(() => clearInterval(chatter));
  await assert.rejects(new Connection(kernel, { timeout: 60 }).acknowledge(ask()), { reason: 'deadline' });
});

test('every datagram of the kernel restarts the deadline', async (t) => {
  const kernel = FakeKernel.for(t).expect(dumped, dump(1, [1, 2, 3].map(item), { per: 1 }));
  await new Connection(kernel, { timeout: 1000 }).dump(ask(), content);
  assert.equal(kernel.patience.length, 4);
  assert.ok(kernel.patience.every((timeout) => timeout > 900 && timeout <= 1000));
});

/** Each of them is no answer to the request, and nothing after it can be trusted. */
const breakdowns: Readonly<Record<string, readonly [Parameters<FakeKernel['expect']>[1], object]>> = {
  'an answer with another sequence number': [
    reply(9, item(1), { sequence: 77 }),
    { name: 'ProtocolError', message: /^message: sequence 77 .* answers no request of ours/ },
  ],
  'an answer to a request of the past': [reply(9, item(1), { sequence: 0 }), { name: 'ProtocolError' }],
  'an answer for another port': [
    reply(9, item(1), { port: 99 }),
    { name: 'ProtocolError', message: /for port 99/ },
  ],
  'a message of another type': [
    reply(9, item(1), { type: 0x55 }),
    { name: 'ProtocolError', message: 'message: message type 85, where type 31 belongs' },
  ],
  'an acknowledgement where a reply belongs': [
    ack(),
    { name: 'ProtocolError', message: 'ask: acknowledged without a reply' },
  ],
  'the end of a dump where a reply belongs': [dump(1, []), { name: 'ProtocolError' }],
  'an empty datagram': [
    raw(wire.unhex('')),
    { name: 'ProtocolError', message: 'message: an empty datagram' },
  ],
  'a datagram shorter than a header': [raw(wire.unhex('0102030405')), { name: 'ProtocolError' }],
  garbage: [raw(new Uint8Array(64).fill(0xa5)), { name: 'ProtocolError' }],
  'an errno that is cut off': [
    (sent) => [datagram(wire.message({ ...(sent[0] as wire.WireMessage), type: 2, flags: 0 }, wire.u16(0)))],
    { name: 'ProtocolError', message: 'answer/errno: expected 4 bytes, got 2' },
  ],
  NLMSG_OVERRUN: [
    raw(wire.message({ type: 4, flags: 0, sequence: 0, port: 0 })),
    { name: 'TransportError', reason: 'overrun' },
  ],
  'a datagram that did not fit': [broken('truncated'), { name: 'TransportError', reason: 'truncated' }],
  'answers that the kernel had to drop': [broken('overrun'), { name: 'TransportError', reason: 'overrun' }],
};

for (const [what, [play, error]] of Object.entries(breakdowns)) {
  test(`${what} is an error, and the end of the connection`, async (t) => {
    const kernel = FakeKernel.for(t).expect(request, play as ReturnType<typeof ack>);
    const connection = new Connection(kernel, { timeout: 50 });
    await assert.rejects(connection.get(ask(), content), error);
    assert.ok(kernel.closed);
    await assert.rejects(connection.get(ask(), content), {
      name: 'TransportError',
      reason: 'closed',
      message: /^netlink send: the connection was given up after: /,
    });
  });
}

const notAcknowledgements: Readonly<Record<string, ReturnType<typeof ack>>> = {
  'a reply with content': reply(9, item(1)),
  'the end of a dump': dump(1, []),
};

for (const [what, play] of Object.entries(notAcknowledgements)) {
  test(`${what} acknowledges nothing`, async (t) => {
    const alone = FakeKernel.for(t).expect(acknowledged, play);
    await assert.rejects(new Connection(alone).acknowledge(ask()), ProtocolError);
    const batch = FakeKernel.for(t).expect([request, acknowledged], play);
    await assert.rejects(batched(new Connection(batch), [ask(), ask()]), ProtocolError);
  });
}

test('a dump that an acknowledgement cuts short is not believed', async (t) => {
  const kernel = FakeKernel.for(t).expect(dumped, dump(1, [item(1)], { endless: true }), ack());
  await assert.rejects(new Connection(kernel).dump(ask('list'), content), ProtocolError);
});

test('a dump whose messages lack the multipart flag is refused', async (t) => {
  const kernel = FakeKernel.for(t).expect(dumped, dump(1, [item(1), item(2)], { flags: 0 }));
  await assert.rejects(new Connection(kernel).dump(ask('list'), content), ProtocolError);
});

test('a dump that never ends runs into the deadline', async (t) => {
  const kernel = FakeKernel.for(t).expect(dumped, dump(1, [item(1), item(2)], { endless: true, per: 1 }));
  await assert.rejects(new Connection(kernel, { timeout: 20 }).dump(ask(), content), { reason: 'deadline' });
});

test('a dump that repeats itself for ever ends at a limit', async (t) => {
  const kernel = FakeKernel.for(t).expect(dumped, dump(1, [1, 2, 3, 4].map(item), { endless: true, per: 2 }));
  await assert.rejects(
    new Connection(kernel, { dumpLimit: 3 }).dump(ask('list'), content),
    new ProtocolError('a dump of more than 3 messages', ['list']),
  );
});

test('a reader that does not understand a reply ends the connection with its error', async (t) => {
  const kernel = FakeKernel.for(t).expect(request, reply(9, item(1)));
  const connection = new Connection(kernel);
  const error = new ProtocolError('99 is unknown', ['service', 'protocol']);
  await assert.rejects(
    connection.get(ask(), () => {
      throw error;
    }),
    error,
  );
  assert.ok(kernel.closed);
});

test('operations that overlap are carried out one after another', async (t) => {
  const kernel = FakeKernel.for(t)
    .expect({ ...dumped, sequence: 1 }, dump(1, [1, 2, 3].map(item), { per: 1 }))
    .expect({ ...acknowledged, sequence: 2 }, answer(17))
    .expect({ ...request, sequence: 3 }, reply(9, item(7)))
    .expect(
      [
        { ...request, sequence: 4 },
        { ...acknowledged, sequence: 5 },
      ],
      ack(),
    );
  const connection = new Connection(kernel);
  const results = await Promise.allSettled([
    connection.dump(ask('list'), content),
    connection.acknowledge(ask('add')),
    connection.get(ask(), content),
    batched(connection, [ask(), ask()]),
  ]);
  assert.deepEqual(results, [
    { status: 'fulfilled', value: shown(1, 2, 3) },
    { status: 'rejected', reason: new KernelError('add', 17) },
    { status: 'fulfilled', value: wire.hex(item(7)) },
    { status: 'fulfilled', value: [undefined, undefined] },
  ]);
});

test('operations that wait behind a breakdown fail with it', async (t) => {
  const kernel = FakeKernel.for(t).expect(acknowledged, broken('overrun'));
  const connection = new Connection(kernel);
  const results = await Promise.allSettled([connection.acknowledge(ask()), connection.get(ask(), content)]);
  assert.deepEqual(
    results.map((result) => result.status === 'rejected' && (result.reason as TransportError).reason),
    ['overrun', 'closed'],
  );
});

test('closing ends the operation that waits for an answer, and refuses later ones', async (t) => {
  const kernel = FakeKernel.for(t).expect(acknowledged, silence);
  const connection = new Connection(kernel);
  const waiting = connection.acknowledge(ask());
  setImmediate(() => connection.close());
  await assert.rejects(waiting, { name: 'TransportError', reason: 'closed' });
  await assert.rejects(connection.acknowledge(ask()), { message: 'netlink send: the connection is closed' });
  connection.close();
});

test('a send that fails is an error, and the end of the connection', async (t) => {
  const kernel = FakeKernel.for(t);
  kernel.send = () => {
    throw new TransportError('system', 'send', 'no buffers', 105);
  };
  const connection = new Connection(kernel);
  await assert.rejects(connection.acknowledge(ask()), { reason: 'system', errno: 105 });
  assert.ok(kernel.closed);
});

test('a request that cannot be written was never sent, and the connection goes on', async (t) => {
  const kernel = FakeKernel.for(t).expect(acknowledged, ack());
  const connection = new Connection(kernel);
  const unwritable: Request = {
    operation: 'add',
    type: TYPE,
    put() {
      throw new RangeError('no such number');
    },
  };
  await assert.rejects(connection.acknowledge(unwritable), RangeError);
  await assert.rejects(batched(connection, [ask(), unwritable]), RangeError);
  await connection.acknowledge(ask());
});

test('the trace sees every datagram, in order', async (t) => {
  const kernel = FakeKernel.for(t).expect(dumped, dump(1, [item(1)], { per: 1 }));
  const seen: string[] = [];
  const connection = new Connection(kernel, {
    trace: (direction, bytes) =>
      seen.push(`${direction} ${wire.readMessages(bytes).map(({ type }) => type)}`),
  });
  await connection.dump(ask(), content);
  assert.deepEqual(seen, ['send 31', 'receive 31', 'receive 3']);
});

test('sequence numbers start again at 0 after 2^32 - 1', async (t) => {
  const kernel = FakeKernel.for(t)
    .expect({ ...acknowledged, sequence: 0xffffffff }, ack())
    .expect({ ...acknowledged, sequence: 0 }, ack());
  const connection = new Connection(kernel, { firstSequence: 0xffffffff });
  await connection.acknowledge(ask());
  await connection.acknowledge(ask());
});
