/** `lvsadm doctor` against the kernel that runs the tests, in a network namespace of their own. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { before, beforeEach, test } from 'node:test';
import { WithStatus } from '../../src/context.js';
import { UsageError, ValueError } from '../../src/errors.js';
import { modern } from '../support/modern.js';
import { inOwnNetwork } from '../support/netns.js';

inOwnNetwork(import.meta.url, 'doctor, in a network namespace', () => {
  const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8' });
  const setting = (name: string) => `/proc/sys/net/ipv4/conf/${name}`;
  const bare = (...words: string[]) => modern('doctor', ...words);
  /** With a role, because nothing else on this machine says that the address is a VIP. */
  const doctor = (...words: string[]) =>
    bare(...(words.includes('--role') ? [] : ['--role', 'real-server']), ...words);

  before(() => {
    ip('link', 'set', 'lo', 'up');
    ip('link', 'add', 'nic', 'type', 'veth', 'peer', 'name', 'peer');
    for (const name of ['nic', 'peer']) ip('link', 'set', name, 'up');
    ip('address', 'add', '198.51.100.7/24', 'dev', 'nic');
    ip('address', 'add', '192.0.2.10/32', 'dev', 'lo');
  });
  beforeEach(() => {
    writeFileSync(setting('all/arp_ignore'), '0');
    writeFileSync(setting('all/arp_announce'), '0');
  });

  test('an address that only looks like a VIP is a note, and --fix changes nothing', async () => {
    const { status, out } = await bare('--fix');
    assert.equal(status, 0);
    assert.match(out, /^NOTE arp-ignore: 192\.0\.2\.10\n/m);
    assert.match(out, /role = assumed; --vip or --role real-server confirms it\n/);
    assert.doesNotMatch(out, /done:|fix \(safe\)/);
    assert.equal(readFileSync(setting('all/arp_ignore'), 'utf8'), '0\n');
    assert.equal((await bare('--vip', '192.0.2.10')).status, 2);
  });

  test('doctor reports what is wrong with a real server', async () => {
    const { status, out } = await doctor();
    assert.equal(status, 2);
    assert.match(out, /^ERROR arp-ignore: 192\.0\.2\.10\n {2}addresses of lo = 192\.0\.2\.10\/32\n/m);
    assert.match(out, /fix \(safe\): sysctl -w net\.ipv4\.conf\.all\.arp_ignore=1\n/);
    assert.match(out, /ERROR arp-announce/);
    assert.match(out, /2 errors \(as real-server\)\n$/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
    assert.doesNotMatch(out, /\u001b/, 'no colours in a pipe');
  });

  test('writes JSON as it is documented', async () => {
    const { status, out } = await doctor('--json');
    assert.equal(status, 2);
    const { roles, findings, unknown, fixed } = JSON.parse(out);
    assert.deepEqual(roles, ['real-server']);
    assert.deepEqual([Array.isArray(unknown), fixed], [true, undefined]);
    assert.deepEqual(
      findings.map(({ id }: { id: string }) => id),
      ['arp-ignore', 'arp-announce'],
    );
    const [{ why, ...ignore }] = findings;
    assert.equal(typeof why, 'string');
    assert.deepEqual(ignore, {
      id: 'arp-ignore',
      severity: 'error',
      subject: '192.0.2.10',
      observed: [
        { source: 'addresses of lo', value: '192.0.2.10/32' },
        { source: 'net.ipv4.conf.all.arp_ignore', value: '0' },
        { source: 'net.ipv4.conf.peer.arp_ignore', value: '0' },
        { source: 'net.ipv4.conf.nic.arp_ignore', value: '0' },
      ],
      fixes: [{ command: 'sysctl -w net.ipv4.conf.all.arp_ignore=1', safe: true }],
    });
  });

  test('--fix shows the findings, fixes them and checks again', async () => {
    const { status, out } = await doctor('--fix');
    assert.equal(status, 0);
    assert.match(out, /^ERROR arp-.*done: sysctl -w net\.ipv4\.conf\.all\.arp_ignore=1\n.*nothing found/s);
    assert.equal(readFileSync(setting('all/arp_ignore'), 'utf8'), '1\n');
    assert.equal(readFileSync(setting('all/arp_announce'), 'utf8'), '2\n');
    assert.equal((await doctor()).status, 0);
  });

  test('--fix --json is one document', async () => {
    const { status, out } = await doctor('--fix', '--json');
    assert.equal(status, 0);
    const { findings, fixed } = JSON.parse(out);
    assert.deepEqual(findings, []);
    assert.deepEqual(fixed, [
      'sysctl -w net.ipv4.conf.all.arp_ignore=1',
      'sysctl -w net.ipv4.conf.all.arp_announce=2',
    ]);
  });

  test('--fix leaves changes that are not safe to the administrator', async () => {
    const words = [
      '--role',
      'real-server',
      '--method',
      'nat',
      '--gateway',
      '198.51.100.1',
      '--vip',
      '192.0.2.99',
    ];
    const { status, out } = await doctor(...words, '--fix');
    assert.equal(status, 2);
    assert.match(out, /ERROR nat-way-back: 198\.51\.100\.1\n {2}default route = none\n/);
    assert.match(out, /fix: lvsadm real-server up --method nat --gateway 198\.51\.100\.1\n/);
    assert.doesNotMatch(out, /done:/);
    assert.equal(ip('route', 'show', 'default'), '');
  });

  test('a missing VIP is reported if the command line names it', async () => {
    const { out } = await doctor('--role', 'real-server', '--vip', '192.0.2.11', '--method', 'dr');
    assert.match(out, /^ERROR vip-missing: 192\.0\.2\.11\n/);
  });

  test('a director without IPVS', async () => {
    const { status, out } = await doctor('--role', 'director', '--json');
    // The kernel that runs this test may have IPVS loaded; then there is nothing to find in an empty table.
    const ids = JSON.parse(out).findings.map(({ id }: { id: string }) => id);
    assert.deepEqual([status, ids], status === 0 ? [0, []] : [2, ['no-ipvs']]);
  });

  test('a machine without a role needs --role, and errors exit with status 3', async () => {
    ip('address', 'del', '192.0.2.10/32', 'dev', 'lo');
    try {
      await assert.rejects(bare(), (error) => {
        assert.ok(error instanceof WithStatus && error.cause instanceof UsageError);
        assert.equal(error.status, 3);
        assert.match(error.cause.message, /--role/);
        return true;
      });
    } finally {
      ip('address', 'add', '192.0.2.10/32', 'dev', 'lo');
    }
    for (const words of [
      ['--vip', 'nowhere'],
      ['--gateway', '1.2.3'],
    ]) {
      await assert.rejects(
        doctor('--role', 'real-server', ...words),
        (error) => error instanceof WithStatus && error.cause instanceof ValueError && error.status === 3,
      );
    }
  });
});
