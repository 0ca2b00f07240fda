// Every suite of test/lab/suites, in guests, two at a time; each of their tests counted here.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { before, test } from 'node:test';
import type { Line, SuiteEvent } from './harness/events.js';
import { replay } from './harness/replay.js';
import { cpusOf, emulationOf, findGuests, suiteName } from './harness/suites.js';
import { runInLab } from './lab.js';

const runner = join(import.meta.dirname, 'harness/main.js');

/** What each suite told; the promise waits for its end, or for the end of the lab. */
class Outcome {
  readonly events: SuiteEvent[] = [];
  /** How long it took; of the first one of a guest, with the guest's start. */
  seconds = 0;
  private finish = () => {};
  readonly over = new Promise<void>((resolve) => {
    this.finish = resolve;
  });

  add(event: SuiteEvent): void {
    this.events.push(event);
    if (event.kind === 'end') this.end();
  }

  end(): void {
    this.finish();
  }
}

const guests = findGuests();
const outcomes = new Map(guests.flat().map((suite) => [suite, new Outcome()]));
let lab: Promise<void>;

/** A guest has one processor (with few exceptions), and a machine for tests two at least. */
const GUESTS = 2;

async function runGuests(): Promise<void> {
  // Installs and caches what is missing, once, before two guests want it.
  await runInLab({ command: ['true'] });
  const waiting = [...guests];
  const failures: unknown[] = [];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await runGuest(next).catch((error) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: GUESTS }, worker));
  if (failures.length > 0) throw failures[0];
}

async function runGuest(suites: readonly string[]): Promise<void> {
  let began = performance.now();
  const stdout = new PassThrough();
  const lines = createInterface({ input: stdout });
  lines.on('line', (text) => {
    const { suite, ...event }: Line = JSON.parse(text);
    const outcome = outcomes.get(suite);
    outcome?.add(event);
    if (event.kind !== 'end' || outcome === undefined) return;
    outcome.seconds = Math.round((performance.now() - began) / 1000);
    began = performance.now();
  });
  const names = suites.map(suiteName);
  try {
    const command = [process.execPath, runner, ...suites];
    const cpus = Math.max(...names.map(cpusOf));
    const emulation = names.map(emulationOf).find((each) => each !== 'tcg');
    const { status, stderr } = await runInLab({ command, stdout, cpus, ...(emulation && { emulation }) });
    assert.equal(status, 0, `the runner of ${names.join(', ')} failed:\n${stderr}`);
  } finally {
    await new Promise<void>((resolve) => lines.once('close', resolve) && stdout.end());
    for (const suite of suites) outcomes.get(suite)?.end();
  }
}

before(() => {
  lab = runGuests().finally(() => {
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
  assert.ok(outcomes.size > 0, 'there are no suites');
  await lab;
  context.diagnostic('seconds of each suite, with the start of its guest if it is the first there:');
  for (const [suite, { seconds }] of [...outcomes].sort(([, a], [, b]) => b.seconds - a.seconds))
    context.diagnostic(`${String(seconds).padStart(5)} ${suiteName(suite)}`);
});
