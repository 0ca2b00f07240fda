/** `lvsadm link`: the names that scripts call. */

import assert from 'node:assert/strict';
import {
  chmod,
  link as hardlink,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { main } from '../../src/cli/main.js';
import { makeLinks } from '../../src/system/files/symlinks.js';
import { Captured } from '../support/captured.js';
import { contextWith } from '../support/context.js';

describe('lvsadm link', () => {
  const names = ['ipvsadm', 'ipvsadm-restore', 'ipvsadm-save'];

  let directory: string;
  let program: string;
  let target: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lvsadm-link-'));
    program = join(directory, 'lvsadm');
    target = await mkdtemp(join(directory, 'sbin-'));
    await writeFile(program, '#!/bin/sh\n');
    await chmod(program, 0o755);
  });

  afterEach(() => rm(directory, { recursive: true }));

  async function link(...words: string[]) {
    const out = new Captured();
    const err = new Captured();
    const status = await main(['link', ...words], contextWith({ program, out, err }));
    return { status, out: out.text, err: err.text };
  }

  const targets = () => Promise.all(names.map((name) => readlink(join(target, name))));

  test('link makes three links to the program, and prints them', async () => {
    const { status, out } = await link('--to', target);
    assert.equal(status, 0);
    assert.deepEqual(await targets(), [program, program, program]);
    assert.equal(
      out,
      ['', '-save', '-restore'].map((end) => `${join(target, `ipvsadm${end}`)} -> ${program}\n`).join(''),
    );
  });

  test('links to the program itself when it was called through a link', async () => {
    const real = program;
    program = join(directory, 'called');
    await symlink(real, program);
    assert.equal((await link('--to', target)).status, 0);
    assert.deepEqual(await targets(), [real, real, real]);
  });

  test('a link beside the program is its bare name, so that the directory can be moved', async () => {
    target = directory;
    const { status, out } = await link('--to', directory);
    assert.equal(status, 0);
    assert.deepEqual(await targets(), ['lvsadm', 'lvsadm', 'lvsadm']);
    assert.match(out, /ipvsadm -> \S+\/lvsadm\n/);
    assert.equal((await link('--to', directory)).status, 0);
  });

  test('a second time changes nothing', async () => {
    await link('--to', target);
    assert.equal((await link('--to', target)).status, 0);
    assert.deepEqual(await readdir(target), names);
  });

  test('leaves an existing file of one of the names, and makes no other link either', async () => {
    await writeFile(join(target, 'ipvsadm-save'), 'the real one');
    const { status, err } = await link('--to', target);
    assert.equal(status, 2);
    assert.match(err, /ipvsadm-save: already exists; --force replaces it/);
    assert.deepEqual(await readdir(target), ['ipvsadm-save']);
    assert.equal(await readFile(join(target, 'ipvsadm-save'), 'utf8'), 'the real one');
  });

  test('replaces it with --force', async () => {
    await writeFile(join(target, 'ipvsadm'), 'the real one');
    assert.equal((await link('--to', target, '--force')).status, 0);
    assert.deepEqual(await targets(), [program, program, program]);
  });

  test('changes nothing when a directory has one of the names, also with --force', async () => {
    await writeFile(join(target, 'ipvsadm'), 'the real one');
    await mkdir(join(target, 'ipvsadm-save'));
    for (const force of [[], ['--force']]) {
      const { status, out, err } = await link('--to', target, ...force);
      assert.equal(status, 2);
      assert.equal(out, '');
      assert.match(err, /ipvsadm-save: is a directory/);
    }
    assert.deepEqual(await readdir(target), ['ipvsadm', 'ipvsadm-save']);
    assert.equal(await readFile(join(target, 'ipvsadm'), 'utf8'), 'the real one');
  });

  test('touches no other file beside the links', async () => {
    const others = names.map((name) => `${name}.${process.pid}`);
    for (const name of others) await writeFile(join(target, name), 'a manual page');
    assert.equal((await link('--to', target)).status, 0);
    assert.deepEqual(await readdir(target), [...names, ...others].sort());
    for (const name of others) assert.equal(await readFile(join(target, name), 'utf8'), 'a manual page');
  });

  test('leaves the program where it has one of the names, also with --force', async () => {
    target = directory;
    const real = join(directory, 'ipvsadm');
    await rename(program, real);
    await symlink('ipvsadm', program);
    for (const force of [[], ['--force']]) {
      const { status, out } = await link('--to', directory, ...force);
      assert.equal(status, 0);
      assert.equal(await readFile(real, 'utf8'), '#!/bin/sh\n');
      assert.equal(
        out,
        ['-save', '-restore'].map((end) => `${join(directory, `ipvsadm${end}`)} -> ${real}\n`).join(''),
      );
    }
    assert.deepEqual(JSON.parse((await link('--to', directory, '--json')).out).links.length, 2);
    await hardlink(real, join(directory, 'lvsadm-real'));
    program = join(directory, 'lvsadm-real');
    assert.equal((await link('--to', directory, '--force')).status, 0);
    assert.equal(await readFile(real, 'utf8'), '#!/bin/sh\n');
  });

  test('says so when a link cannot be made', async () => {
    const { status, out, err } = await link('--to', '/proc/self', '--force');
    assert.equal(status, 255);
    assert.equal(out, '');
    assert.match(err, /cannot make the link \/proc\/\d+\/ipvsadm: /);
  });

  test('puts the files back when a later link cannot have its place', async () => {
    // The first link takes the place of the directory's name, so that the last one has no directory when its turn comes.
    await symlink(target, join(directory, 'alias'));
    await writeFile(join(directory, 'old'), 'the real one');
    const links = ['old', 'new', 'alias', 'alias/x'].map((name) => join(directory, name));
    await assert.rejects(makeLinks(links, program), /cannot make the link \S+\/alias\/x: not a directory/);
    assert.deepEqual((await readdir(directory)).sort(), ['alias', 'lvsadm', 'old', basename(target)].sort());
    assert.equal(await readFile(join(directory, 'old'), 'utf8'), 'the real one');
    assert.equal(await readlink(join(directory, 'alias')), target);
    assert.deepEqual(await readdir(target), []);
  });

  for (const [what, words, complaint] of [
    ['no directory', [], /--?to|required/i],
    [
      'a directory that does not exist',
      ['--to', '/nonexistent'],
      /^lvsadm: \/nonexistent: no such file or directory$/m,
    ],
    ['a file', ['--to', '/dev/null'], /^lvsadm: \/dev\/null: not a directory$/m],
    ['an empty name', ['--to', ''], /^lvsadm: --to: the value is empty$/m],
  ] as const) {
    test(`${what} is a mistake`, async () => {
      const { status, err } = await link(...words);
      assert.equal(status, 2);
      assert.match(err, complaint);
    });
  }

  test('--json names the links and the program', async () => {
    const { status, out } = await link('--to', target, '--json');
    assert.equal(status, 0);
    const links = ['ipvsadm', 'ipvsadm-save', 'ipvsadm-restore'].map((name) => join(target, name));
    assert.deepEqual(JSON.parse(out), { links: links.map((path) => ({ link: path, program })) });
    const again = await link('--to', join(target, 'ipvsadm'), '--json');
    assert.equal(again.status, 2);
    assert.match(JSON.parse(again.out).error.message, /not a directory$/);
  });
});
