/** Ways to servers in the prober's namespace, over a network that is played. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Errno, KernelError } from '../../src/errors.js';
import { PathRoutes } from '../../src/health/path/routes.js';
import type { Machine } from '../../src/system/machine.js';

/** Ways of an open leg, and the changes that they make; those with this name are refused until `refused` is cleared. */
async function playedRoutes(name: string) {
  const refused = new Set<string>();
  const calls: string[] = [];
  const route = new Proxy(
    {},
    {
      get: (_, name) => {
        if (name === 'then') return undefined;
        return async () => {
          if (name === 'neighbours') return [];
          calls.push(String(name));
          if (refused.has(String(name))) throw new KernelError(String(name), Errno.EEXIST);
        };
      },
    },
  );
  const machine = {
    sysctls: { read: async () => undefined },
    route: async () => route,
    loadModule: async () => {},
  } as unknown as Machine;
  const routes = await PathRoutes.prepare(machine);
  await routes.openLeg({ address: ['198.51.100.250/24'], link: 'ipvlan' });
  calls.length = 0;
  refused.add(name);
  return { routes, calls, refused };
}

const path = { vip: '192.0.2.10', server: '198.51.100.7' };
const tunnelled = { ...path, tunnel: { type: 'ipip', port: 0, checksum: 'nocsum' } } as const;

test('a way that cannot be made is undone, and takes no number from the others', async () => {
  const { routes, calls, refused } = await playedRoutes('addRule');
  await assert.rejects(routes.to(path), KernelError);
  assert.deepEqual(calls, ['addHostRoute', 'addRule', 'deleteHostRoute']);
  for (let times = 0; times < 3000; times++) await assert.rejects(routes.to(path), KernelError);
  refused.clear();
  assert.equal((await routes.to(path)).table, 1000);
  assert.equal((await routes.to({ ...path, server: '198.51.100.8' })).table, 1001);
});

test('a tunnel that cannot be set up is removed', async () => {
  const { routes, calls } = await playedRoutes('setLinkUp');
  await assert.rejects(routes.to(tunnelled), KernelError);
  assert.deepEqual(calls, ['createLink', 'setLinkUp', 'deleteLink']);
});

test('ways to servers that are gone are removed with their tunnels, and their numbers given to others', async () => {
  const { routes, calls, refused } = await playedRoutes('none');
  const other = { ...tunnelled, vip: '192.0.2.11' };
  for (const each of [path, tunnelled, other]) await routes.to(each);
  calls.length = 0;
  await routes.keep([path, tunnelled, other]);
  assert.deepEqual(calls, []);
  await routes.keep([path, tunnelled]);
  assert.deepEqual(calls, ['deleteRule', 'deleteHostRoute'], 'the tunnel is in use');
  await routes.keep([path]);
  assert.deepEqual(calls.slice(2), ['deleteRule', 'deleteHostRoute', 'deleteLink']);
  const tables = [];
  for (const last of [8, 9, 10])
    tables.push((await routes.to({ ...path, server: `198.51.100.${last}` })).table);
  assert.deepEqual(tables.toSorted(), [1001, 1002, 1003]);
  refused.add('deleteRule');
  await routes.keep([path]);
  refused.clear();
  assert.equal((await routes.to({ ...path, server: '198.51.100.11' })).table, 1004);
});
