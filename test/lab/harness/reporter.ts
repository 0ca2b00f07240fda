// A reporter for node's test runner inside the lab: one JSON line per outcome, on a file descriptor of its own, apart from
// what the tests print. Written at once, so that what was reported survives a crash.
import { writeSync } from 'node:fs';
import type { TestEvent as NodeEvent } from 'node:test/reporters';
import { inspect } from 'node:util';
import type { ReportedError, SuiteEvent } from './events.js';

/** The descriptor that run-suite.ts opens for us. */
const descriptor = 3;

/** Node's totals at the end of a file, which the host counts anew. */
const total = /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/;

export default async function* report(source: AsyncIterable<NodeEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    const told = tell(event);
    if (told) writeSync(descriptor, `${JSON.stringify(told)}\n`);
    yield '';
  }
}

function tell(event: NodeEvent): SuiteEvent | undefined {
  switch (event.type) {
    case 'test:pass':
      return { kind: 'test', ...about(event.data) };
    case 'test:fail':
      return { kind: 'test', ...about(event.data), error: describe(event.data.details.error) };
    case 'test:diagnostic': {
      const { nesting, message } = event.data;
      return nesting === 0 && total.test(message) ? undefined : { kind: 'diagnostic', nesting, message };
    }
    default:
      return undefined;
  }
}

const about = ({
  name,
  nesting,
  skip,
  todo,
}: {
  name: string;
  nesting: number;
  skip?: string | boolean;
  todo?: string | boolean;
}) => ({
  name,
  nesting,
  ...(skip !== undefined && { skip }),
  ...(todo !== undefined && { todo }),
});

/** Node wraps what the test threw. */
function describe(error: Error & { failureType?: string }): ReportedError & { within: boolean } {
  const thrown = error.cause ?? error;
  const message = thrown instanceof Error ? thrown.message : inspect(thrown);
  return { message, stack: inspect(thrown, { depth: 8 }), within: error.failureType === 'subtestsFailed' };
}
