/** `npm run package`: what the packages contain, with a small program in place of the executable. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { root } from '../../scripts/build/project.js';
import { type Component, npmComponents } from '../../scripts/package/components.js';
import { contentsOf, type Format, ownDirectories } from '../../scripts/package/contents.js';
import { filled } from '../../scripts/package/deb.js';
import { makers, type Order } from '../../scripts/package/make.js';
import { oldestGlibc, packageVersion } from '../../scripts/package/metadata.js';
import { softwareBill } from '../../scripts/package/sbom.js';

const program = Buffer.from('#!/bin/sh\nexit 0\n# GLIBC_2.3\0 GLIBC_2.17\0\n');
const packages: readonly Component[] = [
  { name: 'yargs', version: '18.0.0', licence: 'MIT', purl: 'pkg:npm/yargs@18.0.0', text: 'Copyright A' },
];
const runtime: readonly Component[] = [
  { name: 'Bun', version: '1.4.5', licence: 'MIT', source: 'https://example.org/bun' },
  { name: 'WebKit', licence: 'LGPL-2.0-or-later', source: 'https://example.org/webkit' },
];

const written = async (words: readonly string[]) => Buffer.from(`made by ${words.join(' ')}\n`);

const isInstalled = (tool: string): boolean => spawnSync(tool, ['--version']).error === undefined;

/** A dynamic executable names its loader near its start. */
const isStatic = (path: string): boolean => !readFileSync(path).subarray(0, 4096).includes('/ld-linux');

/** The permissions and names that a listing of tar(1) shows, with the targets of links; directories are left out. */
const listed = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('d'))
    .map((line) => {
      const [mode, owner, , , , ...name] = line.split(/\s+/);
      return `${mode} ${owner} ${name.join(' ').replace(/^\.?\//, '/')}`;
    });

describe('npm run package', () => {
  let directory: string;
  const order = (output = directory): Order => ({
    packages,
    runtime,
    processor: 'x64',
    program,
    version: '1.2.3-rc.1',
    time: 1_790_000_000,
    output,
    compression: 'fast',
    written,
  });

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'lvsadm-package-'));
  });
  after(() => rmSync(directory, { recursive: true }));

  const sources = { program, written, copyright: 'c', components: '{}', debianChangelog: 'd' };

  test('every format has the program, its page, completions, units and the directory of documents', async () => {
    for (const format of ['deb', 'rpm', 'archive'] satisfies Format[]) {
      const entries = await contentsOf(format, sources);
      const own = entries.filter((entry) => entry.package === 'lvsadm').map(({ path }) => path);
      for (const path of [
        '/usr/sbin/lvsadm',
        '/usr/share/man/man8/lvsadm.8.gz',
        '/usr/share/bash-completion/completions/lvsadm',
        '/usr/share/fish/vendor_completions.d/lvsadm.fish',
        '/usr/lib/systemd/system/lvsadm.service',
        '/usr/lib/systemd/system/lvsadm-agent.service',
        '/etc/lvsadm.d/README',
        '/usr/share/doc/lvsadm/copyright',
        '/usr/share/doc/lvsadm/lvsadm.cdx.json',
        '/usr/share/doc/lvsadm/docs/document.md',
      ]) {
        assert.ok(own.includes(path), `${format} has ${path}`);
      }
      assert.equal(own.filter((path) => /zsh/.test(path)).length, 1);
      const links = entries.filter((entry) => entry.package === 'lvsadm-ipvsadm');
      assert.ok(links.some(({ path }) => path === '/usr/sbin/ipvsadm-restore'));
      assert.equal(new Set(entries.map(({ path }) => path)).size, entries.length, 'no path is there twice');
    }
  });

  test('nothing that the packages install is read as a document', async () => {
    const entries = await contentsOf('deb', sources);
    const documents = entries.filter(({ path }) => path.startsWith('/etc/lvsadm.d/'));
    assert.deepEqual(
      documents.map(({ path, role }) => [path, role]),
      [['/etc/lvsadm.d/README', 'configuration']],
    );
    assert.deepEqual(ownDirectories(documents), ['/etc/lvsadm.d']);
  });

  test('an upgrade starts the agent anew, and not the unit that applies documents at boot', () => {
    assert.equal(filled('@running@'), 'lvsadm-agent.service lvsadm-metrics.service');
    assert.equal(filled('@units@'), 'lvsadm-agent.service lvsadm-metrics.service lvsadm.service');
  });

  test('the list of what is inside has each package and version once, as CycloneDX wants it', async () => {
    const { components, dependencies } = JSON.parse(softwareBill(await npmComponents()));
    const references = components.map((component: { 'bom-ref': string }) => component['bom-ref']);
    assert.ok(references.some((reference: string) => reference.startsWith('pkg:npm/yargs@')));
    assert.deepEqual(references, [...new Set(references)]);
    assert.equal(dependencies.length, references.length + 1);
  });

  test('a version before a release sorts before it', () => {
    assert.equal(packageVersion('1.2.3'), '1.2.3');
    assert.equal(packageVersion('1.2.3-rc.1'), '1.2.3~rc.1');
  });

  test('the oldest C library is the one with the newest of all versions that the executable names', () => {
    assert.equal(oldestGlibc(Buffer.from('GLIBC_2.3.4\0GLIBC_2.17\0GLIBC_2.9\0GLIBC_9.9')), '2.17');
    assert.throws(() => oldestGlibc(Buffer.from('')), /names no version/);
  });

  test('deb: fields, files with root as owner, and scripts that are valid', async (t) => {
    if (!isInstalled('dpkg-deb')) return t.skip('dpkg-deb is not installed');
    const files = await makers.deb(order());
    assert.deepEqual(files.map((file) => basename(file)).sort(), [
      'lvsadm-ipvsadm_1.2.3~rc.1-1_all.deb',
      'lvsadm_1.2.3~rc.1-1_amd64.deb',
    ]);
    const [own = '', links = ''] = files;
    const field = (file: string, name: string) =>
      execFileSync('dpkg-deb', ['-f', file, name], { encoding: 'utf8' }).trim();
    assert.equal(field(own, 'Depends'), 'libc6 (>= 2.17)');
    assert.equal(field(links, 'Depends'), 'lvsadm (= 1.2.3~rc.1-1)');
    assert.equal(field(links, 'Provides'), 'ipvsadm (= 1:1.31)');
    assert.equal(field(links, 'Conflicts'), 'ipvsadm');

    const contents = (file: string) => listed(execFileSync('dpkg-deb', ['-c', file], { encoding: 'utf8' }));
    assert.ok(contents(own).includes('-rwxr-xr-x root/root /usr/sbin/lvsadm'));
    assert.ok(contents(own).includes('-rw-r--r-- root/root /usr/share/zsh/vendor-completions/_lvsadm'));
    assert.ok(contents(links).includes('lrwxrwxrwx root/root /usr/sbin/ipvsadm -> lvsadm'));
    assert.ok(contents(links).every((line) => line.startsWith('l') || line.includes('/lintian/')));

    const control = join(directory, 'control');
    execFileSync('dpkg-deb', ['-e', own, control]);
    assert.equal(readFileSync(join(control, 'conffiles'), 'utf8'), '/etc/lvsadm.d/README\n');
    const scriptsIn = (at: string): string[] =>
      readdirSync(at)
        .filter((name) => /^p(?:re|ost)/.test(name))
        .sort();
    assert.deepEqual(scriptsIn(control), ['postinst', 'postrm', 'prerm']);
    const ofLinks = join(directory, 'control-of-links');
    execFileSync('dpkg-deb', ['-e', links, ofLinks]);
    assert.deepEqual(scriptsIn(ofLinks), ['postinst']);
    for (const at of [control, ofLinks]) {
      for (const script of scriptsIn(at)) {
        execFileSync('sh', ['-n', join(at, script)]);
        assert.equal(statSync(join(at, script)).mode & 0o777, 0o755);
        assert.doesNotMatch(readFileSync(join(at, script), 'utf8'), /@/);
      }
    }

    const programs = mkdtempSync(join(directory, 'sbin-'));
    writeFileSync(join(programs, 'ipvsadm-save'), '');
    const postinst = readFileSync(join(ofLinks, 'postinst'), 'utf8').replaceAll('/usr/sbin', programs);
    execFileSync('sh', ['-c', postinst, 'postinst', 'configure']);
    assert.deepEqual(
      readdirSync(programs).map((name) => [name, lstatSync(join(programs, name)).isSymbolicLink()]),
      [
        ['ipvsadm', true],
        ['ipvsadm-restore', true],
        ['ipvsadm-save', false],
      ],
      'links that dpkg has removed with the files of ipvsadm are made again',
    );
    assert.equal(readlinkSync(join(programs, 'ipvsadm')), 'lvsadm');
  });

  test('tar: the tree of lvsadm alone', async () => {
    const [archive = ''] = await makers.tar(order());
    assert.equal(basename(archive), 'lvsadm-1.2.3-rc.1-linux-x86_64.tar.gz');
    const text = execFileSync('tar', ['-tvzf', archive], { encoding: 'utf8' });
    assert.match(text, /^-rwxr-xr-x 0\/0 .* usr\/sbin\/lvsadm$/m);
    assert.match(text, /^-rwxr-xr-x 0\/0 .* etc\/init\.d\/lvsadm$/m);
    assert.match(text, /LGPL-2\.1\.txt$/m);
    assert.doesNotMatch(text, /ipvsadm$/m);
  });

  test('tar with musl: the name says so', async () => {
    const [archive = ''] = await makers.tar({ ...order(), libc: 'musl' });
    assert.equal(basename(archive), 'lvsadm-1.2.3-rc.1-linux-x86_64-musl.tar.gz');
  });

  test('the script of OpenRC hands on the status of apply, and its stop changes nothing', () => {
    const script = join(root, 'packaging/openrc/lvsadm');
    const bin = mkdtempSync(join(directory, 'bin-'));
    writeFileSync(join(bin, 'lvsadm'), '#!/bin/sh\necho "lvsadm $*"\nexit 4\n', { mode: 0o755 });
    const run = (words: string) =>
      spawnSync('sh', ['-euc', `ebegin() { :; }; eend() { return $1; }; . ${script}; ${words}`], {
        encoding: 'utf8',
        env: { PATH: `${bin}:${process.env['PATH']}` },
      });
    for (const words of ['set +e; start', 'set +e; reload']) {
      const { status, stdout } = run(words);
      assert.deepEqual([status, stdout], [4, 'lvsadm apply -f /etc/lvsadm.d\n']);
    }
    const { status, stdout } = run('stop');
    assert.deepEqual([status, stdout], [0, '']);
  });

  test('image: an index that leads to a manifest, a configuration and a layer, by their hashes', async (t) => {
    if (!existsSync('/sbin/ldconfig')) return t.skip('ldconfig is not installed');
    const [archive = ''] = await makers.oci(order());
    assert.equal(basename(archive), 'lvsadm-1.2.3-rc.1-linux-amd64.oci.tar');
    const layout = join(directory, 'image');
    mkdirSync(layout);
    execFileSync('tar', ['-xf', archive, '-C', layout]);
    const blob = ({ digest, size }: { digest: string; size: number }): Buffer => {
      const content = readFileSync(join(layout, 'blobs', digest.replace(':', '/')));
      assert.equal(createHash('sha256').update(content).digest('hex'), digest.slice('sha256:'.length));
      assert.equal(content.length, size);
      return content;
    };
    const index = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8'));
    const manifest = JSON.parse(blob(index.manifests[0]).toString());
    const config = JSON.parse(blob(manifest.config).toString());
    const layer = gunzipSync(blob(manifest.layers[0]));
    assert.deepEqual(config.rootfs.diff_ids, [`sha256:${createHash('sha256').update(layer).digest('hex')}`]);
    assert.deepEqual(config.config.Entrypoint, ['/usr/sbin/lvsadm']);
    const files = execFileSync('tar', ['-tf', '-'], { input: layer, encoding: 'utf8' });
    for (const name of [/^usr\/sbin\/ipvsadm$/m, /\/libc\.so\.6$/m, /\/ld-linux-/m])
      assert.match(files, name);
  });

  test('two runs make the same bytes', async (t) => {
    if (!isInstalled('dpkg-deb')) return t.skip('dpkg-deb is not installed');
    for (const format of ['deb', 'tar'] as const) {
      const [first, second] = await Promise.all(
        ['first', 'second'].map((name) => makers[format](order(mkdtempSync(join(directory, name))))),
      );
      assert.deepEqual(
        first?.map((file) => readFileSync(file)),
        second?.map((file) => readFileSync(file)),
        format,
      );
    }
  });

  test('rpm: installs below a directory, and its files are those of the package', async (t) => {
    if (!isInstalled('rpmbuild')) return t.skip('rpmbuild is not installed');
    const files = await makers.rpm(order());
    assert.deepEqual(files.map((file) => basename(file)).sort(), [
      'lvsadm-1.2.3~rc.1-1.x86_64.rpm',
      'lvsadm-ipvsadm-1.2.3~rc.1-1.noarch.rpm',
    ]);
    const query = (...args: string[]) => execFileSync('rpm', ['-qp', ...args], { encoding: 'utf8' });
    const links = files.find((file) => file.includes('noarch')) as string;
    const own = files.find((file) => !file.includes('noarch')) as string;
    assert.match(query('--conflicts', links), /^ipvsadm$/m);
    assert.match(query('--provides', links), /^ipvsadm = 1\.31$/m);
    assert.match(query('--configfiles', own), /^\/etc\/lvsadm\.d\/README$/m);
    assert.match(query('-lv', own), /^-rwxr-xr-x .* root +root .* \/usr\/sbin\/lvsadm$/m);
    assert.match(query('-lv', own), /^drwxr-xr-x .* root +root .* \/etc\/lvsadm\.d$/m);
    assert.match(query('--qf', '%{LICENSE}', own), /^MIT AND LGPL-2\.0-or-later$/);

    const below = join(directory, 'root');
    const rpm = (...args: string[]) => spawnSync('rpm', ['--root', below, ...args], { encoding: 'utf8' });
    // Scripts run in a changed root, with a shell that needs nothing else there.
    const shell = '/bin/busybox';
    const canRunScripts = process.getuid?.() === 0 && existsSync(shell) && isStatic(shell);
    const scripts = canRunScripts ? [] : ['--noscripts'];
    if (canRunScripts) {
      mkdirSync(join(below, 'bin'), { recursive: true });
      copyFileSync(shell, join(below, 'bin/sh'));
    }
    const installed = rpm('-i', '--nodeps', ...scripts, own, links);
    assert.equal(installed.status, 0, installed.stderr);
    assert.doesNotMatch(installed.stderr, /scriptlet|error/);
    assert.ok(existsSync(join(below, 'usr/sbin/lvsadm')));
    const verified = rpm('-V', '--nodeps', 'lvsadm', 'lvsadm-ipvsadm');
    assert.equal(verified.stdout, '');
    assert.equal(verified.status, 0);
    const erased = rpm('-e', ...scripts, 'lvsadm-ipvsadm', 'lvsadm');
    assert.equal(erased.status, 0, erased.stderr);
    assert.doesNotMatch(erased.stderr, /scriptlet|error/);
    assert.ok(!existsSync(join(below, 'etc/lvsadm.d')));
    assert.ok(!existsSync(join(below, 'usr/share/doc/lvsadm')));
  });
});
