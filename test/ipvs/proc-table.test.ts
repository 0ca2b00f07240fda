/** /proc/net/ip_vs, as kernels 6.1 and 6.12 write it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TableText } from '../../src/ipvs/proc-table.js';
import type { ServiceId } from '../../src/model/service.js';

const heading = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
`;

const services = `\
TCP  C0000201:0050 wlc  persistent 360 FFFFFFFF
  -> C6336409:0050      Route   1      12         3456
  -> C6336408:1F90      Masq    2147483647 0          0
UDP  C0000201:0035 rr  ops
TCP  [2001:0db8:0000:0000:0000:0000:0000:0001]:0050 wlc
  -> [2001:0db8:0000:0000:0000:0000:0000:0007]:0050      Route   1      0          0
FWM  00000007 sh
  -> C6336407:0000      Tunnel  1      0          0
SCTP  0A000001:0050 wlc
  -> C6336407:0050      Local   0      0          0
  -> [2001:0db8:0000:0000:0000:0000:0000:0007]:0050      Tunnel  1      0          0
`.replace(
  /^( +-> .*?\s)(\d+) +(\d+) +(\d+)$/gm,
  (_, start: string, weight: string, active: string, inactive: string) =>
    `${start}${weight.padEnd(6)} ${active.padEnd(10)} ${inactive.padEnd(10)}`,
);

/** In chunks that end anywhere, as those of a file of /proc. */
async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
}

const http: ServiceId = { protocol: 'tcp', address: '192.0.2.1', port: 80 };
const dns: ServiceId = { protocol: 'udp', address: '192.0.2.1', port: 53 };

async function read(text: string): Promise<TableText> {
  const table = await TableText.read(chunks(text), [http, dns]);
  assert.ok(table);
  return table;
}

const lines = (table: TableText, order: readonly number[]): string[] =>
  order.map((index) => {
    const columns = table.bytes.subarray(table.starts[index], table.ends[index]);
    return `${(table.endpoints[index] as number).toString(16)} ${Buffer.from(columns)}`;
  });

test('the servers of an IPv4 service are found, with their columns as they are', async () => {
  const table = await read(heading + services);
  assert.deepEqual(lines(table, table.servers(http, false)), [
    'c63364090050 Route   1      12         3456      \n',
    'c63364081f90 Masq    2147483647 0          0         \n',
  ]);
  assert.deepEqual(
    lines(table, table.servers(http, true)).map((line) => line.slice(0, 12)),
    ['c63364081f90', 'c63364090050'],
  );
});

test('a service without servers is there, and has none', async () => {
  const table = await read(heading + services);
  assert.ok(table.has(dns));
  assert.deepEqual(table.servers(dns, true), []);
});

test('services of other kinds, those with such servers, and those that are not there, are left to netlink', async () => {
  const table = await read(heading + services);
  const others: ServiceId[] = [
    { protocol: 'tcp', address: '2001:db8::1', port: 80 },
    { fwmark: 7, family: 'inet' },
    { protocol: 'sctp', address: '10.0.0.1', port: 80 },
    { protocol: 'udp', address: '192.0.2.1', port: 80 },
  ];
  assert.deepEqual(
    others.map((id) => table.has(id)),
    [false, false, false, false],
  );
});

const good = '  -> C6336408:0050      Route   1      0          0         \n';
const odd: Readonly<Record<string, string>> = {
  'a digit that is none': good.replace('C633', 'C6G3'),
  'a column too few': '  -> C6336408:0050      Route   1      0          \n',
  'another gap': good.replace('0050 ', '0050'),
  'no end': good.slice(0, -1),
  'something else': '  something else that the kernel may write there one day\n',
};

for (const [what, line] of Object.entries(odd)) {
  test(`a service with ${what} in the line of a server is left to netlink`, async () => {
    const before = `UDP  C0000201:0035 rr  \n${good}`;
    const table = await read(`${heading}${before}TCP  C0000201:0050 wlc  \n${good}${line}`);
    assert.deepEqual([table.has(dns), table.has(http)], [true, false]);
  });
}

test('a text with a service twice, or with one that netlink does not tell of, is left alone', async () => {
  const service = `TCP  C0000201:0050 wlc  \n${good}`;
  assert.ok(await TableText.read(chunks(heading + service), [http]));
  assert.equal(await TableText.read(chunks(heading + service + service), [http]), undefined);
  assert.equal(await TableText.read(chunks(heading + service), [dns]), undefined);
});

test('a heading that promises other columns is not understood', async () => {
  for (const text of ['', 'IP Virtual Server', heading.replace('Weight', 'Load') + services]) {
    assert.equal(await TableText.read(chunks(text), [http, dns]), undefined);
  }
});
