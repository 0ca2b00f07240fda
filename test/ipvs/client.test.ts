/** Every command of the client, against a kernel that plays a script: the bytes here were written by hand. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { KernelError, UnavailableError } from '../../src/errors.js';
import { IpvsClient } from '../../src/ipvs/client.js';
import type { Change } from '../../src/model/change.js';
import { type Destination, plainTunnel } from '../../src/model/destination.js';
import type { Service, ServiceId } from '../../src/model/service.js';
import { ack, answer, broken, dump, FakeKernel, family, NLM, reply, words } from '../support/fake-kernel.js';
import type { WireAttribute } from '../support/wire.js';
import * as wire from '../support/wire.js';

const IPVS = 0x1f;
const FIND = {
  type: 0x10,
  flags: NLM.REQUEST,
  command: 3,
  version: 2,
  attributes: [[2, '4950565300']],
} as const;

/** A client that has found IPVS, and the kernel that it talks to. */
async function opened(t: TestContext): Promise<{ kernel: FakeKernel; client: IpvsClient }> {
  const kernel = FakeKernel.for(t).expect(FIND, family(IPVS, 'IPVS'));
  return { kernel, client: await IpvsClient.open(() => kernel, { timeout: 100 }) };
}

const u16 = (value: number): string => wire.hex(wire.u16(value));
const u32 = (value: number): string => wire.hex(wire.u32(value));
const text = (value: string): string => wire.hex(wire.text(value));
const v4 = (hex: string): string => hex + '00'.repeat(12);

const tcp: ServiceId = { protocol: 'tcp', address: '192.0.2.1', port: 80 };
const tcpId: WireAttribute[] = [
  [1, u16(2)],
  [2, u16(6)],
  [3, v4('c0000201')],
  [4, '0050'],
];
const udp6: ServiceId = { protocol: 'udp', address: '2001:db8::1', port: 53 };
const udp6Id: WireAttribute[] = [
  [1, u16(10)],
  [2, u16(17)],
  [3, '20010db8000000000000000000000001'],
  [4, '0035'],
];
const mark6: ServiceId = { fwmark: 0xfffffffe, family: 'inet6' };
const mark6Id: WireAttribute[] = [
  [1, u16(10)],
  [5, u32(0xfffffffe)],
];
const sctp: ServiceId = { protocol: 'sctp', address: '192.0.2.1', port: 0 };

const plain: Service = { id: tcp, scheduler: 'wlc', schedulerFlags: [], onePacket: false };
const everything: Service = {
  id: udp6,
  scheduler: 'sh',
  schedulerFlags: ['flag-1', 'flag-3'],
  persistence: { timeout: 360, netmask: '64', engine: 'sip' },
  onePacket: true,
};
const real: Destination = {
  id: { address: '198.51.100.7', port: 8080 },
  method: 'nat',
  weight: 1,
  upperThreshold: 0,
  lowerThreshold: 0,
  tunnel: plainTunnel,
};
const realId: WireAttribute[] = [
  [1, v4('c6336407')],
  [2, '1f90'],
];
const tunnelled: Destination = {
  id: { address: '2001:db8::7', port: 80 },
  method: 'tun',
  weight: 0x7fffffff,
  upperThreshold: 0xffffffff,
  lowerThreshold: 7,
  tunnel: { type: 'gue', port: 6080, checksum: 'remcsum' },
};

/** Each change: the command, and all the attributes it must send. The order within a set does not matter to the kernel. */
const changes: readonly (readonly [
  what: string,
  change: Change,
  command: number,
  attributes: WireAttribute[],
])[] = [
  [
    'a service',
    { do: 'addService', service: plain },
    1,
    [[1, [...tcpId, [6, text('wlc')], [7, `${u32(0)}ffffffff`], [8, u32(0)], [9, 'ffffffff']]]],
  ],
  [
    'a service with everything',
    { do: 'addService', service: everything },
    1,
    [
      [
        1,
        [
          ...udp6Id,
          [6, text('sh')],
          [7, `${u32(0x1 | 0x4 | 0x8 | 0x20)}ffffffff`],
          [8, u32(360)],
          [9, u32(64)],
          [11, text('sip')],
        ],
      ],
    ],
  ],
  [
    'a service of a mark, with a netmask',
    {
      do: 'editService',
      service: {
        id: { fwmark: 7, family: 'inet' },
        scheduler: 'rr',
        schedulerFlags: ['flag-2'],
        persistence: { timeout: 1, netmask: '255.255.255.0' },
        onePacket: false,
      },
    },
    2,
    [
      [
        1,
        [
          [1, u16(2)],
          [5, u32(7)],
          [6, text('rr')],
          [7, `${u32(0x1 | 0x10)}ffffffff`],
          [8, u32(1)],
          [9, 'ffffff00'],
        ],
      ],
    ],
  ],
  ['a service', { do: 'deleteService', id: mark6 }, 3, [[1, mark6Id]]],
  [
    'a destination',
    { do: 'addDestination', of: tcp, destination: real },
    5,
    [
      [1, tcpId],
      [2, [...realId, [3, u32(0)], [4, u32(1)], [5, u32(0)], [6, u32(0)], [11, u16(2)]]],
    ],
  ],
  [
    'a tunnel to a destination of the other family',
    { do: 'editDestination', of: tcp, destination: tunnelled },
    6,
    [
      [1, tcpId],
      [
        2,
        [
          [1, '20010db8000000000000000000000007'],
          [2, '0050'],
          [3, u32(2)],
          [4, u32(0x7fffffff)],
          [5, u32(0xffffffff)],
          [6, u32(7)],
          [11, u16(10)],
          [13, '01'],
          [14, '17c0'],
          [15, u16(2)],
        ],
      ],
    ],
  ],
  [
    'a destination',
    { do: 'deleteDestination', of: udp6, id: real.id },
    7,
    [
      [1, udp6Id],
      [2, [...realId, [11, u16(2)]]],
    ],
  ],
  [
    'a daemon of which little is said',
    { do: 'startDaemon', daemon: { state: 'master', interface: 'eth0', syncId: 0 } },
    9,
    [
      [
        3,
        [
          [1, u32(1)],
          [2, text('eth0')],
          [3, u32(0)],
        ],
      ],
    ],
  ],
  [
    'a daemon of which everything is said',
    {
      do: 'startDaemon',
      daemon: {
        state: 'backup',
        interface: 'eth1',
        syncId: 255,
        maxLength: 1400,
        group: '224.0.0.82',
        port: 8849,
        ttl: 3,
      },
    },
    9,
    [
      [
        3,
        [
          [1, u32(2)],
          [2, text('eth1')],
          [3, u32(255)],
          [4, u16(1400)],
          [5, 'e0000052'],
          [7, u16(8849)],
          [8, '03'],
        ],
      ],
    ],
  ],
  [
    'a daemon with an IPv6 group',
    { do: 'startDaemon', daemon: { state: 'master', interface: 'lo', syncId: 1, group: 'ff02::52' } },
    9,
    [
      [
        3,
        [
          [1, u32(1)],
          [2, text('lo')],
          [3, u32(1)],
          [6, 'ff020000000000000000000000000052'],
        ],
      ],
    ],
  ],
  ['a daemon', { do: 'stopDaemon', daemon: { state: 'backup' } }, 10, [[3, [[1, u32(2)]]]]],
  [
    'the timeouts',
    { do: 'setTimeouts', timeouts: { tcp: 900, tcpFin: 0, udp: 300 } },
    12,
    [
      [4, u32(900)],
      [5, u32(0)],
      [6, u32(300)],
    ],
  ],
  ['the counters of one service', { do: 'zeroService', id: tcp }, 16, [[1, tcpId]]],
  ['all counters', { do: 'zeroAll' }, 16, []],
  ['the table', { do: 'flush' }, 17, []],
];

/** Attributes sorted by type at every level. */
const ordered = (attributes: readonly WireAttribute[]): WireAttribute[] =>
  attributes
    .map(([type, content]): WireAttribute => [type, typeof content === 'string' ? content : ordered(content)])
    .sort(([a], [b]) => a - b);

for (const [what, change, command, attributes] of changes) {
  test(`${change.do}: ${what}`, async (t) => {
    const { kernel, client } = await opened(t);
    const sent: wire.WireMessage[] = [];
    kernel.expect({ type: IPVS, flags: NLM.REQUEST | NLM.ACK, command, version: 1 }, (messages) => {
      sent.push(...messages);
      return ack()(messages);
    });
    await client.apply(change);
    assert.deepEqual(
      ordered(wire.readAttributes(sent[0]?.payload.slice(4) ?? new Uint8Array())),
      ordered(attributes),
    );
  });
}

test('a batch sends the same, and returns each refusal with its object', async (t) => {
  const { kernel, client } = await opened(t);
  const all = changes.map(([, change]) => change);
  kernel.expect(
    all.map((_, index) => ({
      type: IPVS,
      command: changes[index]?.[2] ?? -1,
      flags: index === all.length - 1 ? NLM.REQUEST | NLM.ACK : NLM.REQUEST,
    })),
    answer(17, { to: 0, tlvs: words('It exists') }),
    answer(2, { to: 6 }),
    answer(22),
  );
  const results = await client.applyAll(all);
  assert.deepEqual(results, [
    new KernelError('addService', 17, 'TCP 192.0.2.1:80', 'It exists'),
    ...new Array(5).fill(undefined),
    new KernelError('deleteDestination', 2, 'UDP [2001:db8::1]:53 -> 198.51.100.7:8080'),
    ...new Array(7).fill(undefined),
    new KernelError('flush', 22, 'the whole table'),
  ]);
});

test('no changes at all need no kernel', async (t) => {
  const { client } = await opened(t);
  assert.deepEqual(await client.applyAll([]), []);
});

/** struct-like helpers for what the kernel sends. */
const { attribute, nest } = wire;
const counters32 = (from: number): Uint8Array =>
  nest(
    10,
    ...[1, 2, 3].map((type) => attribute(type, wire.u32(from + type))),
    ...[4, 5].map((type) => attribute(type, wire.u64(BigInt(from + type)))),
    ...[6, 7, 8, 9, 10].map((type) => attribute(type, wire.u32(from + type))),
  );
const counters64 = (from: bigint): Uint8Array =>
  nest(12, ...Array.from({ length: 10 }, (_, i) => attribute(i + 1, wire.u64(from + BigInt(i + 1)))));

const stats = (from: bigint) => ({
  connections: from + 1n,
  inPackets: from + 2n,
  outPackets: from + 3n,
  inBytes: from + 4n,
  outBytes: from + 5n,
  connectionRate: from + 6n,
  inPacketRate: from + 7n,
  outPacketRate: from + 8n,
  inByteRate: from + 9n,
  outByteRate: from + 10n,
});

const union4 = (hex: string): Uint8Array => wire.unhex(v4(hex));
const HASHED = 0x2;
const BEYOND = 2n ** 53n;

const serviceReply = nest(
  1,
  attribute(1, wire.u16(2)),
  attribute(2, wire.u16(6)),
  attribute(3, union4('c0000201')),
  attribute(4, wire.be16(80)),
  attribute(6, wire.text('wlc')),
  attribute(7, wire.u32(HASHED), wire.u32(0xffffffff)),
  attribute(8, wire.u32(0)),
  attribute(9, wire.unhex('ffffffff')),
  counters32(100),
  counters64(BEYOND),
);
const serviceEntry = {
  id: tcp,
  scheduler: 'wlc',
  schedulerFlags: [],
  persistence: undefined,
  onePacket: false,
  stats: stats(BEYOND),
};

test('getService: one service, with counters beyond 2^53', async (t) => {
  const { kernel, client } = await opened(t);
  kernel.expect(
    { type: IPVS, flags: NLM.REQUEST, command: 4, version: 1, attributes: [[1, tcpId]] },
    reply(1, serviceReply),
  );
  assert.deepEqual(await client.service(tcp), serviceEntry);
});

test('getServices: of both families, by address and by mark, with all and with few attributes', async (t) => {
  const { kernel, client } = await opened(t);
  const persistent = nest(
    1,
    attribute(1, wire.u16(10)),
    attribute(2, wire.u16(17)),
    attribute(3, wire.unhex('20010db8000000000000000000000001')),
    attribute(4, wire.be16(53)),
    attribute(6, wire.text('sh')),
    attribute(7, wire.u32(HASHED | 0x1 | 0x4 | 0x8 | 0x20), wire.u32(0xffffffff)),
    attribute(8, wire.u32(360)),
    attribute(9, wire.u32(64)),
    attribute(11, wire.text('sip')),
    counters32(0xfffffff0),
    attribute(99, wire.unhex('0102')),
  );
  const mark = nest(
    1,
    attribute(1, wire.u16(10)),
    attribute(5, wire.u32(0xfffffffe)),
    attribute(6, wire.text('none')),
  );
  const { stats: _, ...rest } = serviceEntry;
  kernel.expect(
    { type: IPVS, flags: NLM.REQUEST | NLM.DUMP, command: 4, version: 1, attributes: [] },
    dump(1, [serviceReply, persistent, mark], { per: 2 }),
  );
  assert.deepEqual(await client.services(), [
    serviceEntry,
    { ...everything, stats: stats(0xfffffff0n) },
    { ...rest, id: mark6, scheduler: 'none', stats: zeros },
  ]);
});

const zeros = Object.fromEntries(Object.keys(stats(0n)).map((name) => [name, 0n]));

test('getDestinations: of both families, in a tunnel, and from kernels that say less', async (t) => {
  const { kernel, client } = await opened(t);
  const full = nest(
    2,
    attribute(1, wire.unhex('20010db8000000000000000000000007')),
    attribute(2, wire.be16(80)),
    // Bits above the forwarding mask are the kernel's own.
    attribute(3, wire.u32(0x102)),
    attribute(4, wire.u32(0x7fffffff)),
    attribute(5, wire.u32(0xffffffff)),
    attribute(6, wire.u32(7)),
    attribute(7, wire.u32(11)),
    attribute(8, wire.u32(12)),
    attribute(9, wire.u32(13)),
    counters32(100),
    attribute(11, wire.u16(10)),
    counters64(BEYOND),
    attribute(13, wire.u8(1)),
    attribute(14, wire.be16(6080)),
    attribute(15, wire.u16(2)),
  );
  const old = nest(
    2,
    attribute(1, union4('c6336407')),
    attribute(2, wire.be16(8080)),
    attribute(3, wire.u32(0)),
    attribute(4, wire.u32(1)),
    counters32(100),
  );
  kernel.expect(
    { type: IPVS, flags: NLM.REQUEST | NLM.DUMP, command: 8, attributes: [[1, tcpId]] },
    dump(5, [full, old], { per: 1 }),
  );
  assert.deepEqual(await client.destinations(tcp), [
    {
      ...tunnelled,
      activeConnections: 11,
      inactiveConnections: 12,
      persistentConnections: 13,
      stats: stats(BEYOND),
    },
    {
      ...real,
      activeConnections: 0,
      inactiveConnections: 0,
      persistentConnections: 0,
      stats: stats(100n),
    },
  ]);
});

test('each forwarding method has its name', async (t) => {
  const { kernel, client } = await opened(t);
  const of = (method: number): Uint8Array =>
    nest(
      2,
      attribute(1, union4('c6336407')),
      attribute(2, wire.be16(8080)),
      attribute(3, wire.u32(method)),
      attribute(4, wire.u32(1)),
    );
  kernel.expect({ command: 8 }, dump(5, [0, 1, 2, 3, 4].map(of)));
  assert.deepEqual(
    (await client.destinations(tcp)).map(({ method }) => method),
    ['nat', 'local', 'tun', 'dr', 'bypass'],
  );
});

test('getDaemons: one of each state, with a group of either family', async (t) => {
  const { kernel, client } = await opened(t);
  const master = nest(
    3,
    attribute(1, wire.u32(1)),
    attribute(2, wire.text('eth0')),
    attribute(3, wire.u32(7)),
    attribute(4, wire.u16(1472)),
    attribute(5, wire.unhex('e0000051')),
    attribute(7, wire.u16(8848)),
    attribute(8, wire.u8(1)),
  );
  const backup = nest(
    3,
    attribute(1, wire.u32(2)),
    attribute(2, wire.text('eth1')),
    attribute(3, wire.u32(255)),
    attribute(6, wire.unhex('ff020000000000000000000000000051')),
  );
  kernel.expect({ flags: NLM.REQUEST | NLM.DUMP, command: 11, attributes: [] }, dump(9, [master, backup]));
  assert.deepEqual(await client.daemons(), [
    {
      state: 'master',
      interface: 'eth0',
      syncId: 7,
      maxLength: 1472,
      group: '224.0.0.81',
      port: 8848,
      ttl: 1,
    },
    {
      state: 'backup',
      interface: 'eth1',
      syncId: 255,
      maxLength: undefined,
      group: 'ff02::51',
      port: undefined,
      ttl: undefined,
    },
  ]);
});

test('getTimeouts: those that the kernel has', async (t) => {
  const { kernel, client } = await opened(t);
  const wanted = { type: IPVS, flags: NLM.REQUEST, command: 13, attributes: [] };
  kernel
    .expect(
      wanted,
      reply(
        12,
        wire.join(attribute(4, wire.u32(900)), attribute(5, wire.u32(120)), attribute(6, wire.u32(300))),
      ),
    )
    .expect(wanted, reply(12, attribute(6, wire.u32(300))));
  assert.deepEqual(await client.timeouts(), { tcp: 900, tcpFin: 120, udp: 300 });
  assert.deepEqual(await client.timeouts(), { tcp: 0, tcpFin: 0, udp: 300 });
});

test('getInfo: the version in its three parts', async (t) => {
  const { kernel, client } = await opened(t);
  kernel.expect(
    { type: IPVS, flags: NLM.REQUEST, command: 15, attributes: [] },
    reply(14, wire.join(attribute(1, wire.u32(0x0102fe)), attribute(2, wire.u32(1 << 27)))),
  );
  assert.deepEqual(await client.info(), {
    version: { major: 1, minor: 2, patch: 254 },
    connectionTableSize: 1 << 27,
  });
});

test('a refusal is an error that names the operation and its object', async (t) => {
  const { kernel, client } = await opened(t);
  kernel
    .expect({ command: 4 }, answer(3))
    .expect({ command: 4 }, answer(12))
    .expect({ command: 1 }, answer(2, { tlvs: words('No such scheduler') }));
  await assert.rejects(client.service(tcp), new KernelError('getService', 3, 'TCP 192.0.2.1:80'));
  await assert.rejects(client.services(), new KernelError('getServices', 12, 'the services'));
  await assert.rejects(
    client.apply({ do: 'addService', service: plain }),
    new KernelError('addService', 2, 'TCP 192.0.2.1:80', 'No such scheduler'),
  );
});

test('without the capability every request fails as not permitted', async (t) => {
  const questions: readonly [string, (client: IpvsClient) => Promise<unknown>][] = [
    ['getInfo', (client) => client.info()],
    ['getServices', (client) => client.services()],
    ['getService', (client) => client.service(tcp)],
    ['getDestinations', (client) => client.destinations(sctp)],
    ['getDaemons', (client) => client.daemons()],
    ['getTimeouts', (client) => client.timeouts()],
    ['flush', (client) => client.apply({ do: 'flush' })],
    ['zeroAll', (client) => client.applyAll([{ do: 'zeroAll' }])],
  ];
  for (const [operation, ask] of questions) {
    const { kernel, client } = await opened(t);
    kernel.expect({ type: IPVS }, answer(1));
    await assert.rejects(
      ask(client),
      new UnavailableError('not-permitted', `${operation} needs CAP_NET_ADMIN in the initial user namespace`),
    );
  }
});

test('a value that no attribute holds is refused before anything is sent, and the client goes on', async (t) => {
  const { kernel, client } = await opened(t);
  kernel.expect({ command: 17 }, ack());
  const wrong: readonly [Change, string][] = [
    [
      { do: 'deleteService', id: { ...tcp, port: 65536 } as ServiceId },
      "port: '65536' is not a whole number from 0 to 65535",
    ],
    [
      { do: 'deleteService', id: { ...tcp, address: '192.0.2.256' } as ServiceId },
      "address: '192.0.2.256' is not an IPv4 or IPv6 address",
    ],
    [
      { do: 'addDestination', of: tcp, destination: { ...real, weight: -1 } },
      "weight: '-1' is not a whole number from 0 to 4294967295",
    ],
    [
      { do: 'addService', service: { ...plain, persistence: { timeout: 1, netmask: '24' } } },
      "netmask: '24' is not a dotted mask, as an IPv4 service needs it",
    ],
    [
      { do: 'addService', service: { ...everything, persistence: { timeout: 1, netmask: '255.255.255.0' } } },
      "netmask: '255.255.255.0' is not a prefix length up to 128, as an IPv6 service needs it",
    ],
  ];
  for (const [change, message] of wrong) {
    await assert.rejects(client.apply(change), { name: 'ValueError', message });
    await assert.rejects(client.applyAll([change]), { name: 'ValueError', message });
  }
  await client.apply({ do: 'flush' });
});

test('a closed client answers nothing more', async (t) => {
  const { kernel, client } = await opened(t);
  client.close();
  assert.ok(kernel.closed);
  await assert.rejects(client.info(), { name: 'TransportError', reason: 'closed' });
});

test('a lost answer closes the client, since the result of the changes is unknown', async (t) => {
  const { kernel, client } = await opened(t);
  kernel.expect([{ command: 17 }, { command: 16 }], broken('overrun'));
  await assert.rejects(client.applyAll([{ do: 'flush' }, { do: 'zeroAll' }]), { reason: 'overrun' });
  await assert.rejects(client.info(), { reason: 'closed' });
});
