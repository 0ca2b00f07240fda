/** The IPVS in memory refuses what the kernel refuses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Change } from '../../src/model/change.js';
import type { Destination } from '../../src/model/destination.js';
import type { Service, ServiceId } from '../../src/model/service.js';
import { FakeIpvs } from './fake-ipvs.js';
import { serverRow, serviceRow } from './rows.js';

const tcp: ServiceId = { protocol: 'tcp', address: '192.0.2.1', port: 80 };
const tcp6: ServiceId = { protocol: 'tcp', address: '2001:db8::1', port: 80 };
const service = (more: Partial<Service> = {}): Service => serviceRow(tcp, more);
const server = (more: Partial<Destination> = {}): Destination => serverRow('198.51.100.7', 80, more);

const added: Change = { do: 'addService', service: service() };
const served: Change = { do: 'addDestination', of: tcp, destination: server() };
const serving = (more: Partial<Destination>): Change => ({ ...served, destination: server(more) });
const daemon = { state: 'master', interface: 'eth0', syncId: 1 } as const;

/** After the changes before, the last one is refused so. */
const refused: readonly (readonly [what: string, changes: Change[], code: string])[] = [
  ['a service that exists', [added, added], 'EEXIST'],
  ['a scheduler that does not', [{ do: 'addService', service: service({ scheduler: 'best' }) }], 'ENOENT'],
  [
    'an engine that does not',
    [
      {
        do: 'addService',
        service: service({ persistence: { timeout: 1, netmask: '255.0.0.0', engine: 'x' } }),
      },
    ],
    'ENOENT',
  ],
  [
    'a prefix of no bits',
    [{ do: 'addService', service: service({ id: tcp6, persistence: { timeout: 1, netmask: '0' } }) }],
    'EINVAL',
  ],
  ['an edit of a service that does not exist', [{ do: 'editService', service: service() }], 'ESRCH'],
  ['the end of a service that does not exist', [{ do: 'deleteService', id: tcp }], 'ESRCH'],
  ['counters of a service that does not exist', [{ do: 'zeroService', id: tcp }], 'ESRCH'],
  ['a server of no service', [served], 'ESRCH'],
  ['a server that exists', [added, served, served], 'EEXIST'],
  [
    'an edit of a server that does not exist',
    [added, { do: 'editDestination', of: tcp, destination: server() }],
    'ENOENT',
  ],
  [
    'the end of a server that does not exist',
    [added, { do: 'deleteDestination', of: tcp, id: server().id }],
    'ENOENT',
  ],
  ['thresholds upside down', [added, serving({ upperThreshold: 1, lowerThreshold: 2 })], 'ERANGE'],
  ['a weight below zero', [added, serving({ weight: 0xffffffff })], 'ERANGE'],
  ['a multicast address as a server', [added, serving({ id: { address: '224.0.0.1', port: 80 } })], 'EINVAL'],
  [
    'a server of the other family, not in a tunnel',
    [added, serving({ id: { address: '::1', port: 80 } })],
    'EINVAL',
  ],
  [
    'a gue tunnel without a port',
    [added, serving({ method: 'tun', tunnel: { type: 'gue', port: 0, checksum: 'nocsum' } })],
    'EINVAL',
  ],
  [
    'a daemon that runs',
    [
      { do: 'startDaemon', daemon },
      { do: 'startDaemon', daemon },
    ],
    'EEXIST',
  ],
  ['a daemon on no interface', [{ do: 'startDaemon', daemon: { ...daemon, interface: 'eth9' } }], 'ENODEV'],
  ['the end of a daemon that does not run', [{ do: 'stopDaemon', daemon: { state: 'backup' } }], 'ESRCH'],
];

for (const [what, changes, code] of refused) {
  test(`${what}: ${code}`, async () => {
    const client = await new FakeIpvs().client();
    const results = await client.applyAll(changes);
    assert.deepEqual(
      results.map((refusal) => refusal?.code),
      [...new Array(changes.length - 1).fill(undefined), code],
    );
  });
}

test('every socket sees the same table, until a flush', async () => {
  const ipvs = new FakeIpvs();
  const [one, other] = [await ipvs.client(), await ipvs.client()];
  await one.apply(added);
  await one.apply(served);
  one.close();
  assert.equal((await other.services()).length, 1);
  assert.equal((await other.destinations(tcp)).length, 1);
  assert.deepEqual(await other.destinations(tcp6), []);
  await assert.rejects(other.service(tcp6), { code: 'ESRCH' });
  await other.apply({ do: 'flush' });
  assert.deepEqual(await other.services(), []);
});

test('an edit keeps the counters, and zeroing clears them', async () => {
  const ipvs = new FakeIpvs();
  const client = await ipvs.client();
  await client.applyAll([added, served]);
  const busy = { connections: 5n, inBytes: 2n ** 60n };
  ipvs.count(tcp, busy);
  ipvs.count(tcp, { connections: 1n });
  ipvs.count(tcp, busy, server().id);
  ipvs.connect(tcp, server().id, { activeConnections: 3, inactiveConnections: 4, persistentConnections: 1 });
  await client.apply({ do: 'editService', service: service({ scheduler: 'wlc' }) });
  await client.apply({ do: 'editDestination', of: tcp, destination: server({ weight: 0 }) });
  const seen = async () => {
    const { scheduler, stats } = await client.service(tcp);
    const [{ weight, activeConnections, stats: its } = assert.fail()] = await client.destinations(tcp);
    return [scheduler, stats.connections, stats.inBytes, weight, activeConnections, its.connections];
  };
  assert.deepEqual(await seen(), ['wlc', 6n, 2n ** 60n, 0, 3, 5n]);
  await client.apply({ do: 'zeroAll' });
  assert.deepEqual(await seen(), ['wlc', 0n, 0n, 0, 3, 0n]);
});

test('a timeout of 0 leaves the timeout unchanged', async () => {
  const client = await new FakeIpvs().client();
  await client.apply({ do: 'setTimeouts', timeouts: { tcp: 0, tcpFin: 7, udp: 0 } });
  assert.deepEqual(await client.timeouts(), { tcp: 900, tcpFin: 7, udp: 300 });
});

test('differences between kernels and machines are fields that a test sets', async () => {
  const ipvs = new FakeIpvs();
  const client = await ipvs.client();
  await client.apply(added);
  ipvs.thresholdMax = 100;
  await assert.rejects(client.apply(serving({ upperThreshold: 101 })), { code: 'EINVAL' });
  ipvs.multicastRoutes.delete('inet6');
  const master = { ...daemon, group: 'ff05::99' };
  await assert.rejects(client.apply({ do: 'startDaemon', daemon: master }), { code: 'ENETUNREACH' });
  ipvs.interfaces.set('eth9', 9000);
  const backup = { state: 'backup', interface: 'eth9', syncId: 1 } as const;
  await client.apply({ do: 'startDaemon', daemon: backup });
  await client.apply({ do: 'startDaemon', daemon });
  assert.deepEqual(
    (await client.daemons()).map(({ state, maxLength }) => [state, maxLength]),
    [
      ['master', 1472],
      ['backup', 8972],
    ],
  );
});

test('a kernel without IPVS and a process without the capability are refused', async () => {
  const ipvs = new FakeIpvs();
  ipvs.present = false;
  await assert.rejects(ipvs.client(), { reason: 'no-ipvs' });
  const loadModule = async () => {
    ipvs.present = true;
  };
  const client = await ipvs.client({ loadModule });
  ipvs.permitted = false;
  await assert.rejects(client.info(), { reason: 'not-permitted' });
});
