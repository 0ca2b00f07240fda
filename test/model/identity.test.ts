/** Services, destinations and changes: which of them are the same, and how messages name them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Change, describeChange } from '../../src/model/change.js';
import {
  type Destination,
  type DestinationId,
  destinationKey,
  plainTunnel,
} from '../../src/model/destination.js';
import {
  describeService,
  type Service,
  type ServiceId,
  serviceFamily,
  serviceKey,
} from '../../src/model/service.js';
import { destinationId, serviceId } from '../support/arbitrary.js';

test('keys are equal for equal services, and for no others', () => {
  fc.assert(
    fc.property(serviceId, serviceId, (a, b) => {
      assert.equal(serviceKey(a) === serviceKey(b), JSON.stringify(sorted(a)) === JSON.stringify(sorted(b)));
      assert.equal(serviceKey(a), serviceKey({ ...a }));
    }),
    { numRuns: 500 },
  );
});

test('keys are equal for equal destinations, and for no others', () => {
  fc.assert(
    fc.property(destinationId, destinationId, (a, b) => {
      assert.equal(destinationKey(a) === destinationKey(b), a.address === b.address && a.port === b.port);
    }),
    { numRuns: 500 },
  );
});

const sorted = (id: ServiceId): unknown => Object.entries(id).sort(([a], [b]) => (a < b ? -1 : 1));

test('what differs in one respect only has different keys', () => {
  const ids: ServiceId[] = [
    { protocol: 'tcp', address: '192.0.2.1', port: 80 },
    { protocol: 'udp', address: '192.0.2.1', port: 80 },
    { protocol: 'sctp', address: '192.0.2.1', port: 80 },
    { protocol: 'tcp', address: '192.0.2.1', port: 8080 },
    { protocol: 'tcp', address: '192.0.2.18', port: 0 },
    { protocol: 'tcp', address: '2001:db8::1', port: 80 },
    { protocol: 'tcp', address: '2001:db8::1:80', port: 0 },
    { fwmark: 80, family: 'inet' },
    { fwmark: 80, family: 'inet6' },
    { fwmark: 8, family: 'inet' },
  ];
  assert.equal(new Set(ids.map(serviceKey)).size, ids.length);
});

const tcp: ServiceId = { protocol: 'tcp', address: '192.0.2.1', port: 80 };
const real: DestinationId = { address: '2001:db8::7', port: 8080 };
const service: Service = { id: tcp, scheduler: 'rr', schedulerFlags: [], onePacket: false };
const destination: Destination = {
  id: real,
  method: 'tun',
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
  tunnel: plainTunnel,
};

test('a service is named as ipvsadm’s tables name it', () => {
  assert.equal(describeService(tcp), 'TCP 192.0.2.1:80');
  assert.equal(
    describeService({ protocol: 'sctp', address: '2001:db8::1', port: 0 }),
    'SCTP [2001:db8::1]:0',
  );
  assert.equal(describeService({ fwmark: 4294967295, family: 'inet' }), 'FWM 4294967295');
  assert.equal(describeService({ fwmark: 7, family: 'inet6' }), 'FWM 7 IPv6');
});

test('the family of a service is its address’s, or the mark’s own', () => {
  assert.equal(serviceFamily(tcp), 'inet');
  assert.equal(serviceFamily({ protocol: 'udp', address: '::', port: 53 }), 'inet6');
  assert.equal(serviceFamily({ fwmark: 7, family: 'inet6' }), 'inet6');
});

const described: readonly [Change, string][] = [
  [{ do: 'addService', service }, 'TCP 192.0.2.1:80'],
  [{ do: 'editService', service }, 'TCP 192.0.2.1:80'],
  [{ do: 'deleteService', id: tcp }, 'TCP 192.0.2.1:80'],
  [{ do: 'zeroService', id: { fwmark: 7, family: 'inet' } }, 'FWM 7'],
  [{ do: 'addDestination', of: tcp, destination }, 'TCP 192.0.2.1:80 -> [2001:db8::7]:8080'],
  [{ do: 'editDestination', of: tcp, destination }, 'TCP 192.0.2.1:80 -> [2001:db8::7]:8080'],
  [{ do: 'deleteDestination', of: tcp, id: real }, 'TCP 192.0.2.1:80 -> [2001:db8::7]:8080'],
  [{ do: 'startDaemon', daemon: { state: 'master', interface: 'eth0', syncId: 1 } }, 'master sync daemon'],
  [{ do: 'stopDaemon', daemon: { state: 'backup' } }, 'backup sync daemon'],
  [{ do: 'setTimeouts', timeouts: { tcp: 1, tcpFin: 2, udp: 3 } }, 'the timeouts'],
  [{ do: 'flush' }, 'the whole table'],
  [{ do: 'zeroAll' }, 'the whole table'],
];

for (const [change, text] of described) {
  test(`${change.do} is about ${text}`, () => assert.equal(describeChange(change), text));
}
