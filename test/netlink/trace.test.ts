import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ipvsSchema } from '../../src/ipvs/schema.js';
import { createTrace } from '../../src/netlink/trace.js';
import { ack, answer, dump, family, NLM, type Play, reply, words } from '../support/fake-kernel.js';
import {
  attribute,
  be16,
  genl,
  join,
  message,
  nest,
  readMessages,
  text,
  u8,
  u16,
  u32,
  u64,
  unhex,
} from '../support/wire.js';

const IPVS = 31;

/** A trace and what it has written. */
class Tracing {
  private written = '';
  readonly trace = createTrace(
    (lines) => {
      this.written += lines;
    },
    [ipvsSchema],
  );

  /** Lets a request pass, and what a kernel would answer. */
  exchange(request: Uint8Array, ...answers: readonly Play[]): this {
    this.trace('send', request);
    for (const play of answers) {
      for (const delivery of play(readMessages(request))) {
        if (delivery !== 'silence' && 'bytes' in delivery) this.trace('receive', delivery.bytes);
      }
    }
    return this;
  }

  /** What was written since the last time, as a list of lines. */
  lines(): string[] {
    const { written } = this;
    this.written = '';
    assert.ok(written.endsWith('\n'));
    return written.slice(0, -1).split('\n');
  }
}

const request = (
  type: number,
  command: number,
  flags: number,
  sequence: number,
  ...attributes: Uint8Array[]
): Uint8Array =>
  message({ type, flags: NLM.REQUEST | flags, sequence, port: 4711 }, genl(command), ...attributes);

/** A trace that has seen the kernel say which number IPVS has. */
function tracing(): Tracing {
  const tracing = new Tracing().exchange(
    request(0x10, 3, 0, 1, attribute(2, text('IPVS'))),
    family(IPVS, 'IPVS'),
  );
  tracing.lines();
  return tracing;
}

const address = (hex: string): Uint8Array =>
  join(unhex(hex), new Uint8Array(16 - hex.replace(/ /g, '').length / 2));
const service = (...more: Uint8Array[]): Uint8Array =>
  nest(
    1,
    attribute(1, u16(2)),
    attribute(2, u16(6)),
    attribute(3, address('c0 00 02 01')),
    attribute(4, be16(80)),
    ...more,
  );

test('the look-up of the family', () => {
  const seen = new Tracing().exchange(
    request(0x10, 3, 0, 1, attribute(2, text('IPVS'))),
    family(IPVS, 'IPVS'),
  );
  assert.deepEqual(seen.lines(), [
    'netlink > 32 bytes',
    '  nlctrl getFamily REQUEST seq 1 port 4711',
    '    name: "IPVS"',
    'netlink < 56 bytes',
    '  nlctrl reply to getFamily seq 1 port 4711',
    '    name: "IPVS"',
    '    id: 31',
    '    version: 1',
    '    headerSize: 0',
  ]);
});

test('a service with everything, refused with an explanation', () => {
  const everything = service(
    attribute(6, text('wlc')),
    attribute(7, u32(0x5), u32(0xffffffff)),
    attribute(8, u32(360)),
    attribute(9, unhex('ff ff ff 00')),
    attribute(11, text('sip')),
  );
  const seen = tracing().exchange(
    request(IPVS, 1, NLM.ACK, 2, everything),
    answer(17, { tlvs: words('Service exists') }),
  );
  assert.deepEqual(seen.lines(), [
    'netlink > 112 bytes',
    '  IPVS addService REQUEST|ACK seq 2 port 4711',
    '    service',
    '      family: 2 inet',
    '      protocol: 6 tcp',
    '      address: 192.0.2.1',
    '      port: 80',
    '      scheduler: "wlc"',
    '      flags: 0x5 mask 0xffffffff',
    '      timeout: 360',
    '      netmask: 255.255.255.0',
    '      engine: "sip"',
    'netlink < 160 bytes',
    '  NLMSG_ERROR of addService: EEXIST ACK_TLVS seq 2 port 4711',
    '    message: "Service exists"',
    '    offset: 20',
  ]);
});

test('a dump: IPv6, counters, an attribute that no table knows', () => {
  const v6 = nest(
    1,
    attribute(1, u16(10)),
    attribute(3, unhex('20010db8000000000000000000000001')),
    attribute(9, u32(64)),
    nest(12, attribute(1, u64(2n ** 63n))),
    attribute(17, unhex('0a 0b')),
  );
  const mark = nest(1, attribute(1, u16(2)), attribute(5, u32(4294967295)));
  const seen = tracing().exchange(
    request(IPVS, 4, NLM.DUMP, 5),
    dump(1, [v6, mark], { interruptedFrom: 1, per: 2 }),
  );
  assert.deepEqual(seen.lines(), [
    'netlink > 20 bytes',
    '  IPVS getServices REQUEST|ROOT|MATCH seq 5 port 4711',
    'netlink < 124 bytes',
    '  IPVS reply to getServices MULTI seq 5 port 4711',
    '    service',
    '      family: 10 inet6',
    '      address: 2001:db8::1',
    '      netmask: 64',
    '      stats64',
    '        connections: 9223372036854775808',
    '      attribute 17: 0a 0b',
    '  IPVS reply to getServices MULTI|DUMP_INTR seq 5 port 4711',
    '    service',
    '      family: 2 inet',
    '      fwmark: 4294967295',
    'netlink < 20 bytes',
    '  NLMSG_DONE of getServices: ok MULTI|DUMP_INTR seq 5 port 4711',
  ]);
});

test('a batch, of which the second request is refused', () => {
  const destination = nest(
    2,
    attribute(1, address('c6336407')),
    attribute(2, be16(8080)),
    attribute(3, u32(2)),
    attribute(13, u8(1)),
    attribute(15, u16(9)),
  );
  const seen = tracing().exchange(
    join(
      request(IPVS, 16, 0, 7),
      request(IPVS, 16, 0, 8, service()),
      request(IPVS, 5, NLM.ACK, 9, service(), destination),
    ),
    answer(3, { to: 1, capped: true }),
    ack(),
  );
  assert.deepEqual(seen.lines(), [
    'netlink > 212 bytes',
    '  IPVS zeroAll REQUEST seq 7 port 4711',
    '  IPVS zeroService REQUEST seq 8 port 4711',
    '    service',
    '      family: 2 inet',
    '      protocol: 6 tcp',
    '      address: 192.0.2.1',
    '      port: 80',
    '  IPVS addDestination REQUEST|ACK seq 9 port 4711',
    '    service',
    '      family: 2 inet',
    '      protocol: 6 tcp',
    '      address: 192.0.2.1',
    '      port: 80',
    '    destination',
    '      address: 198.51.100.7',
    '      port: 8080',
    '      method: 2 tun',
    '      tunnelType: 1 gue',
    '      tunnelFlags: 9 (unknown)',
    'netlink < 36 bytes',
    '  NLMSG_ERROR of zeroService: ESRCH CAPPED seq 8 port 4711',
    'netlink < 36 bytes',
    '  NLMSG_ERROR of addDestination: ok CAPPED seq 9 port 4711',
  ]);
});

test('the groups of the sync daemons, in both families', () => {
  const daemon = nest(
    3,
    attribute(1, u32(1)),
    attribute(2, text('eth0')),
    attribute(5, unhex('e0000051')),
    attribute(6, unhex('ff020000000000000000000000000051')),
  );
  const seen = tracing().exchange(request(IPVS, 9, NLM.ACK, 2, daemon));
  assert.deepEqual(seen.lines().slice(2), [
    '    daemon',
    '      state: 1 master',
    '      interface: "eth0"',
    '      group: 224.0.0.81',
    '      group6: ff02::51',
  ]);
});

test('a message that cannot be decoded is shown as bytes', () => {
  const seen = tracing();
  seen.trace('send', request(IPVS, 99, 0, 2));
  seen.trace('send', request(77, 1, 0x400, 3));
  seen.exchange(
    request(IPVS, 15, 0, 4),
    reply(14, attribute(1, u16(0x0101))),
    reply(14, unhex('ff ff 01 00')),
  );
  seen.trace('receive', message({ type: IPVS, flags: 0, sequence: 999, port: 4711 }, genl(14)));
  seen.trace('receive', message({ type: 2, flags: 0, sequence: 4, port: 4711 }, unhex('01 02')));
  seen.trace('receive', unhex('01 02 03'));
  assert.deepEqual(seen.lines(), [
    'netlink > 20 bytes',
    '  type 31 IPVS command 99 REQUEST seq 2 port 4711',
    '    63 01 00 00',
    'netlink > 20 bytes',
    '  type 77 REQUEST|0x400 seq 3 port 4711',
    '    01 01 00 00',
    'netlink > 20 bytes',
    '  IPVS getInfo REQUEST seq 4 port 4711',
    'netlink < 28 bytes',
    '  IPVS reply to getInfo seq 4 port 4711',
    '    version: unreadable (expected 4 bytes, got 2): 01 01',
    'netlink < 24 bytes',
    '  IPVS reply to getInfo seq 4 port 4711',
    '    unreadable (attribute length 65535 at offset 20, where 4 to 4 would fit)',
    'netlink < 20 bytes',
    '  type 31 IPVS command 14 seq 999 port 4711',
    '    0e 01 00 00',
    'netlink < 20 bytes',
    '  NLMSG_ERROR of getInfo seq 4 port 4711',
    '    01 02',
    'netlink < 3 bytes',
    '  unreadable (message: 3 bytes left where a message header takes 16)',
    '  01 02 03',
  ]);
});

test('bytes of no known length are not printed without end', () => {
  const seen = new Tracing();
  seen.trace('receive', message({ type: 99, flags: 0, sequence: 1, port: 1 }, new Uint8Array(5000)));
  assert.match(seen.lines()[2] ?? '', /^ {4}(00 ){64}\.\.\. \(5000 bytes\)$/);
});

test('the trace prints any bytes without an error', () => {
  const samples = [
    request(IPVS, 1, NLM.ACK, 2, service(attribute(9, unhex('ffffff00')))),
    request(0x10, 3, 0, 2, attribute(2, text('IPVS'))),
    message({ type: 2, flags: NLM.ACK_TLVS, sequence: 1, port: 1 }, u32(0), u32(200), unhex('00'.repeat(12))),
  ];
  const damaged = fc
    .tuple(fc.constantFrom(...samples), fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { maxLength: 6 }))
    .map(([sample, changes]) => {
      const bytes = sample.slice();
      for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
      return bytes;
    });
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(fc.constantFrom('send' as const, 'receive' as const), fc.oneof(damaged, fc.uint8Array())),
      ),
      (datagrams) => {
        const seen = tracing();
        for (const [direction, bytes] of datagrams) {
          seen.trace(direction, bytes);
          assert.match(seen.lines()[0] ?? '', /^netlink [<>] \d+ bytes$/);
        }
      },
    ),
  );
});
