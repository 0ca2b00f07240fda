// What a suite tells that runs under Bun: its runner writes a line for each test on standard error, after what went wrong.
import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { SuiteEvent, TestEvent } from './events.js';

/** `(fail) group > test [12.34ms]` */
const outcome = /^\((pass|fail|skip|todo)\) (.+?)(?: \[[\d.]+m?s\])?$/;

export async function* toldByBun({ stdout, stderr }: ChildProcess): AsyncGenerator<SuiteEvent> {
  const printed = text(stdout as Readable);
  let before: string[] = [];
  for await (const line of createInterface({ input: stderr as Readable })) {
    const event = eventIn(line, before);
    if (event === undefined) before.push(line);
    else {
      yield event;
      before = [];
    }
  }
  yield { kind: 'output', text: `${await printed}${before.map((line) => `${line}\n`).join('')}` };
}

/** @param before the lines since the last test, which tell why one failed */
export function eventIn(line: string, before: readonly string[]): TestEvent | undefined {
  const [, what, name = ''] = outcome.exec(line) ?? [];
  if (what === undefined) return undefined;
  const event: TestEvent = { kind: 'test', name, nesting: 0 };
  if (what === 'skip') return { ...event, skip: true };
  if (what === 'todo') return { ...event, todo: true };
  if (what === 'pass') return event;
  return { ...event, error: { message: messageIn(before), stack: before.join('\n'), within: false } };
}

/** The error's message with all its lines, which properties of the error or the stack follow. */
function messageIn(lines: readonly string[]): string {
  const start = lines.findIndex((text) => /^\w*error:/i.test(text));
  if (start < 0) return 'it failed';
  const length = lines.slice(start).findIndex((text) => /^ *(generatedMessage:|at )/.test(text));
  return lines
    .slice(start, length < 0 ? undefined : start + length)
    .join('\n')
    .trimEnd();
}
