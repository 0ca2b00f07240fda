/** Texts for -R and ipvsadm-restore: rules, right and damaged, in any encoding. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { restore as rules } from '../../lab/differential/generate.js';
import { freshIpvs, run } from '../machine.js';
import { keepsPromises } from '../promises.js';
import { type Edit, edited, edits } from '../words.js';
import { sampled, target } from './target.js';

interface Case {
  readonly rules: string;
  readonly edits: readonly Edit[];
  readonly encoding: 'utf8' | 'latin1';
  readonly replaces: boolean;
}

export const restore = target<Case>(
  'restore',
  fc.record({
    rules: sampled(
      rules.map(({ stdin = '' }) => stdin),
      2000,
    ),
    edits,
    encoding: fc.constantFrom('utf8', 'utf8', 'latin1'),
    replaces: fc.oneof(
      { weight: 4, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
  }),
  async ({ rules, edits, encoding, replaces }) => {
    const stdin = Buffer.from(edited(rules, edits), encoding);
    const line = replaces ? { words: [], program: 'ipvsadm-restore', stdin } : { words: ['-R'], stdin };
    const ipvs = freshIpvs();
    const ran = await run(line, ipvs);
    keepsPromises(ran);
    if (replaces && ran.status === 2) assert.equal(ran.changes, 0, `changed, and then refused: ${ran.err}`);
    const parsed = freshIpvs();
    const slow = await run({ ...line, env: { LVSADM_TEMPLATES: 'off' } }, parsed);
    assert.deepEqual(
      [ran.status, ran.out, ran.err, ran.changes, ran.refusals],
      [slow.status, slow.out, slow.err, slow.changes, slow.refusals],
      'templates make a difference',
    );
    const saved = (of: typeof ipvs) => run({ words: ['-Sn'] }, of);
    assert.equal((await saved(ipvs)).out, (await saved(parsed)).out, 'templates make a different table');
  },
);
