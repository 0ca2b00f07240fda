// Announced addresses on devices of the kernel that runs the tests, in a network namespace of their own.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { KernelAddresses } from '../../../src/commands/announce/kernel-addresses.js';
import { HostError } from '../../../src/errors.js';
import { openNodeSocket } from '../../../src/netlink/transport/node.js';
import { Machine } from '../../../src/system/machine.js';
import { ownFiles } from '../../support/flock.js';
import { inOwnNetwork } from '../../support/netns.js';

inOwnNetwork(import.meta.url, 'addresses of devices, in a network namespace', () => {
  const addresses = new KernelAddresses({ openSocket: openNodeSocket, files: ownFiles });
  const ip = (...args: string[]) => execFileSync('ip', args, { encoding: 'utf8' });

  before(() => {
    ip('link', 'set', 'lo', 'up');
    ip('link', 'add', 'left', 'type', 'veth', 'peer', 'name', 'right');
    for (const device of ['left', 'right']) ip('link', 'set', device, 'up');
  });
  after(() => addresses.close());

  for (const [address, cidr] of [
    ['192.0.2.10', 'inet 192.0.2.10/32'],
    ['2001:db8::10', 'inet6 2001:db8::10/128'],
  ] as const)
    test(`${address} moves from a device to lo, alone and with scope host, and goes`, async () => {
      const [announced, lingering] = ['left', 'lo'].map((device) => ({ address, device }));
      assert.ok(announced && lingering);
      assert.equal(await addresses.add(announced), true);
      assert.equal(await addresses.add(announced), false);
      assert.ok(ip('address', 'show', 'dev', 'left').includes(cidr));
      assert.equal(await addresses.add(lingering), true);
      await addresses.remove(announced);
      await addresses.remove(announced);
      assert.deepEqual(
        (await addresses.read()).filter((each) => each.address === address).map(({ device }) => device),
        ['lo'],
      );
      assert.match(ip('address', 'show', 'dev', 'lo'), new RegExp(`${cidr} scope (host|global)`));
      assert.match(ip('route', 'get', address), /local .* dev lo/);
      await addresses.remove(lingering);
      assert.ok(!ip('address', 'show').includes(cidr));
    });

  test('a device of another kind is refused', () =>
    assert.rejects(
      addresses.prepare('left'),
      (error) =>
        error instanceof HostError &&
        error.message === 'cannot use left as a device of kind dummy: there is one of kind veth',
    ));

  test('what stands alone on a device of the agent is marked', async () => {
    const machine = new Machine(openNodeSocket, ownFiles);
    await (await machine.route()).setLinkAlias('left', 'lvsadm');
    await machine.close();
    for (const device of ['left', 'right']) ip('address', 'add', '192.0.2.10/32', 'dev', device);
    ip('address', 'add', '192.0.2.11/24', 'dev', 'left');
    const marked = (await addresses.read()).filter(({ isMarked }) => isMarked);
    assert.deepEqual(
      marked.map(({ address, device }) => [address, device]),
      [['192.0.2.10', 'left']],
    );
    assert.match(ip('link', 'show', 'left'), /alias lvsadm/);
  });

  test('an address of a device that is gone is gone, too', async () => {
    ip('link', 'delete', 'left');
    await addresses.remove({ address: '192.0.2.10', device: 'left' });
    await assert.rejects(addresses.add({ address: '192.0.2.10', device: 'left' }), HostError);
  });
});
