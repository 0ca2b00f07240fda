// A suite's outcome, told again on the host as tests of node's runner, so that there is one total for everything.
import { type EndEvent, type ReportedError, type SuiteEvent, type TestNode, treeOf } from './events.js';

/** What of node's TestContext tells an outcome. */
export interface Stage {
  diagnostic(message: string): void;
  test(
    name: string,
    options: { skip?: string | boolean; todo?: string | boolean },
    run: (stage: Stage) => Promise<void>,
  ): Promise<void>;
}

/** Makes each test of the suite a test within `stage`, and throws what is wrong with the suite as a whole. */
export async function replay(stage: Stage, events: SuiteEvent[]): Promise<void> {
  const tests = treeOf(events);
  for (const test of tests) await replayTest(stage, test);
  const fault = suiteFault(tests, events);
  const printed = events.flatMap((event) => (event.kind === 'output' ? event.text : [])).join('');
  if (printed && (fault || tests.some(failed))) stage.diagnostic(`printed by the suite:\n${printed}`);
  if (fault) throw new Error(printed ? `${fault}; it printed:\n${printed}` : fault);
}

const failed = (test: TestNode): boolean => test.error !== undefined && !test.todo;

/** What is wrong with a suite beyond its failed tests. */
export function suiteFault(tests: TestNode[], events: SuiteEvent[]): string | undefined {
  const end = events.find((event): event is EndEvent => event.kind === 'end');
  if (!end) return 'the suite was not run to its end';
  if (end.late !== undefined) return `the suite was not over within ${end.late} s`;
  if (tests.length === 0) return `the suite reported no test (${ending(end)})`;
  if (end.signal !== null || end.status !== (tests.some(failed) ? 1 : 0))
    return `the suite crashed (${ending(end)})`;
  return undefined;
}

const ending = ({ status, signal }: EndEvent): string => (signal === null ? `exit status ${status}` : signal);

async function replayTest(stage: Stage, test: TestNode): Promise<void> {
  const { skip, todo } = test;
  const options = { ...(skip !== undefined && { skip }), ...(todo !== undefined && { todo }) };
  await stage.test(test.name, options, async (inner) => {
    for (const message of test.diagnostics) inner.diagnostic(message);
    for (const child of test.children) await replayTest(inner, child);
    if (test.error && !test.error.within) throw errorFrom(test.error);
  });
}

function errorFrom({ message, stack }: ReportedError): Error {
  const error = new Error(message);
  error.stack = stack;
  return error;
}
