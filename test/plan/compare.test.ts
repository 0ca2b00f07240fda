// What counts as drift, and what is only the kernel's way of reporting.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Daemon } from '../../src/model/daemon.js';
import { type Destination, plainTunnel } from '../../src/model/destination.js';
import type { Service } from '../../src/model/service.js';
import {
  daemonDifferences,
  destinationDifferences,
  serviceDifferences,
  timeoutDifferences,
} from '../../src/plan/compare.js';

const fieldsOf = (differences: readonly { readonly field: string }[]): string[] =>
  differences.map(({ field }) => field);

const server: Destination = {
  id: { address: '198.51.100.1', port: 80 },
  method: 'nat',
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
  tunnel: plainTunnel,
};

test('every setting of a server counts', () => {
  const other: Destination = { ...server, method: 'dr', weight: 2, upperThreshold: 4, lowerThreshold: 3 };
  assert.deepEqual(destinationDifferences(server, other), [
    { field: 'method', from: 'nat', to: 'dr' },
    { field: 'weight', from: 1, to: 2 },
    { field: 'upperThreshold', from: 0, to: 4 },
    { field: 'lowerThreshold', from: 0, to: 3 },
  ]);
});

test('a tunnel counts for tun only', () => {
  const gue = { type: 'gue', port: 6080, checksum: 'csum' } as const;
  const tun = { ...server, method: 'tun' } as const;
  assert.deepEqual(fieldsOf(destinationDifferences(tun, { ...tun, tunnel: gue })), [
    'tunnel.type',
    'tunnel.port',
    'tunnel.checksum',
  ]);
  assert.deepEqual(destinationDifferences({ ...server, tunnel: gue }, server), []);
});

test('a server that the kernel reports as local equals any method', () => {
  const local = { ...server, method: 'local' } as const;
  for (const method of ['nat', 'dr', 'tun', 'local'] as const) {
    assert.deepEqual(destinationDifferences(local, { ...server, method }), []);
  }
  assert.deepEqual(fieldsOf(destinationDifferences(server, local)), ['method']);
  assert.deepEqual(fieldsOf(destinationDifferences(local, { ...server, method: 'bypass' })), ['method']);
});

test('every setting of a service counts, the order of its flags does not', () => {
  const service: Service = {
    id: { fwmark: 1, family: 'inet' },
    scheduler: 'sh',
    schedulerFlags: ['flag-2', 'flag-1'],
    onePacket: false,
  };
  const persistence = { timeout: 300, netmask: '255.255.255.0', engine: 'sip' };
  assert.deepEqual(serviceDifferences(service, { ...service, schedulerFlags: ['flag-1', 'flag-2'] }), []);
  assert.deepEqual(
    serviceDifferences(service, {
      ...service,
      scheduler: 'mh',
      schedulerFlags: [],
      persistence,
      onePacket: true,
    }),
    [
      { field: 'scheduler', from: 'sh', to: 'mh' },
      { field: 'schedulerFlags', from: 'sh-fallback, sh-port', to: undefined },
      { field: 'persistence.timeout', from: undefined, to: 300 },
      { field: 'persistence.netmask', from: undefined, to: '255.255.255.0' },
      { field: 'persistence.engine', from: undefined, to: 'sip' },
      { field: 'onePacket', from: false, to: true },
    ],
  );
});

const running: Daemon = {
  state: 'backup',
  interface: 'eth0',
  syncId: 0,
  maxLength: 1472,
  group: '224.0.0.81',
  port: 8848,
  ttl: 1,
};

test('settings of a daemon that a document leaves out are the kernel’s defaults', () => {
  const wanted: Daemon = { state: 'backup', interface: 'eth0', syncId: 0 };
  assert.deepEqual(daemonDifferences(running, wanted), []);
  assert.deepEqual(fieldsOf(daemonDifferences({ ...running, group: '239.0.0.1', port: 1, ttl: 2 }, wanted)), [
    'group',
    'port',
    'ttl',
  ]);
  assert.deepEqual(fieldsOf(daemonDifferences(running, { ...wanted, interface: 'eth1', syncId: 1 })), [
    'interface',
    'id',
  ]);
});

test('a message length that the kernel adjusts equals the adjusted one', () => {
  const lengths: readonly [Daemon['state'], group: string | undefined, asked: number, taken: number][] = [
    ['backup', undefined, 1, 1024],
    ['master', undefined, 1, 1],
    ['master', undefined, 65507, 65507],
    ['master', 'ff02::1', 65507, 65487],
  ];
  for (const [state, group, maxLength, taken] of lengths) {
    const wanted: Daemon = { state, interface: 'eth0', syncId: 0, maxLength, group };
    const reported = { ...running, state, group: group ?? '224.0.0.81', maxLength: taken };
    assert.deepEqual(daemonDifferences(reported, wanted), []);
    assert.deepEqual(fieldsOf(daemonDifferences({ ...reported, maxLength: taken + 1 }, wanted)), [
      'maxLength',
    ]);
  }
});

test('only those timeouts count that are wanted', () => {
  const current = { tcp: 900, tcpFin: 120, udp: 300 };
  assert.deepEqual(timeoutDifferences(current, {}), []);
  assert.deepEqual(timeoutDifferences(current, { tcp: 900, udp: 10 }), [{ field: 'udp', from: 300, to: 10 }]);
});
