import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { world } from '../support/run.js';
import { groups, splitLine } from './cases.js';
import { type Difference, differences } from './differences.js';
import type { Observation } from './record.js';

const root = join(import.meta.dirname, '../../..');
const vectors = join(root, 'test/vectors/ipvsadm');

const read = (group: string): Observation[] =>
  JSON.parse(readFileSync(join(vectors, `${group}.json`), 'utf8'));

const commandLine = ({ run }: Pick<Observation, 'run'>): string => run.map((word) => word || "''").join(' ');

/** What ipvsadm says when the kernel refuses; what it says of usage is not ours to repeat. */
const phrases = ({ status, stderr }: Observation): string[] =>
  status === 2 ? [] : stderr.split('\n').filter((text) => /^[A-Z]/.test(text) && !text.startsWith('Try `'));

/** Both begin their version so; the rest is each one's own. */
const version = (text: string): string => (text.startsWith('ipvsadm v1.31') ? 'ipvsadm v1.31' : text);

/** Runs what was recorded, and says what is not as expected. */
async function deviations(seen: Observation, expected: Observation): Promise<string[]> {
  const { run, files } = world();
  if (seen.connections !== undefined) files['/proc/net/ip_vs_conn'] = seen.connections;
  for (const text of seen.given ?? []) assert.equal((await run(splitLine(text))).status, 0, text);
  const got = await run(seen.run, seen.stdin);
  const found: string[] = [];
  const compare = (what: string, actual: unknown, wanted: unknown) => {
    if (!isDeepStrictEqual(actual, wanted))
      found.push(`${what}: ${JSON.stringify(actual)}, not ${JSON.stringify(wanted)}`);
  };
  compare('status', got.status, expected.status);
  if (found.length > 0) return [...found, got.stderr];
  compare('stdout', version(got.stdout), version(expected.stdout));
  for (const phrase of phrases(expected))
    if (!got.stderr.includes(phrase)) compare('stderr', got.stderr, phrase);
  if (got.status === 0) {
    for (const [text, state] of Object.entries(expected.after ?? {})) {
      compare(text, (await run(splitLine(text))).stdout, state);
    }
  }
  return found;
}

describe('what the real ipvsadm 1.31 was seen to do', () => {
  const used = new Set<Difference>();

  for (const [group, cases] of Object.entries(groups)) {
    it(`${group}: ${cases.length} command lines end the same, or as compatibility.md says`, async () => {
      const problems: string[] = [];
      for (const seen of read(group)) {
        const text = [...(seen.given ?? []), commandLine(seen)].join('; ');
        const difference = differences.find(({ concerns }) => concerns(seen, commandLine(seen)));
        const expected = { ...seen, ...difference?.instead(seen) };
        if (difference !== undefined) {
          used.add(difference);
          if (isDeepStrictEqual(expected, seen))
            problems.push(`${text}\n    is no case of '${difference.reason}'`);
        }
        const found = await deviations(seen, expected);
        if (found.length > 0) problems.push([text, ...found].join('\n    '));
      }
      assert.equal(problems.length, 0, `${problems.length} problems:\n${problems.join('\n')}`);
    });

    it(`${group}: the recording is of today's cases`, () => {
      const recorded = read(group).map(({ run, given = [], stdin, connections }) => ({
        run,
        given,
        stdin,
        connections,
      }));
      const wanted = cases.map(({ run, given, stdin, connections }) => ({ run, given, stdin, connections }));
      assert.deepEqual(recorded, wanted);
    });
  }

  it('differs nowhere without a reason that is written down', () => {
    const document = readFileSync(join(root, 'docs/compatibility.md'), 'utf8');
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
