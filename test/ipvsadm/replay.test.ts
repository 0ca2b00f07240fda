import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { world } from '../support/run.js';
import { type Case, groups } from './cases.js';
import { type Difference, differences } from './differences.js';
import { projectRoot, recorded, replay } from './replay.js';

describe('what the real ipvsadm 1.31 was seen to do', () => {
  const used = new Set<Difference>();

  for (const [group, cases] of Object.entries(groups)) {
    it(`${group}: ${cases.length} command lines end the same, or as compatibility.md says`, async () => {
      const problems: string[] = [];
      for (const seen of recorded(group)) {
        for (const templates of seen.stdin === undefined ? ['on'] : ['on', 'off']) {
          const machine = world();
          machine.env['LVSADM_TEMPLATES'] = templates;
          const { problem, difference } = await replay(seen, machine);
          if (difference !== undefined) used.add(difference);
          if (problem !== '') problems.push(problem);
        }
      }
      assert.equal(problems.length, 0, `${problems.length} problems:\n${problems.join('\n')}`);
    });

    it(`${group}: the recording is of today's cases`, () => {
      const asked = ({
        run,
        given = [],
        stdin,
        connections,
      }: Pick<Case, 'run' | 'stdin' | 'connections'> & { given?: readonly string[] }) => ({
        run,
        given,
        stdin,
        connections,
      });
      assert.deepEqual(recorded(group).map(asked), cases.map(asked));
    });
  }

  it('differs nowhere without a reason that is written down', () => {
    const document = readFileSync(join(projectRoot, 'docs/compatibility.md'), 'utf8');
    for (const { reason } of differences) assert.match(document, new RegExp(`^### ${reason}$`, 'm'));
  });

  after(() => {
    const unused = differences.filter((difference) => !used.has(difference));
    assert.deepEqual(
      unused.map(({ reason }) => reason),
      [],
      'differences that nothing shows',
    );
  });
});
