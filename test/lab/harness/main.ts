// Runs in the lab, with the paths of suites as arguments: each of them, one after the other, in namespaces of its own.
// Prints what happens as JSON lines (events.ts).
import { isolated } from '../isolation.js';
import type { Line } from './events.js';
import { runSuite } from './run-suite.js';

/** Seconds for one suite: many times what the slowest takes in an emulated guest on an idle machine. */
const patience = 1200;

for (const suite of process.argv.slice(2)) {
  await runSuite({
    suite,
    patience,
    within: isolated,
    tell: (event) => {
      const line: Line = { suite, ...event };
      process.stdout.write(`${JSON.stringify(line)}\n`);
    },
  });
}
