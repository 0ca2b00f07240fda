/** The code that runs in the executable before the runtime does, in programs of this machine that show what it did. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { root } from '../../scripts/build/project.js';
import { startCode, withStart } from '../../scripts/build/start.js';

const code = startCode(process.arch);

describe('before the runtime', { skip: code === undefined && `no code for ${process.arch}` }, () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'start-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  /** A program of this machine that begins with the code. */
  function program(name: string): string {
    const path = join(directory, name);
    writeFileSync(path, withStart(readFileSync(`/usr/bin/${name}`), code as Buffer));
    chmodSync(path, 0o755);
    return path;
  }

  function run(words: readonly string[], env: Record<string, string> = { PATH: process.env['PATH'] ?? '' }) {
    const { status, stdout, stderr } = spawnSync(words[0] as string, words.slice(1), {
      encoding: 'utf8',
      env,
    });
    return { status, stdout, stderr };
  }

  test('variables of the runtime leave the environment, and all others stay', () => {
    const env = {
      A: '',
      BUN_OPTIONS: '--preload x',
      BUN: '1',
      BUN_BE_BUN: '1',
      JSC_useJIT: '0',
      B: 'BUN_C=1',
      BUN_: '',
    };
    assert.deepEqual(run([program('env')], env), { status: 0, stdout: 'A=\nBUN=1\nB=BUN_C=1\n', stderr: '' });
    assert.deepEqual(run([program('env')], {}), { status: 0, stdout: '', stderr: '' });
    assert.equal(run([program('env')], { BUN_A: '1' }).stdout, '');
  });

  test('arguments pass through', () => {
    assert.equal(run([program('printf'), '%s|', 'a', '', 'BUN_A=1']).stdout, 'a||BUN_A=1|');
  });

  test('a working directory stays, and one that is gone is left for one where no relative path leads anywhere', () => {
    const [pwd, ls] = [program('pwd'), program('ls')];
    assert.equal(run(['sh', '-c', `cd ${directory} && ${pwd}`]).stdout, `${directory}\n`);
    const gone = `mkdir ${directory}/gone && cd ${directory}/gone && rmdir ${directory}/gone`;
    assert.match(run(['sh', '-c', `${gone} && ${pwd}`]).stdout, /^\/proc\/\d+\/fdinfo\n$/);
    assert.equal(run(['sh', '-c', `${gone} && ${ls} web.yaml`]).status, 2);
  });

  const unshared = run(['unshare', '--mount', 'umount', '-l', '/proc']).status !== 0 && 'needs root';

  test('without /proc it ends with one line and status 2', { skip: unshared }, () => {
    const { status, stdout, stderr } = run([
      ...['unshare', '--mount', 'sh', '-c', 'umount -l /proc && exec "$1"', 'sh', program('true')],
    ]);
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /^lvsadm: the executable needs \/proc: .*\n$/);
  });

  const assembler = run(['as', '--version']).status !== 0 && 'no assembler';

  test('the code is what its source assembles to', { skip: assembler }, () => {
    const [object, binary] = [join(directory, 'start.o'), join(directory, 'start.bin')];
    for (const words of [
      ['as', join(root, `scripts/build/start-${process.arch}.s`), '-o', object],
      ['objcopy', '-O', 'binary', '-j', '.text', object, binary],
    ]) {
      assert.deepEqual(run(words), { status: 0, stdout: '', stderr: '' });
    }
    assert.equal(code?.toString('hex'), readFileSync(binary).toString('hex'));
  });

  test('a file without a note is refused', () => {
    assert.throws(() => withStart(Buffer.alloc(64), code as Buffer), /no note/);
  });
});
