/** `lvsadm real-server` against the kernel that runs the tests, in a network namespace of their own. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { HostError, UsageError, ValueError } from '../../src/errors.js';
import { modern } from '../support/modern.js';
import { inOwnNetwork } from '../support/netns.js';
import { type NetworkState, networkBecomes, networkState, settledNetwork } from '../support/network-state.js';

inOwnNetwork(import.meta.url, 'real-server, in a network namespace', () => {
  const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8' });
  const setting = (name: string) => readFileSync(`/proc/sys/net/ipv4/conf/${name}`, 'utf8').trim();
  const set = (name: string, value: string) => writeFileSync(`/proc/sys/net/ipv4/conf/${name}`, value);
  let directory: string;
  let state: string;
  /** The network before any set-up, to which every test leads back. */
  let start: NetworkState;
  const realServer = (...words: string[]) => modern('real-server', ...words, '--state', state);

  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'lvsadm-'));
    ip('link', 'set', 'lo', 'up');
    ip('link', 'add', 'nic', 'type', 'veth', 'peer', 'name', 'peer');
    for (const name of ['nic', 'peer']) {
      // No link-local addresses, which would come to life in the middle of a comparison.
      ip('link', 'set', name, 'addrgenmode', 'none');
      ip('link', 'set', name, 'up');
    }
    ip('address', 'add', '198.51.100.7/24', 'dev', 'nic');
    ip('address', 'add', '2001:db8:1::7/64', 'dev', 'nic', 'nodad');
    start = await settledNetwork();
  });
  after(() => rmSync(directory, { recursive: true }));
  beforeEach(() => {
    state = join(directory, `${Math.random()}.json`);
  });

  describe('direct routing', () => {
    const up = ['up', '--method', 'dr', '--vip', '192.0.2.10', '2001:db8::10'];

    test('up puts the VIPs on lo, and no ARP answers for them', async () => {
      const { status, out, err } = await realServer(...up);
      assert.equal(status, 0);
      assert.match(out, /set net\.ipv4\.conf\.all\.arp_ignore to 1: done/);
      assert.match(out, /put 192\.0\.2\.10\/32 on lo: done/);
      assert.match(err, /IPv6 needs no counterpart of arp_ignore/);
      assert.equal(setting('all/arp_ignore'), '1');
      assert.equal(setting('all/arp_announce'), '2');
      assert.match(ip('address', 'show', 'lo'), /inet 192\.0\.2\.10\/32 scope host/);
      assert.match(ip('address', 'show', 'lo'), /inet6 2001:db8::10\/128/);
      await realServer('down');
    });

    test('down restores the network exactly, and leaves no file', async () => {
      await realServer(...up);
      assert.notDeepEqual(networkState(), start);
      assert.ok(existsSync(state));
      const { status, out } = await realServer('down');
      assert.equal(status, 0);
      assert.match(out, /put 192\.0\.2\.10\/32 on lo: undone/);
      await networkBecomes(start);
      assert.ok(!existsSync(state));
    });

    test('up stays done although its output cannot be written', async () => {
      const program = fileURLToPath(new URL('../../bin/lvsadm.js', import.meta.url));
      const full = openSync('/dev/full', 'w');
      const { status, stderr } = spawnSync(
        process.execPath,
        [program, 'real-server', ...up, '--state', state],
        { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' },
      );
      closeSync(full);
      assert.equal(status, 1, stderr);
      assert.match(stderr, /^lvsadm: cannot write the output: no space left on device$/m);
      assert.equal((await realServer('status')).status, 0);
      await realServer('down');
      await networkBecomes(start);
    });

    test('up changes nothing where the record of the change cannot be written, and names its file', async () => {
      writeFileSync(join(directory, 'file'), '');
      const path = join(directory, 'file/state.json');
      await assert.rejects(modern('real-server', ...up, '--state', path), (error) => {
        assert.ok(error instanceof HostError);
        assert.equal(error.message, `cannot write ${path}: not a directory`);
        return true;
      });
      await networkBecomes(start);
    });

    test('a second up and a second down change nothing', async () => {
      await realServer(...up);
      const once = await settledNetwork();
      const journal = readFileSync(state, 'utf8');
      const { out } = await realServer(...up);
      assert.doesNotMatch(out, /: done/);
      await networkBecomes(once);
      assert.equal(readFileSync(state, 'utf8'), journal);
      await realServer('down');
      const again = await realServer('down');
      assert.deepEqual([again.status, again.out], [0, '']);
      await networkBecomes(start);
    });

    test('down keeps settings that were right before up', async () => {
      set('all/arp_ignore', '2');
      ip('address', 'add', '192.0.2.10/32', 'dev', 'lo');
      const { out } = await realServer(...up);
      assert.match(out, /arp_ignore to 1: holds already/);
      const { err } = await realServer('down');
      assert.equal(
        err,
        'lvsadm: net.ipv4.conf.all.arp_announce stays 2: it hides 192.0.2.10 on lo from ARP; --force undoes it\n',
      );
      assert.equal(setting('all/arp_announce'), '2');
      await realServer('down', '--force');
      assert.equal(setting('all/arp_announce'), '0');
      assert.equal(setting('all/arp_ignore'), '2');
      assert.match(ip('address', 'show', 'lo'), /192\.0\.2\.10/);
      set('all/arp_ignore', '0');
      ip('address', 'del', '192.0.2.10/32', 'dev', 'lo');
    });

    test('a further up adds its VIPs, and one down removes all', async () => {
      await realServer('up', '--method', 'dr', '--vip', '192.0.2.10');
      await realServer('up', '--method', 'dr', '--vip', '192.0.2.11,192.0.2.12', '--vip', '192.0.2.13');
      assert.match(
        ip('address', 'show', 'lo'),
        /192\.0\.2\.10.*192\.0\.2\.11.*192\.0\.2\.12.*192\.0\.2\.13/s,
      );
      await realServer('down');
      await networkBecomes(start);
    });

    test('down keeps and reports what another program changed since up', async () => {
      await realServer(...up);
      set('all/arp_announce', '1');
      ip('address', 'del', '192.0.2.10/32', 'dev', 'lo');
      const { status, err } = await realServer('down');
      assert.equal(status, 0);
      assert.match(err, /net\.ipv4\.conf\.all\.arp_announce is 1 by now, and stays so/);
      assert.equal(setting('all/arp_announce'), '1');
      set('all/arp_announce', '0');
    });

    test('a failed step undoes the steps before it, and is named', async () => {
      ip('address', 'add', '192.0.2.12/24', 'dev', 'lo');
      const broken = await settledNetwork();
      await assert.rejects(
        realServer('up', '--method', 'dr', '--vip', '192.0.2.10', '192.0.2.12'),
        (error) => {
          assert.ok(error instanceof HostError);
          assert.match(
            error.message,
            /cannot put 192\.0\.2\.12\/32 on lo: it stands there as 192\.0\.2\.12\/24/,
          );
          return true;
        },
      );
      await networkBecomes(broken);
      assert.ok(!existsSync(state));
      ip('address', 'del', '192.0.2.12/24', 'dev', 'lo');
      await networkBecomes(start);
    });

    test('--dry-run prints the commands and changes nothing', async () => {
      const { out } = await realServer(...up, '--dry-run');
      assert.match(out, /sysctl -w net\.ipv4\.conf\.all\.arp_ignore=1/);
      assert.match(out, /ip address add 192\.0\.2\.10\/32 dev lo scope host/);
      assert.match(out, /ip address add 2001:db8::10\/128 dev lo nodad preferred_lft 0/);
      await networkBecomes(start);
      assert.ok(!existsSync(state));
    });

    test('the commands of --dry-run do the same as up', async () => {
      const { out } = await realServer(...up, '--dry-run');
      await realServer(...up);
      const wanted = await settledNetwork();
      await realServer('down');
      for (const line of out.trim().split('\n')) {
        const [, command = ''] = line.split(/: (?=sysctl|ip )/);
        if (command !== '') execFileSync('sh', ['-c', command]);
      }
      await networkBecomes(wanted);
      ip('address', 'del', '192.0.2.10/32', 'dev', 'lo');
      ip('address', 'del', '2001:db8::10/128', 'dev', 'lo');
      set('all/arp_ignore', '0');
      set('all/arp_announce', '0');
      await networkBecomes(start);
    });

    test('status reports whether every step still holds', async () => {
      assert.equal((await realServer('status')).status, 1);
      await realServer(...up);
      assert.equal((await realServer('status')).status, 0);
      set('all/arp_ignore', '0');
      const { status, out } = await realServer('status', '--json');
      assert.equal(status, 1);
      const { complete, steps } = JSON.parse(out);
      assert.equal(complete, false);
      assert.deepEqual(
        steps.filter(({ holds }: { holds: boolean }) => !holds).map(({ path }: { path: string }) => path),
        ['net/ipv4/conf/all/arp_ignore'],
      );
      set('all/arp_ignore', '1');
      await realServer('down');
    });

    test('up, down and their --dry-run write JSON', async () => {
      const json = async (...words: string[]) => {
        const { status, out } = await realServer(...words, '--json');
        assert.equal(status, 0);
        const { role, steps, notes } = JSON.parse(out);
        assert.equal(role, 'real-server');
        return { steps, notes };
      };
      const first = ({ steps }: { steps: readonly Record<string, unknown>[] }) =>
        steps.find(({ address: vip }) => vip === '192.0.2.10');
      const address = {
        description: 'put 192.0.2.10/32 on lo',
        do: 'address',
        address: '192.0.2.10',
        prefix: 32,
        device: 'lo',
        scope: 'host',
      };
      const dry = await json(...up, '--dry-run');
      assert.deepEqual(first(dry), {
        ...address,
        result: 'planned',
        command: 'ip address add 192.0.2.10/32 dev lo scope host',
      });
      assert.match(dry.notes.join(), /IPv6 needs no counterpart of arp_ignore/);
      assert.deepEqual(first(await json(...up)), { ...address, result: 'done' });
      assert.deepEqual(first(await json(...up)), { ...address, result: 'already-set' });
      assert.deepEqual(first(await json('down', '--dry-run')), { ...address, result: 'planned' });
      assert.deepEqual(first(await json('down')), { ...address, result: 'undone' });
      assert.deepEqual((await json('down')).steps, []);
      const { out } = await realServer(...up, '--print', '--json');
      assert.ok(JSON.parse(out).files.every(({ path }: { path: string }) => path.startsWith('/etc/')));
    });

    test('status recognises a set-up that another program made', async () => {
      const asked = ['status', '--method', 'dr', '--vip', '192.0.2.10'];
      assert.equal((await realServer(...asked)).status, 1);
      set('all/arp_ignore', '1');
      set('all/arp_announce', '2');
      ip('address', 'add', '192.0.2.10/32', 'dev', 'lo');
      assert.equal((await realServer(...asked)).status, 0);
      ip('address', 'del', '192.0.2.10/32', 'dev', 'lo');
      set('all/arp_ignore', '0');
      set('all/arp_announce', '0');
    });
  });

  describe('network address translation', () => {
    for (const [option, gateway, other] of [
      ['-4', '198.51.100.1', '198.51.100.254'],
      ['-6', '2001:db8:1::1', '2001:db8:1::fe'],
    ] as const) {
      const up = ['up', '--method', 'nat', '--gateway', gateway];
      const best = () => ip(option, 'route', 'get', option === '-4' ? '203.0.113.1' : '2001:db8:ffff::1');

      test(`${option}: leads back through the director, and forgets it again`, async () => {
        await realServer(...up);
        assert.match(best(), new RegExp(`via ${gateway} `));
        const { out } = await realServer(...up);
        assert.match(out, /holds already/);
        await realServer('down');
        await networkBecomes(start);
      });

      test(`${option}: wins over the earlier default route, which comes back`, async () => {
        const metric = option === '-4' ? '0' : '1';
        for (const words of [
          ['metric', metric, 'mtu', '1400', 'proto', '17'],
          ['metric', '1024'],
        ]) {
          ip(option, 'route', 'add', 'default', 'via', other, 'dev', 'nic', ...words);
          const before = await settledNetwork();
          await realServer(...up);
          assert.match(best(), new RegExp(`via ${gateway} `));
          await realServer('down');
          await networkBecomes(before);
          ip(option, 'route', 'del', 'default');
        }
      });

      test(`${option}: a gateway out of reach is refused in the kernel's words`, async () => {
        const nowhere = option === '-4' ? '203.0.113.1' : '2001:db8:ffff::1';
        await assert.rejects(realServer('up', '--method', 'nat', '--gateway', nowhere), (error) => {
          assert.ok(error instanceof HostError);
          assert.match(
            error.message,
            /to (203\.0\.113\.1|2001:db8:ffff::1): E(NETUNREACH|HOSTUNREACH|INVAL)/,
          );
          return true;
        });
        await networkBecomes(start);
      });
    }
  });

  describe('command lines that make no sense are refused before anything is touched', () => {
    for (const [words, problem] of [
      [['up'], /--method is missing/],
      [['up', '--method', 'dr'], /needs --vip/],
      [['up', '--method', 'nat', '--vip', '192.0.2.10'], /needs --gateway/],
      [['up', '--method', 'dr', '--vip', '192.0.2.10', '--gateway', '192.0.2.1'], /belongs to --method nat/],
      [['up', '--method', 'dr', '--vip', '192.0.2.10', '--tun-type', 'gre'], /belongs to --method tun/],
      [['up', '--method', 'tun', '--vip', '192.0.2.10', '--tun-type', 'gue'], /needs --tun-port/],
      [['up', '--method', 'tun', '--vip', '192.0.2.10', '--tun-port', '6080'], /belongs to --tun-type gue/],
      [
        ['up', '--method', 'tun', '--vip', '192.0.2.10', '--tun-type', 'gue', '--tun-port', '65536'],
        /not a port/,
      ],
      [
        ['up', '--method', 'tun', '--vip', '192.0.2.10', '--local', '2001:db8:1::7', '--method', 'dr'],
        /more than once/,
      ],
      [
        ['up', '--method', 'tun', '--vip', '192.0.2.10', '--tun-type', 'gre', '--tun-csum'],
        /--local is missing/,
      ],
      [['up', '--method', 'dr', '--vip', '192.0.2.300'], /not an IPv4 or IPv6 address/],
      [['sideways'], /up, down|Choices/i],
    ] as const) {
      test(words.join(' '), async () => {
        await assert.rejects(realServer(...words), (error) => {
          assert.ok(error instanceof UsageError || error instanceof ValueError, String(error));
          assert.match(error.message, problem);
          return true;
        });
        await networkBecomes(start);
        assert.ok(!existsSync(state));
      });
    }
  });
});
