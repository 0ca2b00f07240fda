// What is asked of the link of a sync daemon before the running one is stopped.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { checkDaemonLinks, problemOf } from '../../src/commands/shared/change/daemon-links.js';
import { UsageError } from '../../src/errors.js';
import type { Daemon } from '../../src/model/daemon.js';
import { inOwnNetwork } from '../support/netns.js';
import { openSocket } from '../support/socket.js';

const links = [{ name: 'eth0' }, { name: 'eth1' }];
const addresses = [{ device: 'eth0', address: '192.0.2.1' }];
const daemon = (more: Partial<Daemon>): Daemon => ({
  state: 'master',
  interface: 'eth0',
  syncId: 1,
  ...more,
});

test('a link must exist, and that of a master have an address of the group’s family', () => {
  const problem = (more: Partial<Daemon>) => problemOf(daemon(more), links, addresses);
  assert.equal(problem({}), undefined);
  assert.equal(problem({ interface: 'eth9' }), "there is no link 'eth9'");
  assert.equal(
    problem({ interface: 'eth1' }),
    "link 'eth1' has no IPv4 address to send to group 224.0.0.81 from",
  );
  assert.equal(
    problem({ group: 'ff02::81' }),
    "link 'eth0' has no IPv6 address to send to group ff02::81 from",
  );
  assert.equal(problem({ state: 'backup', interface: 'eth1' }), undefined);
});

test('a machine that does not tell its links leaves the decision to the kernel', () =>
  checkDaemonLinks([daemon({})], [daemon({ interface: 'nosuch' })], {
    openSocket: () => Promise.reject(new Error('no rtnetlink here')),
  }));

inOwnNetwork(import.meta.url, 'links of sync daemons, in a network namespace', () => {
  test('only a daemon that replaces a running one is checked', async () => {
    execFileSync('ip', ['link', 'set', 'lo', 'up']);
    const running = [daemon({ interface: 'lo' })];
    const context = { openSocket };
    await checkDaemonLinks(running, [daemon({ interface: 'lo', syncId: 2 })], context);
    await checkDaemonLinks([], [daemon({ interface: 'nosuch' })], context);
    await assert.rejects(
      checkDaemonLinks(running, [daemon({ interface: 'nosuch' })], context),
      (error) =>
        error instanceof UsageError && /no link 'nosuch'; the running daemon stays/.test(error.problem),
    );
  });
});
