/** A TCP connection is accepted, and the server sends the expected bytes. */
import { bytesOf, expectBytes } from './answer.js';
import type { RunKind } from './check.js';
import { connect, readUntil } from './connection.js';

export const run: RunKind<'tcp'> = async (target, { send, expect, encoding }, signal) => {
  const socket = await connect(target, signal);
  try {
    if (send !== undefined) socket.write(bytesOf(send, encoding));
    if (expect === undefined) return { reason: 'connected' };
    const expected = bytesOf(expect, encoding);
    const answer = await readUntil(socket, 'answer', signal, (received, from) =>
      received.includes(expected, Math.max(0, from - expected.length + 1)),
    );
    expectBytes(answer, expected, encoding);
    return { reason: 'expected answer' };
  } finally {
    socket.destroy();
  }
};
