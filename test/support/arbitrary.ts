/** Random values of the model, for properties. Small numbers are frequent, so that collisions and edges come up. */
import fc from 'fast-check';
import { canonicalAddress } from '../../src/model/address.js';
import type { Daemon } from '../../src/model/daemon.js';
import type { Destination, DestinationId, Tunnel } from '../../src/model/destination.js';
import type {
  EndpointId,
  FwmarkId,
  Persistence,
  SchedulerFlag,
  Service,
  ServiceId,
} from '../../src/model/service.js';

/** Plain objects, as the code under test makes them. */
const record = <T>(shape: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record(shape, { noNullPrototype: true }) as fc.Arbitrary<T>;

const often = <T>(arbitrary: fc.Arbitrary<T>, ...values: T[]): fc.Arbitrary<T> =>
  fc.oneof(fc.constantFrom(...values), arbitrary);

export const address4 = often(fc.ipV4(), '192.0.2.1', '192.0.2.18', '0.0.0.0', '255.255.255.255');
export const address6 = often(
  fc.ipV6().map((text) => canonicalAddress(text)),
  '::',
  '2001:db8::1',
  '::ffff:192.0.2.1',
);
export const address = fc.oneof(address4, address6);
export const port = often(fc.nat(0xffff), 0, 80, 0xffff);
const u32 = often(fc.nat(0xffffffff), 0, 0xffffffff);

const endpointId: fc.Arbitrary<EndpointId> = record({
  protocol: fc.constantFrom('tcp', 'udp', 'sctp'),
  address,
  port,
});

const fwmarkId: fc.Arbitrary<FwmarkId> = record({
  fwmark: often(fc.integer({ min: 1, max: 0xffffffff }), 1, 80, 0xffffffff),
  family: fc.constantFrom('inet', 'inet6'),
});

export const serviceId: fc.Arbitrary<ServiceId> = fc.oneof(endpointId, fwmarkId);

const netmask = {
  inet: often(fc.ipV4(), '255.255.255.255', '255.255.255.0'),
  inet6: fc.integer({ min: 1, max: 128 }).map(String),
} as const;

const persistence = (family: 'inet' | 'inet6'): fc.Arbitrary<Persistence> =>
  record({
    timeout: fc.integer({ min: 1, max: 2678400 }),
    netmask: netmask[family],
    engine: fc.constantFrom(undefined, 'sip'),
  });

const schedulers = 'rr wrr lc wlc lblc lblcr dh sh sed nq fo ovf mh'.split(' ');

const familyOfId = (id: ServiceId): 'inet' | 'inet6' => {
  if ('fwmark' in id) return id.family;
  return id.address.includes(':') ? 'inet6' : 'inet';
};

export const service: fc.Arbitrary<Service> = serviceId.chain((id) =>
  record({
    id: fc.constant(id),
    scheduler: fc.constantFrom(...schedulers),
    schedulerFlags: fc.subarray<SchedulerFlag>(['flag-1', 'flag-2', 'flag-3']),
    persistence: fc.option(persistence(familyOfId(id)), { nil: undefined }),
    onePacket: fc.boolean(),
  }),
);

export const destinationId: fc.Arbitrary<DestinationId> = record({ address, port });

const plain: fc.Arbitrary<Tunnel> = fc.constant({ type: 'ipip', port: 0, checksum: 'nocsum' });
const tunnel: fc.Arbitrary<Tunnel> = record({
  type: fc.constantFrom('ipip', 'gue', 'gre'),
  port: fc.integer({ min: 1, max: 0xffff }),
  checksum: fc.constantFrom('nocsum', 'csum', 'remcsum'),
});

/** Settings that the kernel takes: the lower threshold is at most the upper one, only tunnels have a tunnel. */
export const destination: fc.Arbitrary<Destination> = fc
  .constantFrom<Destination['method'][]>('nat', 'tun', 'dr', 'local', 'bypass')
  .chain((method) =>
    record({
      id: destinationId,
      method: fc.constant(method),
      weight: often(fc.nat(0x7fffffff), 0, 1, 0x7fffffff),
      thresholds: fc.tuple(u32, u32).map(([a, b]) => (a < b ? [a, b] : [b, a])),
      tunnel: method === 'tun' ? tunnel : plain,
    }).map(({ thresholds: [lowerThreshold = 0, upperThreshold = 0], ...rest }) => ({
      ...rest,
      lowerThreshold,
      upperThreshold,
    })),
  );

/** As the kernel reports one. Sync messages of a backup have at least 1024 bytes, and at most an IPv6 packet's. */
export const daemon: fc.Arbitrary<Daemon> = record({
  state: fc.constantFrom('master', 'backup'),
  interface: fc.constantFrom('eth0', 'eth1', 'lo'),
  syncId: fc.nat(255),
  maxLength: fc.integer({ min: 1024, max: 65487 }),
  group: address,
  port: fc.integer({ min: 1, max: 0xffff }),
  ttl: fc.integer({ min: 1, max: 255 }),
});
