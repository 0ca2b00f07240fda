/** A DNS query is answered with the expected response code and record; over TCP if the answer does not fit a datagram. */
import { quoted } from '../../foreign-text.js';
import { canonicalAddress, isIpv6 } from '../../model/address.js';
import { CheckFailure, type CheckTarget, type RunKind } from './check.js';
import { connect, readUntil } from './connection.js';
import { askByDatagram } from './datagram.js';
import { answersQuery, type DnsResponse, decodeResponse, encodeQuery } from './dns-message.js';

/** Answers that a reason shows. */
const SHOWN = 3;

export const run: RunKind<'dns'> = async (target, { name, type, rcode, answer }, signal) => {
  const id = process.getBuiltinModule('node:crypto').randomInt(0x10000);
  const query = encodeQuery(id, name, type);
  const decode = (message: Buffer): DnsResponse => {
    try {
      return decodeResponse(message, type);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new CheckFailure('malformed answer');
    }
  };
  let response = decode(
    await askByDatagram(target, query, signal, (message) => answersQuery(message, query)),
  );
  if (response.truncated) response = decode(await askByStream(target, query, signal));
  const { code, answers } = response;
  if (code !== rcode) throw new CheckFailure(code, { rcode: code });
  const shown = answers.slice(0, SHOWN).map(quoted).join(', ') || 'no record';
  if (answer !== undefined && !answers.some((found) => comparable(found) === comparable(answer)))
    throw new CheckFailure(`${code}, but the answer is ${shown}`, { rcode: code, answers: answers.length });
  return { reason: `${code}, ${shown}`, detail: { rcode: code, answers: answers.length } };
};

/** Messages over TCP come after their length (RFC 1035, section 4.2.2). */
async function askByStream(target: CheckTarget, query: Buffer, signal: AbortSignal): Promise<Buffer> {
  const socket = await connect(target, signal);
  try {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.write(Buffer.concat([length, query]));
    const isComplete = (received: Buffer): boolean =>
      received.length >= 2 && received.length >= 2 + received.readUInt16BE(0);
    const received = await readUntil(socket, 'answer over TCP', signal, isComplete);
    const message = received.subarray(2);
    if (!isComplete(received) || !answersQuery(message, query))
      throw new CheckFailure('malformed answer over TCP');
    return message;
  } finally {
    socket.destroy();
  }
}

/** Names compare without case and last dot, addresses in their canonical text. */
const comparable = (text: string): string =>
  isIpv6(text) ? canonicalAddress(text) : text.toLowerCase().replace(/(?<=.)\.$/, '');
