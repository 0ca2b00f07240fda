/** Listings by compiled code, held to the general way of listing: the same bytes for every table, and nothing where it differs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { IpvsClient } from '../../src/ipvs/client.js';
import type { OptionSocket } from '../../src/ipvs/option.js';
import { addressBytes, familyOf } from '../../src/model/address.js';
import type { Change } from '../../src/model/change.js';
import { type Destination, destinationKey, plainTunnel } from '../../src/model/destination.js';
import { isFwmark, type Service, type ServiceId, serviceKey } from '../../src/model/service.js';
import type { Datagram, OpenSocket } from '../../src/netlink/socket.js';
import * as arbitrary from '../support/arbitrary.js';
import { FakeIpvs } from '../support/fake-ipvs.js';
import { dump, FakeKernel, family, NLM } from '../support/fake-kernel.js';
import { FakeOptions } from '../support/fake-options.js';
import { type Result, worldOf } from '../support/run.js';
import { attribute, hex, nest, readMessages, text, u16, u32 } from '../support/wire.js';

const table = fc.uniqueArray(
  fc.tuple(
    arbitrary.service,
    fc.uniqueArray(arbitrary.destination, { selector: ({ id }) => destinationKey(id), maxLength: 40 }),
  ),
  { selector: ([{ id }]) => serviceKey(id), maxLength: 20 },
);

type Rows = typeof table extends fc.Arbitrary<infer T> ? T : never;

const ways = ['-L -n', '-L -n --nosort', '-S -n'];

/** A table that the kernel took as far as it does, whose first servers have connections. */
async function ipvsWith(rows: Rows): Promise<FakeIpvs> {
  const ipvs = new FakeIpvs();
  const client = await IpvsClient.open(ipvs.open);
  for (const [index, [service, destinations]] of rows.entries()) {
    await client.apply({ do: 'addService', service });
    await client.applyAll(
      destinations.map((destination) => ({ do: 'addDestination', of: service.id, destination })),
    );
    const [first] = await client.destinations(service.id);
    const count = 7 ** index;
    if (first === undefined) continue;
    const seen = { activeConnections: count % 2 ** 32, inactiveConnections: index, persistentConnections: 1 };
    ipvs.connect(service.id, first.id, seen);
  }
  client.close();
  return ipvs;
}

/** How the compiled code lists, or how everything else is listed. */
async function list(
  open: OpenSocket,
  how: 'compiled' | 'general',
  words: string,
  { file, options }: { file?: string; options?: OptionSocket } = {},
): Promise<Result> {
  const client = await IpvsClient.open(open, { openOptions: options && (() => options) });
  const general = { wholeServices: async () => 'odd' };
  const { run, files } = worldOf(how === 'compiled' ? client : Object.assign(Object.create(client), general));
  if (file !== undefined) files['/proc/net/ip_vs'] = file;
  const result = await run(words.split(' '));
  client.close();
  return result;
}

/** A socket that sees each datagram before it is delivered. */
function through(ipvs: FakeIpvs, see: (bytes: Uint8Array) => Uint8Array): OpenSocket {
  return async (protocol) => {
    const socket = await ipvs.open(protocol);
    return Object.assign(Object.create(socket), {
      receive: async (timeout: number): Promise<Datagram> => {
        const { bytes, sender } = await socket.receive(timeout);
        return { bytes: see(bytes), sender };
      },
    });
  };
}

for (const words of ways) {
  test(`${words}: every table in the bytes of the general way`, async () => {
    await fc.assert(
      fc.asyncProperty(table, async (rows) => {
        const ipvs = await ipvsWith(rows);
        assert.deepEqual(await list(ipvs.open, 'compiled', words), await list(ipvs.open, 'general', words));
      }),
    );
  });
}

test('the general way is not needed for a table that has everything', async () => {
  const [rows = []] = fc.sample(table, { numRuns: 1, seed: 1 });
  assert.ok(rows.length > 5);
  const ipvs = await ipvsWith(rows);
  for (const words of ways) {
    const client = await IpvsClient.open(ipvs.open);
    const compiledOnly = Object.assign(Object.create(client), {
      settings: () => assert.fail('asked the general way'),
    });
    const { run } = worldOf(compiledOnly);
    assert.equal((await run(words.split(' '))).status, 0);
    client.close();
  }
});

/** What kernels write of the table, from what netlink says. */
async function kernelsText(ipvs: FakeIpvs): Promise<string> {
  const client = await IpvsClient.open(ipvs.open);
  const hex = (address: string, port: number): string => {
    const host =
      familyOf(address) === 'inet'
        ? Buffer.from(addressBytes(address)).toString('hex').toUpperCase()
        : `[${Buffer.from(addressBytes(address))
            .toString('hex')
            .replace(/(.{4})(?=.)/g, '$1:')}]`;
    return `${host}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  };
  const names = { nat: 'Masq', local: 'Local', tun: 'Tunnel', dr: 'Route', bypass: 'Bypass' };
  let text = `\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
`;
  for (const { id, scheduler, persistence } of await client.services()) {
    const flags = persistence ? `persistent ${persistence.timeout} FFFFFFFF` : '';
    text += isFwmark(id)
      ? `FWM  ${id.fwmark.toString(16).padStart(8, '0').toUpperCase()} ${scheduler} ${flags}\n`
      : `${id.protocol.toUpperCase().padEnd(id.protocol === 'sctp' ? 0 : 4)} ${hex(id.address, id.port)} ${scheduler} ${flags}\n`;
    for (const server of await client.destinations(id)) {
      const { method, weight, activeConnections, inactiveConnections } = server;
      const cells = [names[method].padEnd(7), String(weight).padEnd(6)];
      cells.push(...[activeConnections, inactiveConnections].map((count) => String(count).padEnd(10)));
      text += `  -> ${hex(server.id.address, server.id.port)}      ${cells.join(' ')}\n`;
    }
  }
  client.close();
  return text;
}

for (const words of ways.slice(0, 2)) {
  test(`${words}: the same with the kernel’s text of the table`, async () => {
    await fc.assert(
      fc.asyncProperty(table, async (rows) => {
        const ipvs = await ipvsWith(rows);
        const text = await kernelsText(ipvs);
        assert.deepEqual(
          await list(ipvs.open, 'compiled', words, { file: text }),
          await list(ipvs.open, 'general', words),
        );
      }),
    );
  });
}

const http: ServiceId = { protocol: 'tcp', address: '192.0.2.1', port: 80 };
const rule = (service: Partial<Service> = {}): Service => ({
  ...{ id: http, scheduler: 'wlc', schedulerFlags: [], persistence: undefined, onePacket: false },
  ...service,
});
const server = (last: number, more: Partial<Destination> = {}): Destination => ({
  ...{ id: { address: `198.51.100.${last}`, port: 80 }, method: 'dr', weight: 1 },
  ...{ upperThreshold: 0, lowerThreshold: 0, tunnel: plainTunnel },
  ...more,
});

/** Connections that only the text has tell who is listed out of it. */
const fromText = async (change: (text: string) => string): Promise<string> => {
  const ipvs = await ipvsWith([[rule(), [server(7), server(8)]]]);
  const text = (await kernelsText(ipvs)).replaceAll(/0 {9}(?=\n)/g, '99        ');
  return (await list(ipvs.open, 'compiled', '-L -n', { file: change(text) })).stdout;
};

test('servers are taken out of the text where that is as it should be', async () => {
  assert.match(await fromText((text) => text), /198\.51\.100\.8:80 {14}Route {3}1 {6}0 {10}99 {8}\n$/);
});

const untrue: Readonly<Record<string, (text: string) => string>> = {
  'begins otherwise': (text) => text.replace('Weight', 'Load'),
  'is cut off in its heading': (text) => text.slice(0, 60),
  'has nothing but its version': (text) => text.slice(0, text.indexOf('\n') + 1),
  'is empty': () => '',
  'has a service that netlink has not': (text) => text.replace('C0000201:0050', 'C0000201:0051'),
  'has a service twice': (text) => `${text}${text.slice(text.indexOf('TCP'))}`,
  'ends within a line': (text) => text.slice(0, -10),
  'ends without the end of its line': (text) => text.slice(0, -1),
  'has lower-case digits': (text) => text.replace('C6336408', 'c6336408'),
  'has a colon elsewhere': (text) => text.replace('C6336408:0050', 'C63364080:050'),
  'has a server of IPv6': (text) => text.replace('C6336408', '[2001:0db8:0000:0000:0000:0000:0000:0007]'),
  'has other gaps': (text) => text.replace('C6336408:0050      ', 'C6336408:0050     '),
  'has wider gaps': (text) => text.replace('C6336408:0050      ', 'C6336408:0050       '),
  'has shorter lines': (text) => text.replaceAll(/ +\n/g, '\n'),
  'has endless lines': (text) => text.replaceAll('99 ', '99'.padEnd(300)),
};

for (const [what, change] of Object.entries(untrue)) {
  test(`netlink is asked where the text ${what}`, async () => {
    const stdout = await fromText(change);
    assert.match(stdout, /198\.51\.100\.7:80.*\n.*198\.51\.100\.8:80 {14}Route {3}1 {6}0 {10}0 {9}\n$/);
    assert.doesNotMatch(stdout, /99/);
  });
}

for (const words of ways) {
  test(`${words}: the same with servers told by socket options`, async () => {
    await fc.assert(
      fc.asyncProperty(table, async (rows) => {
        const ipvs = await ipvsWith(rows);
        assert.deepEqual(
          await list(ipvs.open, 'compiled', words, { options: new FakeOptions(ipvs) }),
          await list(ipvs.open, 'general', words),
        );
      }),
    );
  });
}

const ipv4Tunnel = server(9, { method: 'tun' });
const ipv6Tunnel = server(10, { id: { address: '2001:db8::7', port: 80 }, method: 'tun' });

for (const { what, rows, words, servers } of [
  { what: 'IPv4 services', rows: [[rule(), [server(7), server(8)]]], words: '-S -n', servers: 1 },
  { what: 'a service without servers', rows: [[rule(), []]], words: '-S -n', servers: 1 },
  {
    what: 'a firewall mark',
    rows: [[rule({ id: { fwmark: 7, family: 'inet' } }), [server(7)]]],
    words: '-S -n',
    servers: 1,
  },
  { what: 'a tunnel’s line', rows: [[rule(), [ipv4Tunnel]]], words: '-L -n', servers: 1 },
] satisfies { what: string; rows: Rows; words: string; servers: number }[]) {
  test(`nothing but services is asked by netlink for ${what}`, async () => {
    const ipvs = await ipvsWith(rows);
    const options = new FakeOptions(ipvs);
    const told = await list(unasked(ipvs), 'compiled', words, { options });
    assert.deepEqual(told, await list(ipvs.open, 'general', words));
    assert.deepEqual(options.told, ['services', ...Array(servers).fill('servers')]);
  });
}

/** A socket over which nobody asks for servers. */
const unasked =
  (ipvs: FakeIpvs): OpenSocket =>
  async (protocol) => {
    const socket = await ipvs.open(protocol);
    const send = (bytes: Uint8Array): Promise<void> | void => {
      for (const { payload } of readMessages(bytes.slice()))
        assert.notEqual(payload[0], 8, 'servers by netlink');
      return socket.send(bytes);
    };
    return Object.assign(Object.create(socket), { send });
  };

for (const { what, servers, words, told } of [
  { what: 'a rule says more of a tunnel', servers: [server(7), ipv4Tunnel], words: '-S -n', told: 1 },
  { what: 'a server is of IPv6', servers: [server(7), ipv6Tunnel], words: '-L -n', told: 1 },
]) {
  test(`netlink is asked as well where ${what}`, async () => {
    const ipvs = await ipvsWith([[rule(), servers]]);
    const options = new FakeOptions(ipvs);
    assert.deepEqual(
      await list(ipvs.open, 'compiled', words, { options }),
      await list(ipvs.open, 'general', words),
    );
    assert.deepEqual(options.told, ['services', ...Array(told).fill('servers')]);
  });
}

test('netlink is asked where the kernel has no such options', async () => {
  const ipvs = await ipvsWith([[rule(), [server(7)]]]);
  const options: OptionSocket = { read: () => false, close: () => {} };
  assert.match(
    (await list(ipvs.open, 'compiled', '-S -n', { options })).stdout,
    /-r 198\.51\.100\.7:80 -g -w 1\n$/,
  );
});

test('a table that changes between its services and their servers is listed as it is then', async () => {
  const other = rule({ id: { ...http, port: 81 } });
  const third = rule({ id: { ...http, port: 82 } });
  const changes: Readonly<Record<string, readonly Change[]>> = {
    'a server more': [{ do: 'addDestination', of: http, destination: server(9) }],
    'a server less': [{ do: 'deleteDestination', of: http, id: server(7).id }],
    'another server': [
      { do: 'deleteDestination', of: http, id: server(7).id },
      { do: 'addDestination', of: http, destination: server(9) },
    ],
    'another weight': [{ do: 'editDestination', of: http, destination: server(7, { weight: 9 }) }],
    'a service less': [{ do: 'deleteService', id: http }],
    'the last service gone': [{ do: 'deleteService', id: third.id }],
  };
  for (const at of ['services', 'servers'] as const) {
    for (const [what, wanted] of Object.entries(changes)) {
      const ipvs = await ipvsWith([
        [rule(), [server(7), server(8)]],
        [other, [server(7)]],
        [third, []],
      ]);
      let isChanged = false;
      const options = new FakeOptions(ipvs, (asked) => {
        if (isChanged || asked !== at) return;
        isChanged = true;
        for (const change of wanted) ipvs.carryOut(change);
      });
      const found = await list(ipvs.open, 'compiled', '-S -n', { options });
      const now = (await list(ipvs.open, 'general', '-S -n')).stdout.split('\n');
      // Services were told before: one that has gone since then has no servers any more.
      const gone = what === 'a service less' ? ['-A -t 192.0.2.1:80 -s wlc'] : [];
      if (what === 'the last service gone') gone.push('-A -t 192.0.2.1:82 -s wlc');
      assert.ok(isChanged);
      assert.deepEqual(found.stdout.split('\n').sort(), [...now, ...gone].sort(), `${what}, before ${at}`);
    }
  }
});

test('many servers of one service, beside others', async () => {
  const many = Array.from({ length: 700 }, (_, index) =>
    server(7, { id: { address: `198.51.100.${index % 250}`, port: 1 + index } }),
  );
  const ipvs = await ipvsWith([
    [rule(), [server(7)]],
    [rule({ id: { ...http, port: 81 } }), many],
    [rule({ id: { ...http, port: 82 } }), [server(8)]],
  ]);
  for (const words of ways) {
    const options = new FakeOptions(ipvs);
    assert.deepEqual(
      await list(unasked(ipvs), 'compiled', words, { options }),
      await list(ipvs.open, 'general', words),
    );
  }
});

test('datagrams with any byte changed lead where they lead in the general way', async () => {
  const all: Rows = [
    [rule({ persistence: { timeout: 60, netmask: '255.255.255.0', engine: 'sip' } }), [server(7), server(8)]],
    [rule({ id: { fwmark: 7, family: 'inet6' }, scheduler: 'sh', schedulerFlags: ['flag-1', 'flag-2'] }), []],
    [
      rule({ id: { protocol: 'udp', address: '2001:db8::1', port: 53 } }),
      [server(9, { id: { address: '2001:db8::7', port: 53 } })],
    ],
  ];
  const ipvs = await ipvsWith(all);
  const place = fc.tuple(fc.nat(1200), fc.oneof(fc.nat(255), fc.constantFrom(1, 2, 4, 16, 255)));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...ways),
      fc.array(place, { minLength: 1, maxLength: 3 }),
      async (words, places) => {
        const change = (bytes: Uint8Array): Uint8Array => {
          const [first] = readMessages(bytes);
          // Of dumps: what the controller answers, and a version, are read in one way only.
          if (first === undefined || (first.flags & NLM.MULTI) === 0) return bytes;
          const changed = bytes.slice();
          // Never to a certain value: the number that a request happens to have is not the same both ways.
          for (const [at, bits] of places)
            if (at < changed.length) changed[at] = (changed[at] as number) ^ bits;
          return changed;
        };
        const [compiled, general] = await Promise.all(
          (['compiled', 'general'] as const).map(async (how) => {
            const { status, stdout, stderr } = await list(through(ipvs, change), how, words).catch(
              (error) => ({
                ...{ status: 70, stdout: '', stderr: String(error) },
              }),
            );
            return { status, stdout, stderr: stderr.replaceAll(/(sequence|port|length|type) \d+/g, '$1 N') };
          }),
        );
        // Of tunnels' servers the general way reads counters as well, which no listing here shows.
        fc.pre(!general?.stderr.includes('/stats'));
        assert.deepEqual(compiled, general);
      },
    ),
    { numRuns: 1000 },
  );
});

test('the questions for servers are those that the tables write', async () => {
  await fc.assert(
    fc.asyncProperty(table, async (rows) => {
      const ipvs = await ipvsWith(rows);
      const asked: string[] = [];
      const socketThatTells: OpenSocket = async (protocol) => {
        const socket = await ipvs.open(protocol);
        const send = (bytes: Uint8Array): Promise<void> | void => {
          for (const { payload } of readMessages(bytes.slice()))
            if (payload[0] === 8) asked.push(hex(payload));
          return socket.send(bytes);
        };
        return Object.assign(Object.create(socket), { send });
      };
      const tell = async (how: 'compiled' | 'general'): Promise<string[]> => {
        await list(socketThatTells, how, '-S -n');
        return asked.splice(0);
      };
      assert.deepEqual(await tell('compiled'), await tell('general'));
    }),
  );
});

test('a table whose dump was interrupted behind its first services is not taken for an empty one', async (t) => {
  const service = nest(
    1,
    attribute(1, u16(2)),
    attribute(5, u32(7)),
    attribute(6, text('wlc')),
    attribute(7, u32(0), u32(0)),
  );
  const kernel = FakeKernel.for(t);
  kernel.expect({}, family(0x1f, 'IPVS'));
  const client = await IpvsClient.open(() => kernel, { timeout: 100 });
  kernel
    .expect({ command: 4 }, dump(1, [service], { per: 1, interruptedFrom: 1 }))
    .expect({ command: 4 }, dump(1, [service]))
    .expect({ command: 8 }, dump(5, []));
  assert.equal((await worldOf(client).run(['-S', '-n'])).stdout, '-A -f 7 -s wlc\n');
  client.close();
});
