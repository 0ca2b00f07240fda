/** `npm run install:standalone`, with a small program in place of the executable. */
import assert from 'node:assert/strict';
import { lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { install, type Options, uninstall } from '../../scripts/install/install.js';
import { HostError } from '../../src/errors.js';

describe('npm run install:standalone', () => {
  let directory: string;
  let said: string[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lvsadm-install-'));
    said = [];
  });

  afterEach(() => rm(directory, { recursive: true }));

  const options = (more: Partial<Options> = {}): Options => ({
    prefix: directory,
    staging: '',
    dryRun: false,
    links: true,
    force: false,
    ...more,
  });

  const program = {
    program: Buffer.from('#!/bin/sh\n'),
    written: async (words: readonly string[]) => Buffer.from(`made by ${words.join(' ')}\n`),
    say: (line: string) => void said.push(line),
  };

  /** Every file, and where links lead. */
  async function installed(below = directory): Promise<Record<string, string>> {
    const found = await readdir(below, { recursive: true, withFileTypes: true });
    const entries = found
      .filter((entry) => !entry.isDirectory())
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        const what = entry.isSymbolicLink()
          ? `-> ${await readlink(path)}`
          : `${((await lstat(path)).mode & 0o777).toString(8)} ${(await readFile(path, 'utf8')).trim()}`;
        return [path.slice(below.length + 1), what] as const;
      });
    return Object.fromEntries((await Promise.all(entries)).sort());
  }

  const everything = {
    'sbin/ipvsadm': '-> lvsadm',
    'sbin/ipvsadm-restore': '-> lvsadm',
    'sbin/ipvsadm-save': '-> lvsadm',
    'sbin/lvsadm': '755 #!/bin/sh',
    'share/bash-completion/completions/ipvsadm': '-> lvsadm',
    'share/bash-completion/completions/ipvsadm-restore': '-> lvsadm',
    'share/bash-completion/completions/ipvsadm-save': '-> lvsadm',
    'share/bash-completion/completions/lvsadm': '644 made by completion bash',
    'share/fish/vendor_completions.d/ipvsadm-restore.fish': '-> lvsadm.fish',
    'share/fish/vendor_completions.d/ipvsadm-save.fish': '-> lvsadm.fish',
    'share/fish/vendor_completions.d/ipvsadm.fish': '-> lvsadm.fish',
    'share/fish/vendor_completions.d/lvsadm.fish': '644 made by completion fish',
    'share/man/man8/ipvsadm-restore.8': '-> lvsadm.8',
    'share/man/man8/ipvsadm-save.8': '-> lvsadm.8',
    'share/man/man8/ipvsadm.8': '-> lvsadm.8',
    'share/man/man8/lvsadm.8': '644 made by man',
    'share/zsh/site-functions/_lvsadm': '644 made by completion zsh',
  };

  test('touches no other file beside those that it installs', async () => {
    const pages = join(directory, 'share/man/man8');
    await mkdir(pages, { recursive: true });
    const others = ['lvsadm.8', 'ipvsadm.8'].map((name) => join(pages, `${name}.${process.pid}`));
    for (const path of others) await writeFile(path, 'another page');
    await install(options(), program);
    for (const path of others) assert.equal(await readFile(path, 'utf8'), 'another page');
    assert.equal((await readdir(pages)).length, 6);
  });

  test('installs every file, whatever the umask', async (context) => {
    const umask = process.umask(0o077);
    context.after(() => process.umask(umask));
    await install(options(), program);
    assert.deepEqual(await installed(), everything);
    assert.equal((await lstat(join(directory, 'share/man'))).mode & 0o777, 0o755);
  });

  test('reports each file in a line', async () => {
    await install(options(), program);
    assert.equal(said.length, Object.keys(everything).length);
    assert.equal(said[0], `installed     ${directory}/sbin/lvsadm`);
    assert.equal(said[1], `linked        ${directory}/sbin/ipvsadm -> lvsadm`);
  });

  test('a second time changes nothing, and a newer version what differs', async () => {
    await install(options(), program);
    const before = await lstat(join(directory, 'sbin/lvsadm'));
    said = [];
    await install(options(), program);
    assert.deepEqual(
      said.filter((line) => !line.startsWith('unchanged ')),
      [],
    );
    assert.equal((await lstat(join(directory, 'sbin/lvsadm'))).ino, before.ino);
    await install(options(), { ...program, program: Buffer.from('#!/bin/sh -e\n') });
    assert.deepEqual(await installed(), { ...everything, 'sbin/lvsadm': '755 #!/bin/sh -e' });
  });

  test('an executable that runs is replaced, not written into', async () => {
    await install(options(), program);
    const { ino } = await lstat(join(directory, 'sbin/lvsadm'));
    await install(options(), { ...program, program: Buffer.from('#!/bin/sh -e\n') });
    assert.notEqual((await lstat(join(directory, 'sbin/lvsadm'))).ino, ino);
  });

  test('in a staging directory links lead where they will lead', async () => {
    await install(options({ prefix: '/usr', staging: directory }), program);
    assert.deepEqual(await installed(join(directory, 'usr')), everything);
  });

  test('a dry run reports the same and does nothing', async () => {
    await install(options({ dryRun: true }), program);
    assert.deepEqual(await readdir(directory), []);
    assert.equal(said[0], `would install ${directory}/sbin/lvsadm`);
    assert.equal(said[1], `would link    ${directory}/sbin/ipvsadm -> lvsadm`);
  });

  test("another program's ipvsadm stays, and nothing is installed beside it without --force or --no-links", async () => {
    await mkdir(join(directory, 'sbin'));
    await writeFile(join(directory, 'sbin/ipvsadm-save'), 'the real one');
    await assert.rejects(
      install(options(), program),
      (error) =>
        error instanceof HostError && /sbin\/ipvsadm-save: something else.*--no-links/.test(error.message),
    );
    assert.deepEqual(Object.keys(await installed()), ['sbin/ipvsadm-save']);
    await install(options({ links: false }), program);
    assert.equal((await installed())['sbin/ipvsadm-save'], '644 the real one');
    assert.deepEqual(
      Object.values(await installed()).filter((what) => what.startsWith('->')),
      [],
    );
    await install(options({ force: true }), program);
    assert.deepEqual(await installed(), everything);
  });

  test("another's manual page stays, compressed or not", async () => {
    await mkdir(join(directory, 'share/man/man8'), { recursive: true });
    await writeFile(join(directory, 'share/man/man8/ipvsadm.8.gz'), 'the real one');
    await install(options(), program);
    const { 'share/man/man8/ipvsadm.8': _, ...others } = everything;
    assert.deepEqual(await installed(), {
      ...others,
      'share/man/man8/ipvsadm.8.gz': '644 the real one',
    });
    assert.ok(said.includes(`left alone    ${directory}/share/man/man8/ipvsadm.8, which is not lvsadm's`));
  });

  test('taken away, nothing of it is left, and all that is others’', async () => {
    await mkdir(join(directory, 'share/man/man8'), { recursive: true });
    await writeFile(join(directory, 'share/man/man8/ipvsadm.8'), 'the real one');
    await install(options(), program);
    await uninstall(options({ dryRun: true }), program.say);
    assert.equal(Object.keys(await installed()).length, Object.keys(everything).length);
    await uninstall(options(), program.say);
    assert.deepEqual(await installed(), { 'share/man/man8/ipvsadm.8': '644 the real one' });
    said = [];
    await uninstall(options(), program.say);
    assert.deepEqual(said, []);
  });

  test('a prefix in which no directory can be made is refused in a line', { timeout: 10_000 }, async () => {
    await assert.rejects(
      install(options({ prefix: '/proc/x' }), program),
      (error) =>
        error instanceof HostError &&
        error.message === 'cannot make the directory /proc/x: no such file or directory',
    );
  });

  for (const [what, prepare, complaint] of [
    [
      'the prefix is a file',
      () => writeFile(join(directory, 'file'), ''),
      /file\/sbin\/lvsadm: not a directory/,
    ],
    [
      'a directory has the name of a file',
      () => mkdir(join(directory, 'file/sbin/lvsadm'), { recursive: true }),
      /install \S+sbin\/lvsadm: a directory stands there/,
    ],
  ] as const) {
    test(`${what}: one line says so, and no part of a file is left`, async () => {
      await prepare();
      await assert.rejects(
        install(options({ prefix: join(directory, 'file') }), program),
        (error) => error instanceof HostError && complaint.test(error.message),
      );
      assert.deepEqual(
        Object.keys(await installed()).filter((path) => path !== 'file'),
        [],
      );
    });
  }
});
