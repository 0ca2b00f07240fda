/** The sources of server records: one table of cases over all of them, and which source is asked for what. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { IpvsClient } from '../../../src/ipvs/client.js';
import { serviceFlag } from '../../../src/ipvs/codes.js';
import { DestinationAttributes } from '../../../src/ipvs/schema.js';
import type { DestinationCursor } from '../../../src/ipvs/source/destination-cursor.js';
import {
  type DestinationField,
  destinationFields,
  numberFields,
  settingFields,
} from '../../../src/ipvs/source/destination-records.js';
import { addressBytes, familyOf } from '../../../src/model/address.js';
import { type Destination, destinationKey, plainTunnel } from '../../../src/model/destination.js';
import {
  destinationCounts,
  destinationNumberNames,
  destinationNumbers,
  serviceSwitchNames,
} from '../../../src/model/fields.js';
import { type Service, type ServiceId, serviceFamily, serviceKey } from '../../../src/model/service.js';
import { counterNames } from '../../../src/model/stats.js';
import { u32 } from '../../../src/netlink/attributes.js';
import * as arbitrary from '../../support/arbitrary.js';
import { FakeIpvs } from '../../support/fake-ipvs.js';
import { FakeOptions } from '../../support/fake-options.js';

interface Source {
  readonly name: string;
  /** A client that reads the servers of IPv4 services from this source, where it can. */
  open(ipvs: FakeIpvs): Promise<IpvsClient>;
}

const sources: readonly Source[] = [
  { name: 'netlink', open: (ipvs) => ipvs.client() },
  { name: 'getsockopt', open: (ipvs) => ipvs.client({ openOptions: () => new FakeOptions(ipvs) }) },
];

/** What both sources have: the settings, and the counts of connections. */
const commonFields: readonly DestinationField[] = [...settingFields, ...destinationCounts];

const service: Service = {
  id: { protocol: 'tcp', address: '192.0.2.1', port: 80 },
  scheduler: 'wlc',
  schedulerFlags: [],
  onePacket: false,
};
const mark: Service = { ...service, id: { fwmark: 7, family: 'inet' } };
const server = (last: number, settings: Partial<Destination> = {}): Destination => ({
  id: { address: `198.51.100.${last}`, port: 8080 },
  method: 'nat',
  ...defaults,
  tunnel: plainTunnel,
  ...settings,
});
const defaults = Object.fromEntries(
  destinationNumberNames.map((name) => [name, destinationNumbers[name].default]),
) as Record<(typeof destinationNumberNames)[number], number>;

function ipvsWith(...rows: readonly (readonly [Service, readonly Destination[]])[]): FakeIpvs {
  const ipvs = new FakeIpvs();
  for (const [each, destinations] of rows) {
    ipvs.carryOut({ do: 'addService', service: each });
    for (const destination of destinations) {
      ipvs.carryOut({ do: 'addDestination', of: each.id, destination });
    }
  }
  return ipvs;
}

/** What `read` makes of each server, by service. */
async function readAll<T>(
  client: IpvsClient,
  of: readonly ServiceId[],
  fields: readonly DestinationField[],
  read: (servers: DestinationCursor) => T,
): Promise<T[][]> {
  const seen: T[][] = [];
  await client.servers(
    of,
    (servers, _index, from) => {
      const own: T[] = [];
      for (let i = from; i < servers.count; i++) {
        servers.seek(i);
        own.push(read(servers));
      }
      seen.push(own);
    },
    fields,
  );
  return seen;
}

const destinationsOf = (client: IpvsClient, ...of: ServiceId[]): Promise<Destination[][]> =>
  readAll(client, of, settingFields, (servers) => servers.destination());

/** Numeric order: family, then address, then port. */
function compare(a: Destination, b: Destination): number {
  const [one, other] = [a, b].map(({ id }) => [
    familyOf(id.address) === 'inet' ? 0 : 1,
    ...addressBytes(id.address),
    id.port,
  ]) as [number[], number[]];
  const at = one.findIndex((value, index) => value !== other[index]);
  return at < 0 ? 0 : (one[at] as number) - (other[at] as number);
}

const table = fc.uniqueArray(
  fc.tuple(
    arbitrary.service,
    fc.uniqueArray(arbitrary.destination, { selector: ({ id }) => destinationKey(id), maxLength: 12 }),
  ),
  { selector: ([{ id }]) => serviceKey(id), maxLength: 5 },
);

/** What a table keeps of a server: the other methods have no tunnel. */
const kept = (destination: Destination): Destination =>
  destination.method === 'tun' ? destination : { ...destination, tunnel: plainTunnel };

/** Fills an IPVS, and says what it took. */
async function fill(
  client: IpvsClient,
  rows: readonly (readonly [Service, readonly Destination[]])[],
): Promise<{ ids: ServiceId[]; taken: Destination[][] }> {
  const ids: ServiceId[] = [];
  const taken: Destination[][] = [];
  for (const [each, destinations] of rows) {
    await client.apply({ do: 'addService', service: each });
    const results = await client.applyAll(
      destinations.map((destination) => ({ do: 'addDestination', of: each.id, destination })),
    );
    ids.push(each.id);
    taken.push(destinations.filter((_, index) => results[index] === undefined).map(kept));
  }
  return { ids, taken };
}

for (const { name, open } of sources) {
  for (const dropping of [true, false]) {
    test(`${name}: servers are read as they were added, ${dropping ? 'each service' : 'nothing'} dropped`, async () => {
      await fc.assert(
        fc.asyncProperty(table, async (rows) => {
          const client = await open(new FakeIpvs());
          const { ids, taken } = await fill(client, rows);
          const seen: Destination[][] = [];
          await client.servers(
            ids,
            (servers, index, from) => {
              const own: Destination[] = [];
              for (let i = from; i < servers.count; i++) {
                servers.seek(i);
                own.push(servers.destination());
              }
              seen.push(own);
              const order = servers.sorted(from, servers.count).map((i) => own[i - from]);
              assert.deepEqual(order, own.toSorted(compare), `order of service ${index}`);
              if (dropping) servers.drop();
            },
            settingFields,
          );
          assert.deepEqual(seen, taken);
        }),
      );
    });
  }

  test(`${name}: counts of connections are those of the kernel`, async () => {
    const ipvs = ipvsWith([service, [server(1), server(2)]]);
    const counts = { activeConnections: 3, inactiveConnections: 2 ** 32 - 1, persistentConnections: 7 };
    ipvs.connect(service.id, server(2).id, counts);
    const read = await readAll(await open(ipvs), [service.id], destinationCounts, (servers) =>
      destinationCounts.map((count) => servers.number(count)),
    );
    assert.deepEqual(read, [
      [
        [0, 0, 0],
        [3, 2 ** 32 - 1, 7],
      ],
    ]);
  });

  test(`${name}: a row of model/fields.ts is read at both ends of its range`, async () => {
    for (const field of destinationNumberNames) {
      const { min, max } = destinationNumbers[field];
      // A lower threshold is no higher than the upper one.
      const others = field === 'lowerThreshold' ? { upperThreshold: max } : {};
      const servers = [server(1, { [field]: min }), server(2, { ...others, [field]: max })];
      const client = await open(ipvsWith([service, servers]));
      const read = await readAll(client, [service.id], [field], (cursor) => cursor.number(field));
      assert.deepEqual(read, [[min, max]], field);
    }
  });

  test(`${name}: services without servers, and many servers in one`, async () => {
    const servers = Array.from({ length: 600 }, (_, i) => ({
      ...server(1),
      id: { address: `10.0.${i >> 8}.${i & 255}`, port: 80 },
    }));
    const udp: Service = { ...service, id: { ...service.id, protocol: 'udp' } as ServiceId };
    const client = await open(ipvsWith([udp, []], [service, servers], [mark, []]));
    assert.deepEqual(await destinationsOf(client, udp.id, service.id, mark.id), [[], servers, []]);
  });

  test(`${name}: a service that is gone has no servers`, async () => {
    const client = await open(ipvsWith([service, [server(1)]]));
    assert.deepEqual(await destinationsOf(client, mark.id, service.id), [[], [server(1)]]);
  });

  test(`${name}: without IPVS's permission nothing is read`, async () => {
    const ipvs = ipvsWith([service, [server(1)]]);
    const client = await open(ipvs);
    ipvs.permitted = false;
    await assert.rejects(destinationsOf(client, service.id), { reason: 'not-permitted' });
  });

  test(`${name}: a field that was not asked for cannot be read`, async () => {
    const client = await open(ipvsWith([service, [server(1)]]));
    await assert.rejects(
      readAll(client, [service.id], ['weight'], (servers) => servers.number('upperThreshold')),
      { message: 'upperThreshold is not among the fields that were asked for' },
    );
  });
}

/** Which option was asked for how often, when these fields of these services were read. */
async function options(
  ipvs: FakeIpvs,
  of: readonly ServiceId[],
  fields: readonly DestinationField[],
  before?: ConstructorParameters<typeof FakeOptions>[1],
) {
  const socket = new FakeOptions(ipvs, before);
  const client = await ipvs.client({ openOptions: () => socket });
  const read = await readAll(client, of, fields, copyOf(fields));
  const byNetlink = await readAll(await ipvs.client(), of, fields, copyOf(fields));
  assert.deepEqual(read, byNetlink);
  client.close();
  assert.ok(socket.closed || socket.told.length === 0);
  return socket.told;
}

/** All that was asked for of a server. */
const copyOf = (fields: readonly DestinationField[]) => (servers: DestinationCursor) => [
  servers.family,
  ...servers.bytes.subarray(servers.address(), servers.address() + 4),
  servers.port(),
  servers.method(),
  ...numberFields.filter((name) => fields.includes(name)).map((name) => servers.number(name)),
  ...counterNames.filter((name) => fields.includes(name)).map((name) => servers.counter(name)),
  fields.includes('tunnel') && servers.method() === 'tun' && servers.tunnel(),
];

test('getsockopt returns settings and counts of IPv4 services', async () => {
  const ipvs = ipvsWith([service, [server(1)]], [mark, [server(2, { method: 'dr' })]]);
  assert.deepEqual(await options(ipvs, [mark.id, service.id], commonFields), [
    'services',
    'servers',
    'servers',
  ]);
});

test('every field is exact in getsockopt, or makes it unsupported', async () => {
  const ipvs = ipvsWith([service, [server(1, { weight: 5, upperThreshold: 9, lowerThreshold: 3 })]]);
  ipvs.connect(service.id, server(1).id, { activeConnections: 1, inactiveConnections: 2 });
  ipvs.count(service.id, { connections: 2n ** 40n, outByteRate: 3n }, server(1).id);
  for (const field of destinationFields) await options(ipvs, [service.id], [field]);
});

test('counters come from netlink alone: those of getsockopt have 32 bits', async () => {
  const ipvs = ipvsWith([service, [server(1)]]);
  for (const field of counterNames) assert.deepEqual(await options(ipvs, [service.id], [field]), []);
});

test('a service with tunnels comes from netlink if their encapsulation is asked for', async () => {
  const tunnels = [server(1, { method: 'tun', tunnel: { type: 'gue', port: 6080, checksum: 'csum' } })];
  const ipvs = ipvsWith([service, tunnels], [mark, [server(2)]]);
  const of = [service.id, mark.id];
  assert.deepEqual(await options(ipvs, of, ['weight']), ['services', 'servers', 'servers']);
  assert.deepEqual(await options(ipvs, of, settingFields), ['services', 'servers', 'servers']);
});

test('IPv6 services, and servers of the other family, come from netlink', async () => {
  const six: Service = { ...service, id: { protocol: 'tcp', address: '2001:db8::1', port: 80 } };
  const crossing = { ...server(1, { method: 'tun' }), id: { address: '2001:db8::2', port: 80 } };
  const ipvs = ipvsWith(
    [six, [{ ...server(1), id: { address: '2001:db8::3', port: 80 } }]],
    [service, [crossing, server(2)]],
  );
  assert.equal(serviceFamily(six.id), 'inet6');
  assert.deepEqual(await options(ipvs, [six.id, service.id], ['weight']), ['services', 'servers']);
});

for (const [what, change] of [
  ['comes', { do: 'addDestination', of: service.id, destination: server(3) }],
  ['goes', { do: 'deleteDestination', of: service.id, id: server(1).id }],
] as const) {
  test(`a server that ${what} after the count sends the question to netlink`, async () => {
    const ipvs = ipvsWith([service, [server(1), server(2)]]);
    let changed = false;
    const told = await options(ipvs, [service.id], commonFields, (option) => {
      if (option !== 'servers' || changed) return;
      changed = true;
      ipvs.carryOut(change);
    });
    assert.deepEqual(told, ['services', 'servers']);
  });
}

test('a service with more than 65,535 servers comes from netlink', async () => {
  const ipvs = ipvsWith([service, [server(1)]]);
  const told = new FakeOptions(ipvs);
  const read = (option: number, value: Uint8Array): boolean => {
    const isRead = told.read(option, value);
    // num_dests of the only struct ip_vs_service_entry.
    new DataView(value.buffer).setUint32(8 + 44, 65_536, true);
    return isRead;
  };
  const client = await ipvs.client({ openOptions: () => ({ read, close: () => {} }) });
  assert.deepEqual(await destinationsOf(client, service.id), [[server(1)]]);
  assert.deepEqual(told.told, ['services']);
});

test('an entry with an unknown method makes getsockopt unsupported', async () => {
  const ipvs = ipvsWith([service, [server(1)]]);
  const options = new FakeOptions(ipvs);
  const read = (option: number, value: Uint8Array): boolean => {
    const isRead = options.read(option, value);
    if (options.told.at(-1) === 'servers') value[24 + 8] = 6;
    return isRead;
  };
  const client = await ipvs.client({ openOptions: () => ({ read, close: () => {} }) });
  assert.deepEqual(await destinationsOf(client, service.id), [[server(1)]]);
});

test('a client that is traced asks everything by netlink', async () => {
  const ipvs = ipvsWith([service, [server(1)]]);
  const openOptions = () => assert.fail('a socket for options was opened');
  const client = await ipvs.client({ openOptions, trace: () => {} });
  assert.deepEqual(await destinationsOf(client, service.id), [[server(1)]]);
});

test('the wire knows every row of model/fields.ts', () => {
  for (const name of numberFields) assert.equal(DestinationAttributes.rows[name][1], u32, name);
  assert.deepEqual(new Set(numberFields), new Set([...destinationNumberNames, ...destinationCounts]));
  for (const name of serviceSwitchNames) assert.ok(serviceFlag[name] > 0, name);
});
