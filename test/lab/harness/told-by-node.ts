// What a suite tells that runs under Node: reporter.ts writes events as JSON lines on a descriptor of their own.
import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { SuiteEvent } from './events.js';

export const reporting = [`--test-reporter=${join(import.meta.dirname, 'reporter.js')}`];

export async function* toldByNode({ stdio: [, out, err, events] }: ChildProcess): AsyncGenerator<SuiteEvent> {
  const printed = [out, err].map((stream) => text(stream as Readable));
  for await (const line of createInterface({ input: events as Readable })) yield JSON.parse(line);
  const output = (await Promise.all(printed)).join('');
  if (output) yield { kind: 'output', text: output };
}
