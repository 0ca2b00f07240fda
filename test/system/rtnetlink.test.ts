/** rtnetlink against the kernel that runs the tests, in a network namespace of their own. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { Errno, HostError, KernelError } from '../../src/errors.js';
import { openNodeSocket } from '../../src/netlink/transport/node.js';
import type { NewAddress } from '../../src/system/network/network.js';
import { RouteClient } from '../../src/system/rtnetlink/client.js';
import { inOwnNetwork } from '../support/netns.js';

inOwnNetwork(import.meta.url, 'rtnetlink, in a network namespace', () => {
  let client: RouteClient;
  const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8' });
  const refused = (errno: number) => (error: unknown) =>
    error instanceof KernelError && error.errno === errno;

  before(async () => {
    client = await RouteClient.open(openNodeSocket);
    ip('link', 'add', 'left', 'address', '02:00:00:00:00:01', 'type', 'veth', 'peer', 'name', 'right');
    ip('link', 'set', 'right', 'up');
  });
  after(() => client.close());

  describe('links', () => {
    test('have their names, kinds and flags', async () => {
      const links = await client.links();
      const lo = links.find(({ name }) => name === 'lo');
      assert.equal(lo?.loopback, true);
      assert.equal(lo?.arp, false);
      const left = await client.link('left');
      assert.equal(left?.kind, 'veth');
      assert.equal(left?.mac, '02:00:00:00:00:01');
      assert.equal(left?.arp, true);
      assert.equal(left?.mtu, 1500);
      assert.deepEqual(
        left,
        links.find(({ name }) => name === 'left'),
      );
    });

    test('go up and down', async () => {
      await client.setLinkUp('left', true);
      assert.match(ip('link', 'show', 'left'), /[<,]UP[,>]/);
      assert.equal((await client.link('left'))?.up, true);
      await client.setLinkUp('left', false);
      assert.equal((await client.link('left'))?.up, false);
      await client.setLinkUp('left', true);
    });

    test('that do not exist are nothing to ask for, and an error to change', async () => {
      assert.equal(await client.link('nowhere'), undefined);
      await assert.rejects(client.setLinkUp('nowhere', true), HostError);
      await assert.rejects(client.deleteLink('nowhere'), HostError);
    });

    test('are deleted', async () => {
      ip('link', 'add', 'gone', 'type', 'veth', 'peer', 'name', 'gone-too');
      await client.deleteLink('gone');
      assert.equal(await client.link('gone-too'), undefined);
    });

    test('of a kind that the kernel does not have are refused with its errno', async () => {
      await assert.rejects(client.createLink({ name: 'left', kind: 'dummy' }), (error) => {
        assert.ok(error instanceof KernelError);
        assert.equal(error.operation, 'new link');
        return true;
      });
    });

    test('can repeat their MAC address', async () => {
      await client.repeatMac('left');
      assert.equal((await client.link('left'))?.mac, '02:00:00:00:00:01');
      await assert.rejects(client.repeatMac('nowhere'), HostError);
    });
  });

  test('a link beside another one is made in the namespace of a process', async () => {
    await client.createLinkBeside({ name: 'beside', kind: 'macvlan', device: 'left', process: process.pid });
    assert.match(ip('-d', 'link', 'show', 'beside'), /beside@left: .*macvlan mode bridge/s);
    await client.deleteLink('beside');
    const nowhere = { name: 'beside', kind: 'macvlan', device: 'nowhere', process: process.pid } as const;
    await assert.rejects(client.createLinkBeside(nowhere), HostError);
  });

  describe('addresses', () => {
    test('virtual ones reach no further than the host, and are no source that IPv6 would prefer', async () => {
      await client.addAddress({ address: '192.0.2.10', prefix: 32, device: 'lo', scope: 'host' });
      await client.addAddress({ address: '2001:db8::10', prefix: 128, device: 'lo', scope: 'host' });
      assert.match(ip('address', 'show', 'lo'), /inet 192\.0\.2\.10\/32 scope host/);
      assert.match(
        ip('-6', 'address', 'show', 'lo'),
        /2001:db8::10\/128 scope global (nodad deprecated|deprecated nodad)/,
      );
      const found = await client.addresses();
      assert.deepEqual(
        found.filter(({ address }) => address === '192.0.2.10'),
        [{ address: '192.0.2.10', prefix: 32, device: 'lo', scope: 'host', duplicate: false }],
      );
      assert.deepEqual(
        found.filter(({ address }) => address === '2001:db8::10'),
        [{ address: '2001:db8::10', prefix: 128, device: 'lo', scope: 'global', duplicate: false }],
      );
    });

    test('twice are refused, and gone ones as well', async () => {
      const v4: NewAddress = { address: '192.0.2.10', prefix: 32, device: 'lo', scope: 'host' };
      const v6: NewAddress = { address: '2001:db8::10', prefix: 128, device: 'lo', scope: 'host' };
      for (const address of [v4, v6]) {
        await assert.rejects(client.addAddress(address), refused(Errno.EEXIST));
        await client.deleteAddress(address);
        await assert.rejects(client.deleteAddress(address), refused(Errno.EADDRNOTAVAIL));
      }
      assert.doesNotMatch(ip('address'), /192\.0\.2\.10|2001:db8::10/);
    });

    test('open ones have global scope', async () => {
      await client.addAddress({ address: '198.51.100.1', prefix: 24, device: 'left', scope: 'global' });
      ip('address', 'add', '2001:db8:1::1/64', 'dev', 'left', 'nodad');
      assert.match(ip('address', 'show', 'left'), /inet 198\.51\.100\.1\/24 scope global/);
      assert.match(ip('address', 'show', 'left'), /inet6 2001:db8:1::1\/64 scope global/);
    });
  });

  describe('routes', () => {
    for (const [family, gateway, other, metric] of [
      ['inet', '198.51.100.254', '198.51.100.253', 0],
      ['inet6', '2001:db8:1::fe', '2001:db8:1::fd', 1],
    ] as const) {
      const option = family === 'inet' ? '-4' : '-6';
      const shown = () => ip(option, 'route', 'show', 'default').trim();

      test(`a default route is added, replaced and deleted, ${family}`, async () => {
        await client.replaceDefaultRoute({ gateway, metric });
        assert.match(shown(), new RegExp(`^default via ${gateway} dev left proto static`));
        await client.replaceDefaultRoute({ gateway: other, metric });
        assert.match(shown(), new RegExp(`^default via ${other} dev left proto static`));
        const [found] = (await client.routes()).filter(
          (route) => route.family === family && route.destination === 'default' && route.table === 254,
        );
        assert.deepEqual([found?.gateway, found?.device, found?.metric], [other, 'left', metric]);
        await client.deleteDefaultRoute({ gateway: other, metric });
        assert.equal(shown(), '');
        await assert.rejects(client.deleteDefaultRoute({ gateway: other, metric }), refused(Errno.ESRCH));
      });

      test(`a route comes back with everything it had, ${family}`, async () => {
        ip(
          option,
          'route',
          'add',
          'default',
          'via',
          other,
          'dev',
          'left',
          'proto',
          '17',
          'mtu',
          '1400',
          'metric',
          `${metric}`,
        );
        const before = shown();
        const [found] = (await client.routes()).filter(
          (route) => route.family === family && route.destination === 'default' && route.table === 254,
        );
        assert.ok(found);
        await client.replaceDefaultRoute({ gateway, metric });
        assert.notEqual(shown(), before);
        await client.restoreRoute(found.raw);
        assert.equal(shown(), before);
        ip(option, 'route', 'del', 'default');
      });

      test(`a gateway on no link is refused, ${family}`, async () => {
        const nowhere = family === 'inet' ? '203.0.113.1' : '2001:db8:ffff::1';
        await assert.rejects(
          client.replaceDefaultRoute({ gateway: nowhere, metric }),
          (error) => error instanceof KernelError,
        );
      });
    }

    test('routes to one address stand in tables that rules choose by source ports, or for ICMP', async () => {
      for (const [family, destination, gateway] of [
        ['inet', '192.0.2.77', '203.0.113.7'],
        ['inet6', '2001:db8::77', '2001:db8:ffff::7'],
      ] as const) {
        const option = family === 'inet' ? '-4' : '-6';
        await client.addHostRoute({ destination, gateway, device: 'left', table: 1077, hopLimit: 1 });
        const added = ip(option, 'route', 'show', 'table', '1077');
        assert.match(added, new RegExp(`^${destination} via ${gateway} dev left .*hoplimit 1`));
        assert.match(added, /onlink/);
        await client.addHostRoute({ destination, device: 'left', table: 1078, hopLimit: 9 });
        assert.match(ip(option, 'route', 'show', 'table', '1078'), /dev left .*hoplimit 9/);
        const ports = { family, table: 1077, priority: 100, sourcePorts: [1024, 1047] } as const;
        const icmp = { family, table: 1078, priority: 99, icmp: true } as const;
        await client.addRule(ports);
        await client.addRule(icmp);
        const rules = ip(option, 'rule', 'show');
        assert.match(rules, /^100:\tfrom all sport 1024-1047 lookup 1077/m);
        assert.match(rules, /^99:\tfrom all ipproto (?:ipv6-)?icmp lookup 1078/m);
        await client.deleteRule(icmp);
        await client.deleteRule(ports);
        assert.doesNotMatch(ip(option, 'rule', 'show'), /107[78]/);
        await assert.rejects(client.deleteRule(ports), refused(Errno.ENOENT));
      }
    });

    test('the kernel says which way packets to an address go', async () => {
      ip('route', 'add', '203.0.113.0/24', 'dev', 'left');
      assert.equal((await client.wayTo('203.0.113.9')).device, 'left');
      ip('address', 'add', '203.0.113.1/32', 'dev', 'left');
      assert.equal((await client.wayTo('203.0.113.1')).type, 'local');
      ip('address', 'del', '203.0.113.1/32', 'dev', 'left');
      await assert.rejects(client.wayTo('198.18.0.1'), refused(Errno.ENETUNREACH));
      ip('route', 'del', '203.0.113.0/24');
    });
  });

  test('neighbours have their state', async () => {
    ip('neighbour', 'add', '198.51.100.9', 'lladdr', '02:00:00:00:00:09', 'dev', 'left', 'nud', 'permanent');
    ip('-6', 'neighbour', 'add', '2001:db8:1::9', 'dev', 'left', 'nud', 'failed');
    // The kernel's own, of multicast, come when they like.
    const added = ['198.51.100.9', '2001:db8:1::9'];
    const found = (await client.neighbours()).filter(({ address }) => added.includes(address));
    assert.deepEqual(found, [
      { address: '198.51.100.9', device: 'left', mac: '02:00:00:00:00:09', state: 'permanent' },
      { address: '2001:db8:1::9', device: 'left', mac: undefined, state: 'failed' },
    ]);
  });
});
