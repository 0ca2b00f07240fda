// Every suite of test/lab/suites, each in a guest of its own, two guests at a time; each of their tests counted here.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { before, test } from 'node:test';
import type { Line, SuiteEvent } from './harness/events.js';
import { replay } from './harness/replay.js';
import { cpusOf, findSuites, suiteName } from './harness/suites.js';
import { runInLab } from './lab.js';

const runner = join(import.meta.dirname, 'harness/main.js');

/** What each suite told; the promise waits for its end, or for the end of the lab. */
class Outcome {
  readonly events: SuiteEvent[] = [];
  /** How long the guest was up. */
  seconds = 0;
  private finish = () => {};
  readonly over = new Promise<void>((resolve) => {
    this.finish = resolve;
  });

  add(event: SuiteEvent): void {
    this.events.push(event);
  }

  end(): void {
    this.finish();
  }
}

const suites = findSuites();
const outcomes = new Map(suites.map((suite) => [suite, new Outcome()]));
let lab: Promise<void>;

/** A guest has one processor (with few exceptions), and a machine for tests two at least. */
const GUESTS = 2;

async function runSuites(): Promise<void> {
  // Installs and caches what is missing, once, before two guests want it.
  await runInLab({ command: ['true'] });
  const waiting = [...outcomes];
  const failures: unknown[] = [];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await runSuite(...next).catch((error) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: GUESTS }, worker));
  if (failures.length > 0) throw failures[0];
}

async function runSuite(suite: string, outcome: Outcome): Promise<void> {
  const start = performance.now();
  const stdout = new PassThrough();
  const lines = createInterface({ input: stdout });
  lines.on('line', (text) => {
    const { suite: _, ...event }: Line = JSON.parse(text);
    outcome.add(event);
  });
  try {
    const command = [process.execPath, runner, suite];
    const { status, stderr } = await runInLab({ command, stdout, cpus: cpusOf(suiteName(suite)) });
    assert.equal(status, 0, `the runner of ${suiteName(suite)} failed:\n${stderr}`);
  } finally {
    await new Promise<void>((resolve) => lines.once('close', resolve) && stdout.end());
    outcome.seconds = Math.round((performance.now() - start) / 1000);
    outcome.end();
  }
}

before(() => {
  lab = runSuites().finally(() => {
    for (const outcome of outcomes.values()) outcome.end();
  });
  // Reported by the last test; the suites that it keeps from ending fail as well.
  lab.catch(() => {});
});

for (const [suite, outcome] of outcomes) {
  test(`lab: ${suiteName(suite)}`, async (context) => {
    await outcome.over;
    await replay(context, outcome.events);
  });
}

test('the lab runs every suite and ends well', async (context) => {
  assert.ok(suites.length > 0, 'there are no suites');
  await lab;
  context.diagnostic('seconds of each guest, its start included:');
  for (const [suite, { seconds }] of [...outcomes].sort(([, a], [, b]) => b.seconds - a.seconds))
    context.diagnostic(`${String(seconds).padStart(5)} ${suiteName(suite)}`);
});
