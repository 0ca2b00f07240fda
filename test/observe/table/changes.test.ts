import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Destination, plainTunnel } from '../../../src/model/destination.js';
import type { Service } from '../../../src/model/service.js';
import type { State } from '../../../src/model/state.js';
import { eventsBetween } from '../../../src/observe/table/changes.js';
import { state } from '../../support/arbitrary-state.js';

const service: Service = {
  id: { protocol: 'tcp', address: '192.0.2.1', port: 80 },
  scheduler: 'wlc',
  schedulerFlags: [],
  onePacket: false,
};
const server: Destination = {
  id: { address: '198.51.100.1', port: 80 },
  method: 'nat',
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
  tunnel: plainTunnel,
};
const table = (...destinations: Destination[]): State => ({
  services: [{ service, destinations }],
  daemons: [],
  timeouts: { tcp: 900, tcpFin: 120, udp: 300 },
});

/** `weights changed weight` */
const told = (before: State, after: State): string[] =>
  eventsBetween(before, after).map((event) =>
    [event.section, event.action, event.action === 'changed' ? event.field : ''].join(' ').trim(),
  );

test('each setting of a server that changes is an event, and its weight has a section of its own', () => {
  const after = { ...server, weight: 0, upperThreshold: 9 };
  assert.deepEqual(told(table(server), table(after)), [
    'weights changed weight',
    'servers changed upperThreshold',
  ]);
});

test('a method is compared as the kernel reports it, in both directions', () => {
  const local = { ...server, method: 'local' } as const;
  assert.deepEqual(told(table(server), table(local)), ['servers changed method']);
  assert.deepEqual(told(table(local), table(server)), ['servers changed method']);
});

test('servers are added after their service, and removed before it', () => {
  const empty = { ...table(), services: [] };
  assert.deepEqual(told(empty, table(server)), ['services added', 'servers added']);
  assert.deepEqual(told(table(server), empty), ['servers removed', 'services removed']);
});

test('a state does not differ from itself, and what one direction adds the other one removes', () => {
  const settings = state().map((each) => ({ ...each, daemons: [] }));
  fc.assert(
    fc.property(settings, settings, (one, other) => {
      assert.deepEqual(eventsBetween(one, one), []);
      const count = (from: State, to: State, action: string) =>
        eventsBetween(from, to).filter((event) => event.action === action).length;
      assert.equal(count(one, other, 'added'), count(other, one, 'removed'));
      assert.equal(count(one, other, 'changed'), count(other, one, 'changed'));
    }),
  );
});
