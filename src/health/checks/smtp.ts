/** A mail server greets with 220, and answers EHLO with 250 (RFC 5321, section 4.2). */
import type { Socket } from 'node:net';
import { quotedLine } from './answer.js';
import { CheckFailure, type RunKind } from './check.js';
import { connect, readUntil } from './connection.js';

/** The last line of a reply has a blank, or nothing, after the code; the others have a hyphen. */
function isComplete(received: Buffer, from = 0): boolean {
  if (!received.includes('\n', from)) return false;
  const line = from === 0 ? 0 : received.lastIndexOf('\n', from - 1) + 1;
  return /^\d{3}(?: .*)?\r?\n/m.test(received.toString('utf8', line));
}

export const run: RunKind<'smtp'> = async (target, { helo }, signal) => {
  const socket = await connect(target, signal);
  try {
    const banner = await expectReply(socket, 'banner', 220, signal);
    socket.write(`EHLO ${helo}\r\n`);
    await expectReply(socket, 'answer to EHLO', 250, signal);
    socket.write('QUIT\r\n');
    // Without it the server logs a lost connection; what it says changes no result.
    await readUntil(socket, 'answer to QUIT', signal, isComplete).catch(() => undefined);
    return { reason: banner };
  } finally {
    socket.destroy();
  }
};

/** @returns the first line of the reply, in quotes. @throws CheckFailure for another code */
async function expectReply(
  socket: Socket,
  missing: string,
  code: number,
  signal: AbortSignal,
): Promise<string> {
  const reply = await readUntil(socket, missing, signal, isComplete);
  const shown = quotedLine(reply);
  if (reply.length === 0) throw new CheckFailure(`closed without ${missing}`);
  if (!String(reply).startsWith(String(code))) throw new CheckFailure(`${missing} ${shown}`);
  if (!isComplete(reply)) throw new CheckFailure(`${missing} is not whole: ${shown}`);
  return shown;
}
