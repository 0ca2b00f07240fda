// npm run release -- [--no-test]
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { commit, root, version } from '../build/project.js';
import { run } from '../package/run.js';
import { notesOf, obstacle, tagOf } from './conditions.js';

const usage = `npm run release -- [OPTION...]
  --no-test   leave the tests out, which take half an hour
Checks, tests and packages a clean checkout, and writes the packages, their checksums and NOTES.md to dist/release.
The tag is not made: the last line says how.
`;

const output = join(root, 'dist/release');

/** @throws Error if the step fails */
function step(...words: readonly string[]): void {
  process.stderr.write(`release: npm ${words.join(' ')}\n`);
  const { status, error } = spawnSync('npm', words, { cwd: root, stdio: 'inherit' });
  if (error) throw error;
  if (status !== 0) throw new Error(`npm ${words.join(' ')} ended with status ${status}`);
}

const git = (...words: readonly string[]): string => run('git', words, {}, root);

function main(args: string[]): number {
  const { values } = parseArgs({
    args,
    options: { 'no-test': { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
  const { version: locked } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    version: string;
  };
  const refuse = (): void => {
    const changes = git('status', '--porcelain');
    const reason = obstacle({ version, locked, changelog, changes, tags: git('tag', '--list').split('\n') });
    if (reason !== undefined) throw new Error(reason);
    const head = git('rev-parse', 'HEAD').trim();
    if (!head.startsWith(commit))
      throw new Error(`the commit is ${head} now, and was ${commit} at the start`);
  };
  refuse();
  if (values['no-test']) step('run', '-s', 'check');
  else step('test');
  step('run', '-s', 'package');
  // Half an hour later.
  refuse();
  writeFileSync(join(output, 'NOTES.md'), `${notesOf(changelog, version)}\n`);
  process.stdout.write(
    `git tag -a ${tagOf(version)} -F ${join(output, 'NOTES.md')} --cleanup=verbatim ${commit}\n`,
  );
  return 0;
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`release: ${(error as Error).message}\n`);
  process.exitCode = error instanceof TypeError ? 2 : 1;
  if (error instanceof TypeError) process.stderr.write(`\n${usage}`);
}
