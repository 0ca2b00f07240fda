/** lvsadm's process on Node.js, in surroundings that lack something. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/build/project.js';

const program = join(root, 'dist/lvsadm.js');
const skip = !existsSync(program) && 'dist/ is not built: npm run build:node';

function run(words: readonly string[], env: Record<string, string> = {}) {
  const [file = '', ...args] = words;
  const { status, stdout, stderr } = spawnSync(file, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { status, stdout, stderr };
}

test('without native code of the netlink package for this processor it says so in one line, with status 2', {
  skip,
}, () => {
  for (const words of [['-Ln'], ['-C'], ['list'], ['export']]) {
    const { status, stdout, stderr } = run([process.execPath, program, ...words], {
      npm_config_arch: 'riscv64',
    });
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /^lvsadm: cannot load the native part of the package netlink: .*arch=riscv64.*\n$/);
    assert.match(stderr, /npm rebuild netlink/);
  }
});

test('in a working directory that is gone, commands work, and a relative path leads nowhere', {
  skip,
}, (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'gone-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const gone = `mkdir -p ${directory} && cd ${directory} && rmdir ${directory} && exec "$@"`;
  const inGone = (...words: string[]) => run(['sh', '-c', gone, 'sh', process.execPath, program, ...words]);
  for (const words of [['-v'], ['schema'], ['man'], ['completion', 'bash']]) {
    const { status, stderr } = inGone(...words);
    assert.deepEqual([status, stderr], [0, ''], words.join(' '));
  }
  const { status, stderr } = inGone('diff', '-f', 'web.yaml');
  assert.deepEqual([status, stderr], [2, 'lvsadm: web.yaml: no such file or directory\n']);
});

test('the package.json of the working directory is not read: a FIFO would wait for ever', { skip }, (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'settings-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const script = 'cd "$1" && mkfifo package.json && shift && exec timeout 60 "$@"';
  const { status } = run(['sh', '-c', script, 'sh', directory, process.execPath, program, 'schema']);
  assert.equal(status, 0);
});
