/**
 * A second reporter beside Node's own: what failed, once more, after everything else. A run of half an hour prints tens of
 * thousands of lines, and of a log that is cut only the end is left.
 */
import { relative } from 'node:path';
import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

interface Failure {
  /** From the outermost test or suite inwards. */
  readonly path: readonly string[];
  /** Of the outermost name of the path. */
  readonly nesting: number;
  readonly file: string;
  /** What the test threw. */
  readonly thrown: unknown;
}

type Fail = Extract<TestEvent, { type: 'test:fail' }>['data'];

export default async function* failures(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  let all: Failure[] = [];
  for await (const event of source) {
    if (event.type !== 'test:fail' || event.data.todo !== undefined) continue;
    all = all.map((each) => placed(each, event.data));
    if (!onlyWithin(event.data)) all.push(failure(event.data));
  }
  if (all.length > 0) yield `\n# failed:\n${all.map(render).join('')}`;
}

/** Nothing but its subtests failed. */
const onlyWithin = (data: Fail): boolean =>
  (data.details.error as { failureType?: string }).failureType === 'subtestsFailed';

/** Node reports a test before the one around it. */
const placed = (each: Failure, { name, nesting }: Fail): Failure =>
  each.nesting > nesting ? { ...each, nesting, path: [name, ...each.path] } : each;

const failure = ({ name, nesting, file, details }: Fail): Failure => ({
  path: [name],
  nesting,
  file: file === undefined ? '' : relative(process.cwd(), file),
  thrown: details.error.cause ?? details.error,
});

function render({ path, file, thrown }: Failure): string {
  const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : inspect(thrown);
  return `#\n# ${path.join(' > ')} (${file})\n${text.replace(/^/gm, '#   ')}\n`;
}
