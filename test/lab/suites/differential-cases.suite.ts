/**
 * The real ipvsadm and lvsadm, every command line of test/ipvsadm/cases.ts: the same exit status, the same output, the
 * same phrases for what the kernel refuses, the same state in the kernel, read raw; or what test/ipvsadm/differences.ts
 * says. ipvsadm is a process for each command line, lvsadm runs in this one: differential-processes.suite.ts has it as a
 * process too. One network namespace serves all cases, emptied between them where a case changed something.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { groups } from '../../ipvsadm/cases.js';
import { differences } from '../../ipvsadm/differences.js';
import { Judge } from '../differential/judge.js';
import { SideBySide } from '../differential/side-by-side.js';

let pair: SideBySide;
let judge: Judge;

before(async () => {
  pair = await SideBySide.open();
  judge = new Judge(pair);
});

after(() => pair.close());

describe('ipvsadm and lvsadm do the same', () => {
  for (const [group, cases] of Object.entries(groups)) {
    test(`${group}: ${cases.length} command lines`, async () => {
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
