import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

const reporter = join(import.meta.dirname, '../../scripts/failures.js');

const run = (t: TestContext, source: string): Promise<string> => {
  const directory = mkdtempSync(join(tmpdir(), 'lvsadm-failures-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'some.test.mjs');
  writeFileSync(file, `import { describe, test } from 'node:test';\n${source}`);
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  return new Promise((resolve) =>
    execFile(process.execPath, ['--test', `--test-reporter=${reporter}`, file], { env }, (_error, stdout) =>
      resolve(stdout),
    ),
  );
};

test('the end of a run names what failed, with the suites around it, and nothing else', async (t) => {
  const printed = await run(
    t,
    `describe('outer', () => {
       test('good', () => {});
       test('first', () => { throw new Error('of the first'); });
       describe('inner', () => test('second', () => { throw new Error('of the second'); }));
     });
     test('third', () => { throw 'no error'; });
     test('not yet', { todo: true }, () => { throw new Error('expected'); });`,
  );
  const titles = printed.split('\n').filter((line) => line.includes(' (') && /^# \S/.test(line));
  assert.deepEqual(
    titles.map((line) => line.replace(/^# (.*) \(.*$/, '$1')),
    ['outer > first', 'outer > inner > second', 'third'],
  );
  for (const text of ['#   Error: of the first', '#   Error: of the second', "#   'no error'"])
    assert.ok(printed.includes(text), text);
  assert.doesNotMatch(printed, /good|expected/);
});

test('what failed in a suite whose own hook failed is not put into the next one', async (t) => {
  const printed = await run(
    t,
    `import { after } from 'node:test';
     describe('outer', () => {
       after(() => { throw new Error('of the hook'); });
       test('first', () => { throw new Error('of the first'); });
     });
     describe('next', () => test('second', () => { throw new Error('of the second'); }));`,
  );
  assert.match(printed, /^# outer > first \(/m);
  assert.match(printed, /^# next > second \(/m);
  assert.doesNotMatch(printed, /next > (?:outer|first)/);
});

test('a run without failures ends without a word of them', async (t) => {
  assert.equal(await run(t, `test('good', () => {});`), '');
});
