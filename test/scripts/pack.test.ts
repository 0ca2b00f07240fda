/** The npm package: what `npm pack` puts into it, and that it runs where it is installed. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { root, version } from '../../scripts/build/project.js';

/** Bytes of the files of the package. */
const LARGEST = 4 * 1024 * 1024;

interface Packed {
  readonly filename: string;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

/** @param project directory of package.json. @param more options of npm */
function pack(project: string, ...more: string[]): Packed {
  const args = ['pack', '--json', '--ignore-scripts', '--loglevel=error', ...more];
  const [packed] = JSON.parse(execFileSync('npm', args, { cwd: project, encoding: 'utf8' })) as Packed[];
  assert.ok(packed);
  return packed;
}

const temporary = (after: (hook: () => void) => void): string => {
  const directory = mkdtempSync(join(tmpdir(), 'lvsadm-pack-'));
  after(() => rmSync(directory, { recursive: true }));
  return directory;
};

test('the package has the built program, and not the standalone executable beside it', (t) => {
  const project = temporary((hook) => t.after(hook));
  writeFileSync(join(project, 'package.json'), readFileSync(join(root, 'package.json')));
  mkdirSync(join(project, 'dist/standalone'), { recursive: true });
  mkdirSync(join(project, 'dist/packages'));
  for (const file of ['dist/lvsadm.js', 'dist/packages/yargs.js', 'dist/standalone/lvsadm', 'README.md'])
    writeFileSync(join(project, file), '');
  truncateSync(join(project, 'dist/standalone/lvsadm'), LARGEST);
  const { files, unpackedSize } = pack(project, '--dry-run');
  assert.deepEqual(files.map(({ path }) => path).sort(), [
    'README.md',
    'dist/lvsadm.js',
    'dist/packages/yargs.js',
    'package.json',
  ]);
  assert.ok(unpackedSize < LARGEST, `${unpackedSize} bytes`);
});

test('the packed program runs where npm installs it, and does not need the checkout', (t) => {
  if (!existsSync(join(root, 'dist/lvsadm.js'))) return t.skip('dist/ is not built: npm run build:node');
  const directory = temporary((hook) => t.after(hook));
  const { filename, unpackedSize } = pack(root, '--pack-destination', directory);
  assert.ok(unpackedSize < LARGEST, `${unpackedSize} bytes`);

  const prefix = join(directory, 'prefix');
  const args = ['install', '--global', '--prefix', prefix, '--offline', '--ignore-scripts', '--no-audit'];
  const installed = spawnSync('npm', [...args, '--loglevel=error', join(directory, filename)], {
    encoding: 'utf8',
  });
  if (/ENOTCACHED/.test(installed.stderr)) return t.skip("npm's cache does not have the dependencies");
  assert.equal(installed.status, 0, installed.stderr);

  const program = join(prefix, 'bin/lvsadm');
  assert.ok(
    realpathSync(program).startsWith(join(prefix, 'lib/node_modules/lvsadm/')),
    realpathSync(program),
  );
  const run = (...words: string[]): string => execFileSync(program, words, { cwd: '/', encoding: 'utf8' });
  assert.match(run('--version'), new RegExp(`lvsadm v${version.replaceAll('.', '\\.')} `));
  assert.match(run('help'), /^Usage: lvsadm SUBCOMMAND/m);
  assert.match(run('schema'), /json-schema\.org/);
  run('link', '--to', join(prefix, 'bin'));
  assert.equal(readlinkSync(join(prefix, 'bin/ipvsadm')), realpathSync(program));
  assert.match(execFileSync(join(prefix, 'bin/ipvsadm'), ['-v'], { encoding: 'utf8' }), /^ipvsadm v1\.31/);
});
