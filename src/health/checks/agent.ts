/** HAProxy's agent check: the server answers a connection with a line of words (HAProxy's configuration manual, agent-check). */
import { quotedLine } from './answer.js';
import { type AdminState, CheckFailure, type RunKind, type Success } from './check.js';
import { connect, readUntil } from './connection.js';

const states: Readonly<Record<string, 'up' | 'down'>> = {
  up: 'up',
  down: 'down',
  fail: 'down',
  failed: 'down',
  stopped: 'down',
};

const adminStates: readonly AdminState[] = ['ready', 'drain', 'maint'];

export const run: RunKind<'agent'> = async (target, { send }, signal) => {
  const socket = await connect(target, signal);
  try {
    if (send !== undefined) socket.write(send);
    const hasLine = (received: Buffer, from: number): boolean =>
      received.includes('\n', from) || received.includes('\r', from);
    return parseAgent(String(await readUntil(socket, 'answer', signal, hasLine)));
  } finally {
    socket.destroy();
  }
};

/**
 * The first line of an answer: words between blanks or commas, and a description after `#`. Of words that exclude each other the last
 * one counts; unknown ones, such as `maxconn:30`, are skipped.
 * @throws CheckFailure if the server is down, or no word is known
 */
export function parseAgent(answer: string): Success {
  const [line = ''] = answer.trimStart().split(/[\r\n]/, 1);
  const [words = ''] = line.split('#', 1);
  let state: 'up' | 'down' | undefined;
  let weight: number | undefined;
  let admin: AdminState | undefined;
  for (const word of words.toLowerCase().split(/[\s,]+/)) {
    const [, percent] = /^(\d{1,3})%$/.exec(word) ?? [];
    if (percent !== undefined) weight = Number(percent);
    admin = adminStates.find((name) => name === word) ?? admin;
    if (Object.hasOwn(states, word)) state = states[word];
  }
  if (state === 'down') throw new CheckFailure(quotedLine(line));
  if ((state ?? weight ?? admin) === undefined)
    throw new CheckFailure(line === '' ? 'empty answer' : `no word of an agent: ${quotedLine(line)}`);
  return {
    reason: quotedLine(line),
    ...(weight !== undefined && { weight }),
    ...(admin !== undefined && { admin }),
  };
}
