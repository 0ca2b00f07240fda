/** Random values of the model, for properties. Small numbers are frequent, so that collisions and edges come up. */
import fc from 'fast-check';
import { canonicalAddress, type Family } from '../../src/model/address.js';
import type { Daemon } from '../../src/model/daemon.js';
import {
  type Destination,
  type DestinationId,
  plainTunnel,
  type Tunnel,
  type TunnelType,
  tunnelTypes,
} from '../../src/model/destination.js';
import {
  type DestinationNumber,
  destinationNumberNames,
  destinationNumbers,
  type NumberField,
  type ServiceSwitch,
  serviceSwitchNames,
} from '../../src/model/fields.js';
import {
  fwmarkRange,
  persistenceRange,
  portRange,
  type Range,
  syncIdRange,
  ttlRange,
} from '../../src/model/limits.js';
import { persistenceEngines, schedulerFlagBits, schedulers } from '../../src/model/schedulers.js';
import {
  type EndpointId,
  type FwmarkId,
  type Persistence,
  type Service,
  type ServiceId,
  serviceFamily,
} from '../../src/model/service.js';

/** Plain objects, as the code under test makes them. */
const record = <T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(shape, { noNullPrototype: true }) as fc.Arbitrary<T>;

const often = <T>(arbitrary: fc.Arbitrary<T>, ...values: T[]): fc.Arbitrary<T> =>
  fc.oneof(fc.constantFrom(...values), arbitrary);

/** One value for each name. */
export const each = <N extends string, T>(
  names: readonly N[],
  value: (name: N) => fc.Arbitrary<T>,
): fc.Arbitrary<Record<N, T>> =>
  record(Object.fromEntries(names.map((name) => [name, value(name)])) as { [K in N]: fc.Arbitrary<T> });

/** A whole number of a range, its ends often. */
const within = ({ min, max }: Range, ...frequent: number[]): fc.Arbitrary<number> =>
  often(fc.integer({ min, max }), min, max, ...frequent);

export const address4 = often(fc.ipV4(), '192.0.2.1', '192.0.2.18', '0.0.0.0', '255.255.255.255');
export const address6 = often(
  fc.ipV6().map((text) => canonicalAddress(text)),
  '::',
  '2001:db8::1',
  '::ffff:192.0.2.1',
);
export const address = fc.oneof(address4, address6);
export const port = often(fc.nat(0xffff), 0, 80, 0xffff);
const endpointId: fc.Arbitrary<EndpointId> = record({
  protocol: fc.constantFrom('tcp', 'udp', 'sctp'),
  address,
  port,
});

const fwmarkId: fc.Arbitrary<FwmarkId> = record({
  fwmark: within(fwmarkRange, 80),
  family: fc.constantFrom('inet', 'inet6'),
});

export const serviceId: fc.Arbitrary<ServiceId> = fc.oneof(endpointId, fwmarkId);

/** The switches of a service, each on or off. */
export const switches: fc.Arbitrary<Record<ServiceSwitch, boolean>> = each(serviceSwitchNames, () =>
  fc.boolean(),
);

const netmask = {
  inet: often(fc.ipV4(), '255.255.255.255', '255.255.255.0'),
  inet6: fc.integer({ min: 1, max: 128 }).map(String),
} as const;

const persistence = (family: Family): fc.Arbitrary<Persistence> =>
  record({
    timeout: within(persistenceRange),
    netmask: netmask[family],
    engine: fc.constantFrom(undefined, ...persistenceEngines),
  });

export const service: fc.Arbitrary<Service> = serviceId.chain((id) =>
  fc
    .tuple(
      record({
        id: fc.constant(id),
        scheduler: fc.constantFrom(...schedulers),
        schedulerFlags: fc.subarray([...schedulerFlagBits]),
        persistence: fc.option(persistence(serviceFamily(id)), { nil: undefined }),
      }),
      switches,
    )
    .map(([settings, set]) => ({ ...settings, ...set })),
);

export const destinationId: fc.Arbitrary<DestinationId> = record({ address, port });

/** Any port and checksum: the kernel keeps them whatever the type. */
const tunnel: fc.Arbitrary<Tunnel> = record({
  type: fc.constantFrom(...(Object.keys(tunnelTypes) as TunnelType[])),
  port: within(portRange),
  checksum: fc.constantFrom(...new Set(Object.values(tunnelTypes).flatMap(({ checksums }) => checksums))),
});

/**
 * The numbers of a server such as the kernel takes them: the lower threshold is at most the upper one.
 * @param value of one of them
 */
export const numbers = (
  value: (row: NumberField) => fc.Arbitrary<number>,
): fc.Arbitrary<Record<DestinationNumber, number>> =>
  each(destinationNumberNames, (name) => value(destinationNumbers[name])).map((all) => ({
    ...all,
    lowerThreshold: Math.min(all.lowerThreshold, all.upperThreshold),
    upperThreshold: Math.max(all.lowerThreshold, all.upperThreshold),
  }));

export const destination: fc.Arbitrary<Destination> = fc
  .constantFrom<Destination['method'][]>('nat', 'tun', 'dr', 'local', 'bypass')
  .chain((method) =>
    fc
      .tuple(
        destinationId,
        method === 'tun' ? tunnel : fc.constant(plainTunnel),
        numbers((row) => within(row, row.default, 1)),
      )
      .map(([id, encapsulation, settings]) => ({ id, method, tunnel: encapsulation, ...settings })),
  );

/** As the kernel reports one. Sync messages of a backup have at least 1024 bytes, and at most an IPv6 packet's. */
export const daemon: fc.Arbitrary<Daemon> = record({
  state: fc.constantFrom('master', 'backup'),
  interface: fc.constantFrom('eth0', 'eth1', 'lo'),
  syncId: within(syncIdRange),
  maxLength: fc.integer({ min: 1024, max: 65487 }),
  group: address,
  port: within(portRange),
  ttl: within(ttlRange),
});
