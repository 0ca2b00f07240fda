/** `lvsadm director` against the kernel that runs the tests, in a network namespace of their own. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs, { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { openNodeSocket } from '../../src/netlink/transport/node.js';
import { planDirector } from '../../src/setup/director.js';
import { Journal } from '../../src/setup/journal.js';
import { runSteps, undoAll } from '../../src/setup/run-steps.js';
import { Store } from '../../src/system/files/store.js';
import { Machine } from '../../src/system/machine.js';
import { ownFiles } from '../support/flock.js';
import { modern } from '../support/modern.js';
import { inOwnNetwork } from '../support/netns.js';
import { networkBecomes, settledNetwork } from '../support/network-state.js';

inOwnNetwork(import.meta.url, 'director, in a network namespace', () => {
  const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8' });
  const client = `lvsadm-test-${process.pid}`;
  const inClient = (...args: string[]) => ip('-n', client, ...args);
  let directory: string;
  let state: string;
  let machine: Machine;

  before(() => {
    // This namespace has mounts of its own as well: the client's name is seen here only.
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '/run']);
    mkdirSync('/run/netns');
    ip('netns', 'add', client);
    ip('link', 'set', 'lo', 'up');
    ip('link', 'add', 'nic', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', client);
    for (const run of [ip, inClient])
      run('link', 'set', run === ip ? 'nic' : 'eth0', 'addrgenmode', 'none', 'up');
    ip('address', 'add', '198.51.100.1/24', 'dev', 'nic');
    inClient('address', 'add', '198.51.100.9/24', 'dev', 'eth0');
    inClient('address', 'add', '2001:db8::9/64', 'dev', 'eth0', 'nodad');
    directory = mkdtempSync(join(tmpdir(), 'lvsadm-'));
    state = join(directory, 'director.json');
    machine = new Machine(openNodeSocket, fs);
  });
  after(async () => {
    await machine.close();
    ip('netns', 'delete', client);
    rmSync(directory, { recursive: true });
  });

  /** The plan without the module, which not every kernel that runs the tests has. */
  const up = async (...vips: string[]) => {
    const { steps } = planDirector({ vips, device: 'nic', methods: ['nat'] });
    const journal = new Journal('director', new Store({ env: {}, files: ownFiles, warn: () => {} }, state));
    await runSteps(
      steps.filter((step) => step.do !== 'module'),
      machine,
      journal,
    );
    return journal;
  };

  test('a director goes up twice, and down restores the network exactly', async () => {
    const start = await settledNetwork();
    await up('192.0.2.10', '2001:db8::10');
    const once = await settledNetwork();
    assert.equal(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8'), '1\n');
    assert.equal(readFileSync('/proc/sys/net/ipv6/conf/all/forwarding', 'utf8'), '1\n');
    assert.equal(readFileSync('/proc/sys/net/ipv4/conf/nic/send_redirects', 'utf8'), '0\n');
    assert.match(ip('address', 'show', 'nic'), /inet 192\.0\.2\.10\/32 scope global/);
    assert.match(ip('address', 'show', 'nic'), /inet6 2001:db8::10\/128 scope global/);
    await up('192.0.2.10', '2001:db8::10');
    await networkBecomes(once);
    const { status } = await modern('director', 'down', '--force', '--state', state);
    assert.equal(status, 0);
    await networkBecomes(start);
  });

  test('down keeps what others may rely on, says so, and undoes it with --force', async () => {
    const start = await settledNetwork();
    ip('link', 'set', 'nic', 'down');
    const forward = () => readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim();
    await up('192.0.2.10');
    for (let time = 0; time < 2; time++) {
      const { status, err } = await modern('director', 'down', '--state', state);
      assert.equal(status, 0);
      assert.match(err, /^lvsadm: nic stays on: it has the address 198\.51\.100\.1; --force undoes it$/m);
      assert.match(
        err,
        /^lvsadm: net\.ipv4\.ip_forward stays 1: other programs may need it to forward packets; --force/m,
      );
      assert.equal(forward(), '1');
      assert.match(ip('link', 'show', 'nic'), /[<,]UP/);
      assert.doesNotMatch(ip('address', 'show', 'nic'), /192\.0\.2\.10/);
      assert.equal((await modern('director', 'status', '--state', state)).status, 1);
    }
    await up('192.0.2.10');
    assert.equal((await modern('director', 'status', '--state', state)).status, 0);
    await modern('director', 'down', '--force', '--state', state);
    assert.equal(forward(), '0');
    assert.doesNotMatch(ip('link', 'show', 'nic'), /[<,]UP/);
    ip('link', 'set', 'nic', 'up');
    await networkBecomes(start);
  });

  test('down restores what the kernel changed along with ip_forward', async () => {
    writeFileSync('/proc/sys/net/ipv4/conf/nic/forwarding', '1');
    writeFileSync('/proc/sys/net/ipv4/conf/all/accept_redirects', '0');
    writeFileSync('/proc/sys/net/ipv6/conf/nic/forwarding', '1');
    const start = await settledNetwork();
    const journal = await up('192.0.2.10', '2001:db8::10');
    await undoAll(machine, journal, { force: true });
    await networkBecomes(start);
  });

  test('up announces the VIPs to the neighbours', async () => {
    for (const vip of ['192.0.2.10', '2001:db8::10']) {
      inClient('neighbour', 'replace', vip, 'lladdr', '02:00:00:00:00:99', 'dev', 'eth0', 'nud', 'stale');
    }
    const journal = await up('192.0.2.10', '2001:db8::10');
    const mac = (await (await machine.route()).link('nic'))?.mac ?? '';
    let neighbours = '';
    for (let wait = 0; wait < 100 && neighbours.split(mac).length < 3; wait++) {
      await sleep(20);
      neighbours = inClient('neighbour', 'show');
    }
    assert.match(neighbours, new RegExp(`192\\.0\\.2\\.10 .*${mac}`));
    assert.match(neighbours, new RegExp(`2001:db8::10 .*${mac}`));
    await undoAll(machine, journal, { force: true });
  });

  test('an address conflict on a VIP is found, and the neighbour entry removed', async () => {
    const journal = await up('198.51.100.10');
    inClient('link', 'set', 'lo', 'up');
    inClient('address', 'add', '198.51.100.10/32', 'dev', 'lo');
    const route = await machine.route();
    const heard = async () => (await route.neighbours()).find(({ address }) => address === '198.51.100.10');
    // Asked again now and then: on a busy machine an answer may take longer than the kernel waits for it.
    for (let wait = 0; wait < 500 && (await heard())?.mac === undefined; wait++) {
      if (wait % 50 === 0) await route.requestNeighbour('198.51.100.10', 'nic');
      await sleep(20);
    }
    const [, mac] = /ether (\S+)/.exec(inClient('link', 'show', 'eth0')) ?? [];
    assert.equal((await heard())?.mac, mac);
    await route.deleteNeighbour('198.51.100.10', 'nic');
    assert.equal(await heard(), undefined);
    inClient('address', 'del', '198.51.100.10/32', 'dev', 'lo');
    await undoAll(machine, journal, { force: true });
  });

  test('status lists the steps, and IPVS settings only if IPVS is loaded', async () => {
    const journal = await up('192.0.2.10');
    const { status, out } = await modern('director', 'status', '--json', '--state', state);
    assert.equal(status, 0);
    const told = JSON.parse(out);
    assert.deepEqual([told.role, told.complete], ['director', true]);
    assert.ok(Array.isArray(told.settings));
    await undoAll(machine, journal, { force: true });
    const empty = await modern('director', 'status', '--state', state);
    assert.equal(empty.status, 1);
    assert.match(empty.out, /nothing up here for a director/);
  });

  test('--print writes files that systemd reads', async () => {
    const words = ['--vip', '192.0.2.10', '2001:db8::10', '--interface', 'nic', '--print'];
    const { out } = await modern('director', 'up', ...words, '--state', state);
    assert.match(out, /# \/etc\/modules-load\.d\/lvsadm-director\.conf\nip_vs\n/);
    assert.match(out, /net\/ipv4\/ip_forward = 1\n/);
    assert.match(out, /FILE-OF-nic\.network\.d\/50-lvsadm\.conf\n\[Address\]\nAddress=192\.0\.2\.10\/32\n/);
  });
});
