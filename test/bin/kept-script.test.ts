/** A script runs the same with its code kept, with none kept, and with what is no code at all. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { pathToFileURL } from 'node:url';

const root = mkdtempSync(join(tmpdir(), 'lvsadm-kept-'));
after(() => rmSync(root, { recursive: true }));
const directory = join(root, 'cache');
const path = join(root, 'script.js');
const says = (what: string) =>
  `console.log(${what}, require('node:path').basename(__filename), module.exports)`;

beforeEach(() => {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory);
  writeFileSync(path, says('1'));
});

/** What a process prints that runs the script. */
function run(digest: string, from = directory, use = 'A'): string {
  const module = pathToFileURL(join(import.meta.dirname, '../../bin/kept-script.js')).href;
  const script = `import { createRequire } from 'node:module';
    import { runKept } from ${JSON.stringify(module)};
    const require = createRequire(${JSON.stringify(path)});
    runKept({ path: ${JSON.stringify(path)}, digest: '${digest}', use: '${use}', require }, ${JSON.stringify(from)});`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
}

function kept(): string {
  const [name, ...others] = readdirSync(directory);
  assert.ok(name !== undefined && others.length === 0, `${[name, ...others]}`);
  return join(directory, name);
}

test('the code is kept by the first run, for its owner alone, and serves the next', () => {
  assert.equal(run('aa'), '1 script.js {}\n');
  const file = kept();
  const { mode, mtimeMs, size } = statSync(file);
  assert.equal(mode & 0o777, 0o600);
  assert.ok(size > 100, `${size} bytes`);
  assert.equal(run('aa'), '1 script.js {}\n');
  assert.equal(statSync(kept()).mtimeMs, mtimeMs);
});

test('a script of the same length is another script, and its code takes the place of the old', () => {
  run('aa');
  const old = kept();
  writeFileSync(path, says('2'));
  assert.equal(run('bb'), '2 script.js {}\n');
  assert.notEqual(kept(), old);
});

test('each use keeps its own', () => {
  run('aa', directory, 'A');
  run('aa', directory, 'L');
  assert.equal(readdirSync(directory).length, 2);
  run('bb', directory, 'L');
  assert.equal(kept().slice(-1), 'L');
});

test('a run that fails keeps nothing', () => {
  writeFileSync(path, 'process.exitCode = 2');
  assert.throws(() => run('aa'), { status: 2 });
  assert.deepEqual(readdirSync(directory), []);
});

test('what is no code is passed over and replaced', () => {
  run('aa');
  const file = kept();
  const { size } = statSync(file);
  for (const rubbish of ['', 'rubbish', '\0'.repeat(size)]) {
    writeFileSync(file, rubbish);
    assert.equal(run('aa'), '1 script.js {}\n');
    assert.equal(statSync(kept()).size, size);
  }
});

test('where nothing can be kept it runs all the same', () => {
  assert.equal(run('aa', join(root, 'no/such/directory')), '1 script.js {}\n');
});
