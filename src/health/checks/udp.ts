/** A datagram is answered as expected; if no answer is expected, it is only not refused by ICMP. */
import { bytesOf, expectBytes } from './answer.js';
import { type RunKind, Unanswered } from './check.js';
import { askByDatagram } from './datagram.js';

export const run: RunKind<'udp'> = async (target, { send = '', expect, encoding }, signal) => {
  try {
    const answer = await askByDatagram(target, bytesOf(send, encoding), signal);
    if (expect !== undefined) expectBytes(answer, bytesOf(expect, encoding), encoding);
    return { reason: expect === undefined ? 'answered' : 'expected answer' };
  } catch (error) {
    if (expect === undefined && error instanceof Unanswered) return { reason: 'not refused' };
    throw error;
  }
};
