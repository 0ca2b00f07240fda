import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProtocolError } from '../../src/errors.js';
import { Writer } from '../../src/netlink/bytes.js';
import { type Answer, begin, finish, messages, readAnswer } from '../../src/netlink/message.js';
import { NLM, words } from '../support/fake-kernel.js';
import * as wire from '../support/wire.js';

const header = { type: 0x1f, flags: NLM.REQUEST | NLM.ACK, sequence: 0xfffffffe, port: 0x80000001 };

test('messages are written one after another, each padded, with lengths that leave the padding out', () => {
  const to = new Writer();
  for (const byte of [1, 2]) {
    const at = begin(to, header);
    to.u8(byte);
    finish(to, at);
  }
  assert.equal(
    wire.hex(to.written()),
    wire.hex(wire.join(wire.message(header, wire.u8(1)), wire.message(header, wire.u8(2)))),
  );
});

test('a datagram gives its messages, the last one with or without padding', () => {
  const whole = wire.join(
    wire.message(header, wire.u8(1)),
    wire.message({ ...header, sequence: 5 }, wire.u8(2)),
  );
  for (const datagram of [whole, whole.subarray(0, whole.length - 3)]) {
    const found = [...messages(datagram)];
    assert.deepEqual(
      found.map(({ reader, start, end, ...facts }) => [facts, wire.hex(reader.raw(start, end))]),
      [
        [header, '01'],
        [{ ...header, sequence: 5 }, '02'],
      ],
    );
  }
});

test('a message whose header is cut off is an error', () => {
  const whole = wire.message(header);
  for (let length = 1; length < 16; length++) {
    assert.throws(() => [...messages(whole.subarray(0, length))], {
      message: `message: ${length} bytes left where a message header takes 16`,
    });
  }
});

test('a length below the header or past the datagram is an error, not an endless loop', () => {
  for (const length of [0, 15, 21, 0xffffffff]) {
    const datagram = wire.join(wire.u32(length), wire.message(header, wire.u32(0)).subarray(4));
    assert.throws(() => [...messages(datagram)], {
      message: `message: message length ${length}, where 16 to 20 would fit`,
    });
  }
});

test('the messages before a broken one are still given', () => {
  const datagram = wire.join(wire.message(header), wire.u32(7));
  const found: number[] = [];
  assert.throws(() => {
    for (const { type } of messages(datagram)) found.push(type);
  }, ProtocolError);
  assert.deepEqual(found, [0x1f]);
});

const request = wire.message(header, wire.genl(1), wire.attribute(1, wire.u8(1)));

function read(type: number, flags: number, ...payload: Uint8Array[]): Answer {
  const [message] = messages(wire.message({ ...header, type, flags }, ...payload));
  assert.ok(message);
  return readAnswer(message);
}

test('an acknowledgement is errno 0', () => {
  assert.deepEqual(read(2, NLM.CAPPED, wire.i32(0), request.subarray(0, 16)), {
    errno: 0,
    detail: undefined,
  });
});

test('a refusal is a positive errno, with or without the request echoed', () => {
  assert.deepEqual(read(2, 0, wire.i32(-17), request), { errno: 17, detail: undefined });
  assert.deepEqual(read(2, NLM.CAPPED, wire.i32(-17), request.subarray(0, 16)), {
    errno: 17,
    detail: undefined,
  });
});

test('the kernel’s words are found behind the echo, capped or not', () => {
  assert.deepEqual(read(2, NLM.ACK_TLVS, wire.i32(-22), request, words('Bad port')), {
    errno: 22,
    detail: 'Bad port',
  });
  assert.deepEqual(
    read(2, NLM.ACK_TLVS | NLM.CAPPED, wire.i32(-22), request.subarray(0, 16), words('Bad port')),
    { errno: 22, detail: 'Bad port' },
  );
});

test('a dump ends with an errno of its own, or with none at all', () => {
  assert.deepEqual(read(3, NLM.MULTI, wire.i32(0)), { errno: 0, detail: undefined });
  assert.deepEqual(read(3, NLM.MULTI), { errno: 0 });
  assert.deepEqual(read(3, NLM.MULTI, wire.i32(-1)), { errno: 1, detail: undefined });
  assert.deepEqual(read(3, NLM.MULTI | NLM.ACK_TLVS, wire.i32(-1), words('No')), { errno: 1, detail: 'No' });
});

test('an answer too short for its errno, or with one that no kernel sends, is an error', () => {
  assert.throws(() => read(2, 0, wire.u16(0)), { message: 'answer/errno: expected 4 bytes, got 2' });
  assert.throws(() => read(2, 0), ProtocolError);
  assert.throws(() => read(2, 0, wire.i32(17), request), ProtocolError);
});

test('an echo that claims to be longer than the answer is an error', () => {
  for (const length of [40, 0x7fffffff, 0xfffffff0, 0xffffffff]) {
    const echo = wire.join(wire.u32(length), request.subarray(4, 16));
    assert.throws(() => read(2, NLM.ACK_TLVS, wire.i32(-22), echo), {
      message: 'answer: the echoed request is longer than its answer',
    });
  }
});

test('a refusal whose echo is cut off is an error, whatever follows it in the datagram', () => {
  const cut = wire.message({ ...header, type: 2, flags: NLM.ACK_TLVS }, wire.i32(-22));
  const [refusal] = messages(wire.join(cut, wire.message(header, wire.u8(1))));
  assert.ok(refusal);
  assert.throws(() => readAnswer(refusal), {
    message: 'answer: the echoed request is longer than its answer',
  });
});
