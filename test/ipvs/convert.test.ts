/** Replies that say something the tables do not know: an error that leads to the place, never a guess. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { IpvsClient } from '../../src/ipvs/client.js';
import type { ServiceId } from '../../src/model/service.js';
import { dump, FakeKernel, family, type Play, reply } from '../support/fake-kernel.js';
import { attribute, be16, join, nest, text, u8, u16, u32, unhex } from '../support/wire.js';

const tcp: ServiceId = { protocol: 'tcp', address: '192.0.2.1', port: 80 };

async function refuses(
  t: TestContext,
  command: number,
  play: Play,
  ask: (client: IpvsClient) => Promise<unknown>,
  message: string,
): Promise<void> {
  const kernel = FakeKernel.for(t).expect({}, family(0x1f, 'IPVS')).expect({ command }, play);
  const client = await IpvsClient.open(() => kernel, { timeout: 50 });
  await assert.rejects(ask(client), { name: 'ProtocolError', message });
  assert.ok(kernel.closed, 'the conversation is over');
}

const address = attribute(3, unhex(`c0000201${'00'.repeat(12)}`));
const service = (replaced: Readonly<Record<number, Uint8Array | undefined>>): Uint8Array => {
  const usual: Record<number, Uint8Array | undefined> = {
    1: attribute(1, u16(2)),
    2: attribute(2, u16(6)),
    3: address,
    4: attribute(4, be16(80)),
    6: attribute(6, text('wlc')),
    7: attribute(7, u32(1), u32(0xffffffff)),
  };
  const parts = Object.values({ ...usual, ...replaced }).filter((part) => part !== undefined);
  return nest(1, ...(parts as Uint8Array[]));
};

const services: Readonly<Record<string, Uint8Array>> = {
  'service/family: missing': service({ 1: undefined }),
  'service/family: 7 is unknown (known: 2 inet, 10 inet6)': service({ 1: attribute(1, u16(7)) }),
  'service/protocol: missing': service({ 2: undefined }),
  'service/protocol: 1 is unknown (known: 6 tcp, 17 udp, 132 sctp)': service({ 2: attribute(2, u16(1)) }),
  'service/address: missing': service({ 3: undefined }),
  'service/address: expected 4 bytes, got 3': service({ 3: attribute(3, unhex('c00002')) }),
  'service/address: expected 16 bytes, got 4': service({
    1: attribute(1, u16(10)),
    3: attribute(3, unhex('c0000201')),
  }),
  'service/port: missing': service({ 4: undefined }),
  'service/port: expected 2 bytes, got 1': service({ 4: attribute(4, u8(80)) }),
  'service/scheduler: missing': service({ 6: undefined }),
  'service/flags: expected 8 bytes, got 4': service({ 7: attribute(7, u32(1)) }),
  'service/netmask: expected 4 bytes, got 2': service({ 9: attribute(9, u16(1)) }),
  'service/stats64/inBytes: expected 8 bytes, got 4': service({ 12: nest(12, attribute(4, u32(1))) }),
  'service/stats/connections: expected 4 bytes, got 2': service({ 10: nest(10, attribute(1, u16(1))) }),
  'service: missing': nest(2),
};

for (const [problem, attributes] of Object.entries(services)) {
  test(`a list of services: ${problem}`, (t) =>
    refuses(
      t,
      4,
      dump(1, [service({}), attributes]),
      (client) => client.services(),
      `getServices/${problem}`,
    ));
  test(`one service: ${problem}`, (t) =>
    refuses(t, 4, reply(1, attributes), (client) => client.service(tcp), `getService/${problem}`));
}

const destination = (replaced: Readonly<Record<number, Uint8Array | undefined>>): Uint8Array => {
  const usual: Record<number, Uint8Array | undefined> = {
    1: attribute(1, unhex(`c6336407${'00'.repeat(12)}`)),
    2: attribute(2, be16(80)),
    3: attribute(3, u32(0)),
    4: attribute(4, u32(1)),
  };
  const parts = Object.values({ ...usual, ...replaced }).filter((part) => part !== undefined);
  return nest(2, ...(parts as Uint8Array[]));
};

const destinations: Readonly<Record<string, Uint8Array>> = {
  'destination/address: missing': destination({ 1: undefined }),
  'destination/address: expected 16 bytes, got 4': destination({
    1: attribute(1, u32(1)),
    11: attribute(11, u16(10)),
  }),
  'destination/port: missing': destination({ 2: undefined }),
  'destination/method: missing': destination({ 3: undefined }),
  'destination/method: 7 is unknown (known: 0 nat, 1 local, 2 tun, 3 dr, 4 bypass)': destination({
    3: attribute(3, u32(7)),
  }),
  'destination/weight: missing': destination({ 4: undefined }),
  'destination/family: 3 is unknown (known: 2 inet, 10 inet6)': destination({ 11: attribute(11, u16(3)) }),
  'destination/tunnelType: 9 is unknown (known: 0 ipip, 1 gue, 2 gre)': destination({
    13: attribute(13, u8(9)),
  }),
  'destination/tunnelFlags: 4 is unknown (known: 0 nocsum, 1 csum, 2 remcsum)': destination({
    15: attribute(15, u16(4)),
  }),
  'destination: missing': nest(1),
};

for (const [problem, attributes] of Object.entries(destinations)) {
  test(`destinations: ${problem}`, (t) =>
    refuses(
      t,
      8,
      dump(5, [destination({}), attributes]),
      (client) => client.destinations(tcp),
      `getDestinations/${problem}`,
    ));
}

const daemon = (state: number, ...more: Uint8Array[]): Uint8Array =>
  nest(3, attribute(1, u32(state)), ...more);
const eth0 = attribute(2, text('eth0'));

const daemons: Readonly<Record<string, Uint8Array>> = {
  'daemon/state: missing': nest(3, eth0),
  'daemon/state: 3 is unknown (known: 1 master, 2 backup)': daemon(3),
  'daemon/interface: missing': daemon(1),
  'daemon/syncId: missing': daemon(1, eth0),
  'daemon/address: expected 16 bytes, got 4': daemon(1, eth0, attribute(3, u32(1)), attribute(6, u32(1))),
  'daemon/maxLength: expected 2 bytes, got 1': daemon(1, attribute(4, u8(1))),
  'daemon: missing': nest(1),
};

for (const [problem, attributes] of Object.entries(daemons)) {
  test(`daemons: ${problem}`, (t) =>
    refuses(t, 11, dump(9, [attributes]), (client) => client.daemons(), `getDaemons/${problem}`));
}

test('timeouts: a value cut short', (t) =>
  refuses(
    t,
    13,
    reply(12, attribute(5, u16(1))),
    (client) => client.timeouts(),
    'getTimeouts/tcpFinTimeout: expected 4 bytes, got 2',
  ));

test('the version: missing, and without the size of the table', async (t) => {
  await refuses(t, 15, reply(14, new Uint8Array()), (client) => client.info(), 'getInfo/version: missing');
  await refuses(
    t,
    15,
    reply(14, join(attribute(1, u32(1)))),
    (client) => client.info(),
    'getInfo/connectionTableSize: missing',
  );
});
