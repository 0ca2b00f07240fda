/**
 * The client against a real kernel: what was asked for is read back raw, attribute by attribute, so that no fault of our
 * own reading can hide a fault of our writing.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { Errno, KernelError } from '../../../src/errors.js';
import { IpvsClient } from '../../../src/ipvs/client.js';
import {
  type DestinationBody,
  type IpvsOperations,
  ipvsSchema,
  type ServiceBody,
} from '../../../src/ipvs/schema.js';
import type { Change } from '../../../src/model/change.js';
import { type Destination, plainTunnel } from '../../../src/model/destination.js';
import type { Service, ServiceId } from '../../../src/model/service.js';
import { Connection } from '../../../src/netlink/connection.js';
import { type Family, findFamily } from '../../../src/netlink/genl.js';
import { Protocol } from '../../../src/netlink/transport/socket.js';
import { openSocket } from '../../support/socket.js';
import { attribute, genl, u16 } from '../../support/wire.js';
import { distribution } from '../distribution.js';

let client: IpvsClient;
let connection: Connection;
let raw: Family<IpvsOperations>;

before(async () => {
  client = await IpvsClient.open(openSocket, {
    loadModule: async () => assert.fail('the kernel loads ip_vs itself'),
  });
  connection = new Connection(openSocket(Protocol.generic));
  raw = await findFamily(connection, ipvsSchema);
});

after(() => {
  client.close();
  connection.close();
});

beforeEach(() => client.apply({ do: 'flush' }));

const tcp: ServiceId = { protocol: 'tcp', address: '192.0.2.1', port: 80 };
const plain = (id: ServiceId): Service => ({ id, scheduler: 'rr', schedulerFlags: [], onePacket: false });
const server = (address: string, port: number): Destination => ({
  id: { address, port },
  method: 'nat',
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
  tunnel: plainTunnel,
});

const rawServices = () => raw.dump('getServices', {}, (reply) => reply.service as ServiceBody);
const rawDestinations = (service: ServiceBody) =>
  raw.dump('getDestinations', { service }, (reply) => reply.destination as DestinationBody);

async function only<T>(items: Promise<T[]>): Promise<T> {
  const [first, ...rest] = await items;
  assert.equal(rest.length, 0);
  assert.ok(first);
  return first;
}

/** What the kernel appends of its own: IP_VS_SVC_F_HASHED. */
const HASHED = 0x02;
const bytes = (...values: number[]) => Uint8Array.from({ length: 16 }, (_, index) => values[index] ?? 0);

describe('a service with every attribute', () => {
  test('IPv4, persistent, with netmask and scheduler flags', async () => {
    await client.apply({
      do: 'addService',
      service: {
        id: tcp,
        scheduler: 'sh',
        schedulerFlags: ['flag-1', 'flag-2', 'flag-3'],
        persistence: { timeout: 1234, netmask: '255.255.240.0' },
        onePacket: false,
      },
    });
    const service = await only(rawServices());
    assert.equal(service.family, 2);
    assert.equal(service.protocol, 6);
    assert.deepEqual(service.address, bytes(192, 0, 2, 1));
    assert.equal(service.port, 80);
    assert.equal(service.fwmark, undefined);
    assert.equal(service.scheduler, 'sh');
    assert.equal(service.flags?.bits, HASHED | 0x01 | 0x08 | 0x10 | 0x20);
    assert.equal(service.timeout, 1234);
    assert.deepEqual([...(service.netmask ?? [])], [255, 255, 240, 0]);
    assert.equal(service.engine, undefined);
  });

  test('IPv6, UDP, with prefix length, SIP engine and one-packet scheduling', async () => {
    const id: ServiceId = { protocol: 'udp', address: '2001:db8::5060', port: 5060 };
    await client.apply({
      do: 'addService',
      service: {
        id,
        scheduler: 'rr',
        schedulerFlags: [],
        persistence: { timeout: 60, netmask: '64', engine: 'sip' },
        onePacket: true,
      },
    });
    const service = await only(rawServices());
    assert.equal(service.family, 10);
    assert.equal(service.protocol, 17);
    assert.deepEqual(
      service.address,
      bytes(0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x60),
    );
    assert.equal(service.port, 5060);
    assert.equal(service.flags?.bits, HASHED | 0x01 | 0x04);
    assert.equal(service.timeout, 60);
    assert.deepEqual([...(service.netmask ?? [])], [64, 0, 0, 0]);
    assert.equal(service.engine, 'sip');
    const read = await client.service(id);
    assert.deepEqual(read.persistence, { timeout: 60, netmask: '64', engine: 'sip' });
    assert.equal(read.onePacket, true);
  });

  test('a firewall mark above 2^31, in each family', async () => {
    for (const family of ['inet', 'inet6'] as const) {
      await client.apply({ do: 'addService', service: plain({ fwmark: 4_294_967_295, family }) });
    }
    const services = await rawServices();
    assert.deepEqual(services.map(({ family, fwmark }) => [family, fwmark]).sort(), [
      [10, 4_294_967_295],
      [2, 4_294_967_295],
    ]);
  });

  test('editing replaces the settings, and keeps the real servers', async () => {
    await client.apply({ do: 'addService', service: plain(tcp) });
    await client.apply({ do: 'addDestination', of: tcp, destination: server('198.51.100.7', 8080) });
    const persistence = { timeout: 300, netmask: '255.255.255.255' };
    await client.apply({ do: 'editService', service: { ...plain(tcp), scheduler: 'wlc', persistence } });
    const service = await only(rawServices());
    assert.equal(service.scheduler, 'wlc');
    assert.equal(service.timeout, 300);
    await client.apply({ do: 'editService', service: plain(tcp) });
    assert.equal((await only(rawServices())).flags?.bits, HASHED);
    assert.equal((await client.destinations(tcp)).length, 1);
  });
});

describe('a real server with every attribute', () => {
  const cases: readonly [name: string, Destination, Partial<DestinationBody>][] = [
    [
      'nat, with the largest weight and thresholds',
      {
        ...server('198.51.100.7', 8080),
        weight: 2_147_483_647,
        upperThreshold: 2_147_483_647,
        lowerThreshold: 7,
      },
      { method: 0, port: 8080, weight: 2_147_483_647, upperThreshold: 2_147_483_647, lowerThreshold: 7 },
    ],
    [
      'dr, weight 0',
      { ...server('198.51.100.7', 80), method: 'dr', weight: 0 },
      { method: 3, port: 80, weight: 0 },
    ],
    [
      'tun, ipip',
      { ...server('198.51.100.7', 80), method: 'tun' },
      { method: 2, tunnelType: 0, tunnelPort: 0, tunnelFlags: 0 },
    ],
    [
      'tun, gue with remote checksum offload',
      {
        ...server('198.51.100.7', 80),
        method: 'tun',
        tunnel: { type: 'gue', port: 6080, checksum: 'remcsum' },
      },
      { method: 2, tunnelType: 1, tunnelPort: 6080, tunnelFlags: 2 },
    ],
    [
      'tun, gre with checksum',
      { ...server('198.51.100.7', 80), method: 'tun', tunnel: { type: 'gre', port: 0, checksum: 'csum' } },
      { method: 2, tunnelType: 2, tunnelPort: 0, tunnelFlags: 1 },
    ],
    [
      'tun to IPv6 for an IPv4 service',
      { ...server('2001:db8::7', 80), method: 'tun' },
      { method: 2, family: 10, address: bytes(0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7) },
    ],
  ];
  for (const [name, destination, expected] of cases) {
    test(name, async () => {
      await client.apply({ do: 'addService', service: plain(tcp) });
      await client.apply({ do: 'addDestination', of: tcp, destination });
      const read = await only(rawDestinations(await only(rawServices())));
      for (const [attribute, value] of Object.entries(expected)) {
        assert.deepEqual(read[attribute as keyof DestinationBody], value, attribute);
      }
      const [entry] = await client.destinations(tcp);
      for (const key of Object.keys(destination) as (keyof Destination)[]) {
        assert.deepEqual(entry?.[key], destination[key], key);
      }
    });
  }

  // 6.1.176 takes them; 6.1.192, 6.12.95 and later kernels refuse them.
  test('thresholds above 2^31-1 are taken whole, or refused', async () => {
    await client.apply({ do: 'addService', service: plain(tcp) });
    const destination = { ...server('198.51.100.7', 80), upperThreshold: 4_294_967_295 };
    const taken = await client.apply({ do: 'addDestination', of: tcp, destination }).then(
      () => true,
      (error) => {
        assert.equal(error.errno, 22);
        return false;
      },
    );
    const thresholds = (await client.destinations(tcp)).map(({ upperThreshold }) => upperThreshold);
    assert.deepEqual(thresholds, taken ? [4_294_967_295] : []);
  });

  test('editing changes weight, method and thresholds in place', async () => {
    await client.apply({ do: 'addService', service: plain(tcp) });
    await client.apply({ do: 'addDestination', of: tcp, destination: server('198.51.100.7', 80) });
    const edited: Destination = { ...server('198.51.100.7', 80), method: 'dr', weight: 5, upperThreshold: 9 };
    await client.apply({ do: 'editDestination', of: tcp, destination: edited });
    const read = await only(rawDestinations(await only(rawServices())));
    assert.deepEqual([read.method, read.weight, read.upperThreshold, read.lowerThreshold], [3, 5, 9, 0]);
    await client.apply({ do: 'deleteDestination', of: tcp, id: edited.id });
    assert.deepEqual(await client.destinations(tcp), []);
  });
});

describe('everything else that the family can do', () => {
  test('timeouts: zero leaves a value as it is', async () => {
    await client.apply({ do: 'setTimeouts', timeouts: { tcp: 7200, tcpFin: 60, udp: 30 } });
    await client.apply({ do: 'setTimeouts', timeouts: { tcp: 0, tcpFin: 0, udp: 31 } });
    assert.deepEqual(await client.timeouts(), { tcp: 7200, tcpFin: 60, udp: 31 });
    await client.apply({ do: 'setTimeouts', timeouts: { tcp: 900, tcpFin: 120, udp: 300 } });
  });

  test('sync daemons: master and backup with every attribute', async () => {
    const master = {
      state: 'master',
      interface: 'lo',
      syncId: 7,
      maxLength: 1400,
      group: '224.0.0.99',
      port: 8849,
      ttl: 3,
    } as const;
    const backup = { ...master, state: 'backup', syncId: 255 } as const;
    await client.apply({ do: 'startDaemon', daemon: master });
    await client.apply({ do: 'startDaemon', daemon: backup });
    try {
      assert.deepEqual(await client.daemons(), [{ ...master }, { ...backup }]);
    } finally {
      await client.apply({ do: 'stopDaemon', daemon: { state: 'master' } });
      await client.apply({ do: 'stopDaemon', daemon: { state: 'backup' } });
    }
    assert.deepEqual(await client.daemons(), []);
  });

  test('info, zero and flush', async () => {
    assert.deepEqual((await client.info()).version, { major: 1, minor: 2, patch: 1 });
    assert.ok((await client.info()).connectionTableSize >= 256);
    await client.apply({ do: 'addService', service: plain(tcp) });
    await client.apply({ do: 'zeroService', id: tcp });
    await client.apply({ do: 'zeroAll' });
    await client.apply({ do: 'flush' });
    assert.deepEqual(await client.services(), []);
  });
});

describe('refusals', () => {
  const refused = async (change: Change, errno: number, object: string) => {
    await assert.rejects(client.apply(change), (error) => {
      assert.ok(error instanceof KernelError);
      assert.equal(error.errno, errno);
      assert.equal(error.object, object);
      return true;
    });
  };

  test('name the errno and what it was about', async () => {
    await client.apply({ do: 'addService', service: plain(tcp) });
    await refused({ do: 'addService', service: plain(tcp) }, Errno.EEXIST, 'TCP 192.0.2.1:80');
    const other: ServiceId = { ...tcp, port: 81 };
    await refused({ do: 'deleteService', id: other }, Errno.ESRCH, 'TCP 192.0.2.1:81');
    await refused({ do: 'editService', service: plain(other) }, Errno.ESRCH, 'TCP 192.0.2.1:81');
    await refused(
      { do: 'addService', service: { ...plain(other), scheduler: 'nosuch' } },
      Errno.ENOENT,
      'TCP 192.0.2.1:81',
    );
    await refused(
      { do: 'deleteDestination', of: tcp, id: { address: '198.51.100.9', port: 80 } },
      Errno.ENOENT,
      'TCP 192.0.2.1:80 -> 198.51.100.9:80',
    );
  });

  test('come with the kernel’s own words where it has some', async (context) => {
    if (distribution === 'node') return context.skip('Node’s socket cannot ask for them');
    // SET_CONFIG with a TCP timeout of two bytes.
    const bytes = [...genl(12), ...attribute(4, u16(900))];
    const refused = connection.acknowledge({
      operation: 'setTimeouts',
      type: raw.id,
      put: (to) => {
        for (const byte of bytes) to.u8(byte);
      },
    });
    await assert.rejects(refused, (error) => {
      assert.ok(error instanceof KernelError);
      assert.match(error.message, /Attribute failed policy validation/);
      return true;
    });
  });

  test('in a batch are returned for each change, and the other changes are made', async () => {
    const ports = Array.from({ length: 1500 }, (_, index) => 1 + index);
    const add = ports.map((port): Change => ({ do: 'addService', service: plain({ ...tcp, port }) }));
    assert.ok((await client.applyAll(add)).every((result) => result === undefined));
    assert.equal((await client.services()).length, ports.length);
    const again = await client.applyAll(add);
    assert.ok(again.every((result) => result?.errno === Errno.EEXIST));
    const mixed = await client.applyAll(
      ports.map(
        (port): Change => ({
          do: 'deleteService',
          id: { ...tcp, port: port % 3 === 0 ? port + 10_000 : port },
        }),
      ),
    );
    assert.deepEqual(
      mixed.map((result) => result?.errno),
      ports.map((port) => (port % 3 === 0 ? Errno.ESRCH : undefined)),
    );
    assert.equal((await client.services()).length, 500);
  });
});
