/**
 * The real ipvsadm and lvsadm, the command lines of test/ipvsadm/cases.ts: the same exit status, the same output, the
 * same phrases for what the kernel refuses, the same state in the kernel, read raw; or what test/ipvsadm/differences.ts
 * says. ipvsadm is a process for each command line, lvsadm runs in this one: differential-processes.suite.ts has it as a
 * process too. One network namespace serves all cases, emptied between them where a case changed something.
 * Of the three groups that combine everything with everything each sixth, and those with a difference; all with ROBUST=full. The unit
 * tests compare all with what ipvsadm was recorded to do.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Case, groups } from '../../ipvsadm/cases.js';
import { differences } from '../../ipvsadm/differences.js';
import { differenceOf, recorded } from '../../ipvsadm/replay.js';
import { isFull } from '../../support/extent.js';
import { Judge } from '../differential/judge.js';
import { SideBySide } from '../differential/side-by-side.js';

/** The most command lines of a group that are all tried. */
const FEW = 250;

function chosen(group: string, cases: readonly Case[]): readonly Case[] {
  if (isFull || cases.length <= FEW) return cases;
  const seen = recorded(group);
  return cases.filter(
    (_, at) => at % 6 === 0 || differenceOf(seen[at] as (typeof seen)[number]) !== undefined,
  );
}

let pair: SideBySide;
let judge: Judge;

before(async () => {
  pair = await SideBySide.open();
  judge = new Judge(pair);
});

after(() => pair.close());

describe('ipvsadm and lvsadm do the same', () => {
  for (const [group, all] of Object.entries(groups)) {
    const cases = chosen(group, all);
    test(`${group}: ${cases.length} of ${all.length} command lines`, async () => {
      const problems: string[] = [];
      for (const one of cases) problems.push(await judge.problem(one));
      const found = problems.filter((problem) => problem !== '');
      assert.equal(found.length, 0, `${found.length} of ${cases.length} differ:\n${found.join('\n')}`);
    });
  }

  test('each difference that is written down was seen', () => {
    const unseen = differences.filter((difference) => !judge.shown.has(difference));
    assert.deepEqual(
      unseen.map(({ reason }) => reason),
      [],
    );
  });
});
