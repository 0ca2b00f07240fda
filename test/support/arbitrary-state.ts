/** Random whole tables, such as a kernel takes and a document can say: for properties of plans and documents. */
import fc from 'fast-check';
import type { Family } from '../../src/model/address.js';
import { canonicalAddress } from '../../src/model/address.js';
import type { Daemon } from '../../src/model/daemon.js';
import {
  type Destination,
  destinationKey,
  plainTunnel,
  type Tunnel,
  type TunnelType,
  tunnelTypes,
} from '../../src/model/destination.js';
import { destinationNumberNames, serviceSwitchNames } from '../../src/model/fields.js';
import { INT_MAX } from '../../src/model/limits.js';
import { persistenceEngines, schedulerFlagBits } from '../../src/model/schedulers.js';
import { type Service, type ServiceId, serviceFamily, serviceKey } from '../../src/model/service.js';
import type { ServiceState, State } from '../../src/model/state.js';
import type { Timeouts } from '../../src/model/table.js';
import { numbers, switches } from './arbitrary.js';

// Few addresses and ports, so that two random tables have much in common.
const addresses: Record<Family, readonly string[]> = {
  inet: ['192.0.2.10', '192.0.2.11', '198.51.100.1', '198.51.100.2', '198.51.100.254', '203.0.113.7'],
  inet6: ['2001:db8::1', '2001:db8::2', '2001:db8:1::5', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
};

const pick = <T>(values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);

const address = (family: Family): fc.Arbitrary<string> =>
  pick(addresses[family]).map((text) => canonicalAddress(text));

const family: fc.Arbitrary<Family> = pick(['inet', 'inet6']);

const serviceId: fc.Arbitrary<ServiceId> = fc.oneof(
  family.chain((of) =>
    fc.record({
      protocol: pick(['tcp', 'udp', 'sctp'] as const),
      address: address(of),
      port: pick([0, 53, 80, 65535]),
    }),
  ),
  fc.record({ fwmark: pick([1, 7, 2147483648, 4294967295]), family }),
);

const netmasks: Record<Family, readonly string[]> = {
  inet: ['255.255.255.255', '255.255.255.0', '255.0.255.0', '0.0.0.0'],
  inet6: ['128', '64', '1'],
};

const persistence = (of: Family) =>
  fc.record({
    timeout: pick([1, 360, 2678400]),
    netmask: pick(netmasks[of]),
    engine: pick([undefined, ...persistenceEngines]),
  });

const service: fc.Arbitrary<Service> = serviceId.chain((id) => {
  const needed = 'port' in id && id.port === 0;
  const persistent = persistence(serviceFamily(id));
  return fc
    .tuple(
      fc.record({
        id: fc.constant(id),
        scheduler: pick(['rr', 'wlc', 'sh', 'mh', 'none']),
        schedulerFlags: fc.subarray([...schedulerFlagBits]),
        persistence: needed ? persistent : fc.option(persistent, { nil: undefined }),
      }),
      switches,
    )
    .map(([settings, set]) => ({ ...settings, ...set }));
});

const tunnel: fc.Arbitrary<Tunnel> = fc.oneof(
  ...(Object.keys(tunnelTypes) as TunnelType[]).map((type) =>
    fc.record({
      type: fc.constant(type),
      port: tunnelTypes[type].port ? pick([1, 6080, 65535]) : fc.constant(0),
      checksum: pick(tunnelTypes[type].checksums),
    }),
  ),
);

/** `bridged`: servers of the other family, which no table with sync daemons has. */
const destination = (of: Family, bridged: boolean): fc.Arbitrary<Destination> =>
  pick(['nat', 'dr', 'tun'] as const).chain((method) =>
    fc
      .tuple(
        method === 'tun' && bridged ? family.chain(address) : address(of),
        pick([0, 80, 8080, 65535]),
        method === 'tun' ? tunnel : fc.constant(plainTunnel),
        numbers(({ min, max, default: usual }) => pick([min, usual, 2, 100, max])),
      )
      .map(([host, port, encapsulation, settings]) => ({
        id: { address: host, port },
        method,
        tunnel: encapsulation,
        ...settings,
      })),
  );

const serviceState = (bridged: boolean): fc.Arbitrary<ServiceState> =>
  service.chain((one) =>
    fc.record({
      service: fc.constant(one),
      destinations: fc.uniqueArray(destination(serviceFamily(one.id), bridged), {
        maxLength: 5,
        selector: ({ id }) => destinationKey(id),
      }),
    }),
  );

/** As the kernel reports one, everything filled in. */
const daemon = (state: Daemon['state']): fc.Arbitrary<Daemon> =>
  fc.record({
    state: fc.constant(state),
    interface: pick(['lo']),
    syncId: pick([0, 1, 255]),
    maxLength: pick([1024, 1472, 65507]),
    group: pick(['224.0.0.81', '239.1.2.3']),
    port: pick([8848, 65535]),
    ttl: pick([1, 255]),
  });

const timeouts: fc.Arbitrary<Timeouts> = fc.record({
  tcp: pick([1, 900, 2147483]),
  tcpFin: pick([1, 120]),
  udp: pick([1, 300]),
});

/** A table with at most so many services, in any order. */
export const state = (maxServices = 6): fc.Arbitrary<State> =>
  fc.subarray<Daemon['state']>(['master', 'backup']).chain((daemons) =>
    fc.record({
      services: fc.uniqueArray(serviceState(daemons.length === 0), {
        maxLength: maxServices,
        selector: ({ service: { id } }) => serviceKey(id),
      }),
      daemons: daemons.length === 0 ? fc.constant([]) : fc.tuple(...daemons.map(daemon)),
      timeouts,
    }),
  );

/** A table that every kernel takes: newer ones refuse larger thresholds. */
export const kernelState = (maxServices?: number): fc.Arbitrary<State> =>
  state(maxServices).map(({ services, ...rest }) => ({
    ...rest,
    services: services.map(({ service: one, destinations }) => ({
      service: one,
      destinations: destinations.map((each) => ({
        ...each,
        upperThreshold: Math.min(each.upperThreshold, INT_MAX),
        lowerThreshold: Math.min(each.lowerThreshold, INT_MAX),
      })),
    })),
  }));

/** The same table for comparing: everything in order of its key, what is undefined left out. */
export function normal({ services, daemons, timeouts: { tcp, tcpFin, udp } }: State): unknown {
  const plain = services
    .map(({ service: one, destinations }) => ({
      key: serviceKey(one.id),
      service: {
        scheduler: one.scheduler,
        flags: one.schedulerFlags.toSorted(),
        persistence: one.persistence && { ...one.persistence },
        switches: serviceSwitchNames.map((name) => one[name]),
      },
      destinations: destinations
        .map(({ id, method, tunnel: { type, port, checksum }, ...settings }) => ({
          key: destinationKey(id),
          method,
          numbers: destinationNumberNames.map((name) => settings[name]),
          tunnel: method === 'tun' ? { type, port, checksum } : undefined,
        }))
        .sort(byKey),
    }))
    .sort(byKey);
  const running = daemons.map((one) => ({ key: one.state, ...one })).sort(byKey);
  return JSON.parse(JSON.stringify({ services: plain, daemons: running, timeouts: { tcp, tcpFin, udp } }));
}

const byKey = (a: { readonly key: string }, b: { readonly key: string }): number =>
  a.key < b.key ? -1 : a.key > b.key ? 1 : 0;

/** The services of a state as rules have words for them. */
export const servicesOfRules = ({ services }: State): ServiceState[] =>
  services.filter(sayable).map(withKeptPorts);

/** The drop-in takes -o for UDP and marks only, as ipvsadm does. */
const sayable = ({ service: { id, onePacket } }: ServiceState): boolean =>
  !onePacket || 'fwmark' in id || id.protocol === 'udp';

/** The drop-in gives servers the service's port except with NAT, as ipvsadm does. */
function withKeptPorts({ service, destinations }: ServiceState): ServiceState {
  const kept = new Map(
    destinations.map((destination) => {
      const free = destination.method === 'nat' || !('port' in service.id);
      const id = free ? destination.id : { ...destination.id, port: service.id.port };
      return [destinationKey(id), { ...destination, id }];
    }),
  );
  // Its numbers end where a signed one does.
  const sayableOnes = [...kept.values()].filter(({ upperThreshold }) => upperThreshold <= INT_MAX);
  return { service, destinations: sayableOnes };
}
