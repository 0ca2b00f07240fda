// What happens in a suite, and what becomes of it on the host. Without a kernel: the suites here are fixtures.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { DistributionName } from '../distribution.js';
import { type SuiteEvent, treeOf } from './events.js';
import { replay, type Stage, suiteFault } from './replay.js';
import { runSuite } from './run-suite.js';
import { eventIn } from './told-by-bun.js';

const fixture = async (name: string, patience = 60, on: DistributionName = 'node'): Promise<SuiteEvent[]> => {
  const events: SuiteEvent[] = [];
  const suite = join(import.meta.dirname, `../fixtures/${name}.js`);
  await runSuite({ suite, patience, within: (command) => command, on, tell: (event) => events.push(event) });
  return events;
};

const faultOf = (events: SuiteEvent[]) => suiteFault(treeOf(events), events);

/** Stands in for node's test context, and writes down what the replay makes of it. */
class Notes implements Stage {
  readonly lines: string[] = [];
  constructor(private readonly indent = '') {}

  diagnostic(message: string): void {
    this.lines.push(`${this.indent}# ${message}`);
  }

  async test(
    name: string,
    { skip, todo }: { skip?: string | boolean; todo?: string | boolean },
    run: (stage: Stage) => Promise<void>,
  ) {
    const mark = `${skip ? ` skip: ${skip}` : ''}${todo ? ` todo: ${todo}` : ''}`;
    const inner = new Notes(`${this.indent}  `);
    const failure = skip ? undefined : await run(inner).catch((error: Error) => error);
    this.lines.push(
      `${this.indent}${failure ? 'not ok' : 'ok'} ${name}${mark}${failure ? `: ${failure.message}` : ''}`,
      ...inner.lines,
    );
  }
}

test('every outcome of a test reaches the host', async () => {
  const events = await fixture('outcomes');
  const notes = new Notes();
  await replay(notes, events);
  assert.deepEqual(notes.lines, [
    'ok passes',
    '  # by the way',
    'ok a group',
    '  ok passes within',
    '  not ok fails within: arithmetic',
    'ok is skipped skip: for a reason',
    'not ok is to be done todo: true: not yet',
    '# printed by the suite:\nprinted by the suite\n',
  ]);
});

test('a failure keeps its stack, which names the line in the suite', async () => {
  const [, group] = treeOf(await fixture('outcomes'));
  assert.match(group?.children[1]?.error?.stack ?? '', /AssertionError.*arithmetic[\s\S]*outcomes\.js:\d+/);
});

describe('a suite that did not do its work fails, and shows what it printed', () => {
  test('its process died', async () => {
    const events = await fixture('crash');
    const notes = new Notes();
    await assert.rejects(
      replay(notes, events),
      /^Error: the suite crashed \(SIGKILL\); it printed:\nlast words\n$/,
    );
    assert.equal(notes.lines[0], 'ok is over before');
  });

  test('its process failed while its tests passed', async () => {
    assert.equal(faultOf(await fixture('quits')), 'the suite crashed (exit status 3)');
  });

  test('it has no test', async () => {
    const replayed = replay(new Notes(), await fixture('empty'));
    await assert.rejects(replayed, /reported no test \(exit status 0\); it printed:\nnothing to see\n$/);
  });

  test('it cannot be loaded', async () => {
    const replayed = replay(new Notes(), await fixture('missing'));
    await assert.rejects(replayed, /reported no test[\s\S]*Cannot find module/);
  });

  test('it hangs', async () => {
    assert.equal(faultOf(await fixture('hang', 2)), 'the suite was not over within 2 s');
  });

  test('the lab ended before it did', () => {
    assert.equal(suiteFault([], []), 'the suite was not run to its end');
  });
});

describe('under Bun, which tells its tests in lines of its own', () => {
  const underBun = (name: string, patience?: number) => fixture(name, patience, 'standalone');

  test('every outcome reaches the host, the message and the place of a failure included', async () => {
    const events = await underBun('outcomes');
    const notes = new Notes();
    await replay(notes, events);
    assert.deepEqual(notes.lines.slice(0, 5), [
      'ok passes',
      'ok a group > passes within',
      'not ok a group > fails within: AssertionError: arithmetic',
      'ok is skipped skip: true',
      'ok is to be done todo: true',
    ]);
    assert.match(notes.lines[5] ?? '', /^# printed by the suite:[\s\S]*printed by the suite\nby the way\n/);
    assert.match(treeOf(events)[2]?.error?.stack ?? '', /operator: "fail"/);
  });

  test('a message of several lines is told whole, without what follows it', () => {
    const lines = [
      '12 | assert(',
      'AssertionError: 2 of 3 differ:',
      'one',
      'two',
      '',
      ' generatedMessage: false,',
      '      at x',
    ];
    assert.equal(
      eventIn('(fail) a > b [1.00ms]', lines)?.error?.message,
      'AssertionError: 2 of 3 differ:\none\ntwo',
    );
  });

  for (const [what, name, fault] of [
    ['its process died', 'crash', 'the suite crashed (SIGKILL)'],
    ['its process failed while its tests passed', 'quits', 'the suite crashed (exit status 3)'],
    ['it has no test', 'empty', 'the suite reported no test (exit status 0)'],
    ['it cannot be loaded', 'missing', 'the suite reported no test (exit status 1)'],
    ['it hangs', 'hang', 'the suite was not over within 2 s'],
  ] as const) {
    test(`a suite did not do its work: ${what}`, async () => {
      assert.equal(faultOf(await underBun(name, name === 'hang' ? 2 : undefined)), fault);
    });
  }
});

test('tests of a suite that crashed inside a group are not lost', () => {
  const test = (name: string, nesting: number): SuiteEvent => ({ kind: 'test', name, nesting });
  const names = treeOf([test('done', 0), test('within a group without end', 1)]).map((node) => node.name);
  assert.deepEqual(names, ['done', 'within a group without end']);
});
