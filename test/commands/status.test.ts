/** status: the page and its JSON, over machines on paper; the lab has real ones. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { StatusFacts } from '../../src/commands/status/facts.js';
import { groupsOf, listen, Tally, unjoinedOf } from '../../src/commands/status/probe.js';
import { statusJson, statusText } from '../../src/commands/status/sections.js';
import type { Daemon } from '../../src/model/daemon.js';
import { holdKey } from '../../src/model/hold.js';
import { plainTheme } from '../../src/output/theme.js';
import { genericSockets } from '../../src/system/network/netlink-users.js';
import { Director } from '../support/director.js';
import { address, director, group, withIpvs, withSettings } from '../support/machine-facts.js';

const backup: Daemon = { state: 'backup', interface: 'eth0', syncId: 3 };

const facts: StatusFacts = {
  machine: {
    ...withSettings(
      withIpvs(director, {
        daemons: [backup],
        connections: [group({ ESTABLISHED: 5, SYN_RECV: 2 }, { templates: 1 })],
      }),
      {
        'net/ipv4/vs/conntrack': '0',
        'net/ipv4/vs/run_estimation': '1',
        'net/ipv4/vs/sync_threshold': '3\t50',
        'net/netfilter/nf_conntrack_count': '12',
        'net/netfilter/nf_conntrack_max': '262144',
      },
    ),
    kernel: '6.1.0-18-amd64',
    rules: [
      { text: 'nft: ip nat post, handle 4', hook: 'postrouting', needs: 'nat', addresses: [] },
      { text: 'nft: ip f in, handle 5', hook: 'input', addresses: [] },
      { text: 'nft: inet lvs marking, handle 6', hook: 'prerouting', mark: 7, addresses: [] },
    ],
    unknown: ['the rules of iptables-save: no permission'],
  },
  info: { version: { major: 1, minor: 2, patch: 1 }, connectionTableSize: 4096 },
  parameters: { conn_tab_bits: '12' },
  modules: ['ip_vs_rr', 'ip_vs_wlc'],
  holds: new Map(
    ['10.1.0.7:80', '198.51.100.8:80'].map((server) => {
      const hold = { service: 'tcp://192.0.2.10:80', server, weight: 0, before: 1, by: 'ada', since: 0 };
      return [holdKey(hold), { ...hold, reason: 'disk\x1b[2J' }];
    }),
  ),
  time: 60_000,
  stateFiles: ['/run/lvsadm/1-2.weights.json'],
  netlink: {
    users: [
      { pid: 812, name: 'keepalived', sockets: 1, writes: true },
      { pid: 90, name: 'proxy\x1b[31m', sockets: 2, writes: false },
    ],
    hidden: 1,
    estimators: 0,
  },
  findings: [],
  heard: {
    time: 10,
    unjoined: [],
    further: 0,
    groups: [{ address: '224.0.0.81', port: 8848, links: [{ name: 'eth0', address: '10.0.0.2' }] }],
    masters: [
      { address: '10.0.0.1', syncId: 3, version: 1, messages: 4, connections: 9 },
      { address: '10.0.0.9', syncId: 5, version: 0, messages: 1, connections: 1 },
    ],
    others: 2,
  },
};

const page = statusText(facts, plainTheme);

const rows: readonly [what: string, row: RegExp][] = [
  ['the kernel', /^ {2}release +6\.1\.0-18-amd64$/m],
  ['what it lacks', /^ {2}lacks +listing of many connections in little time \(Linux 6\.14\)$/m],
  ['parameters of the module', /^ {2}parameter conn_tab_bits +12$/m],
  ['connections without templates', /^ {2}connections +7$/m],
  ['templates', /^ {2}persistence templates +1$/m],
  ['timeouts with their unit', /^ {2}tcp +900 s$/m],
  [
    'sync daemons with what they may leave out',
    /^ {2}backup +on eth0, id 3, group 224\.0\.0\.81 port 8848, ttl 1$/m,
  ],
  ['what a master sends', /^ {2}sync_threshold +3 50$/m],
  [
    'masters that the backup takes',
    /^ {2}heard 10\.0\.0\.1 +id 3, version 1: 4 messages, .*\n? *.*here takes\s+them$/m,
  ],
  [
    'masters that it drops',
    /^ {2}heard 10\.0\.0\.9 +id 5, version 0: 1 messages?, .*\n? *.*another id and\s+drops them$/m,
  ],
  ['whether netfilter tracks', /^ {2}IPVS connections +not tracked$/m],
  ['the size of its table', /^ {2}tracked now +12 of 262144$/m],
  ['rules that translate', /^ {2}translates addresses +nft: ip nat post, handle 4 \(postrouting\)$/m],
  ['rules that mark', /^ {2}sets mark 7 +nft: inet lvs marking, handle 6 \(prerouting\)$/m],
  ['programs', /^ {2}keepalived +process 812, changes the table, generic netlink sockets: 1$/m],
  ['names without control characters', /^ {2}proxy\\x1b\[31m +process 90, may change the table/m],
  ['sockets of others', /^ {2}unknown +1 generic netlink sockets of processes/m],
  ['the number of holds', /^ {2}servers held +2$/m],
  ['holds', /^ {2}10\.1\.0\.7:80 +tcp:\/\/192\.0\.2\.10:80, held at 0 by ada since \S+: disk\\x1b\[2J$/m],
  [
    'holds of absent servers',
    /^ {2}198\.51\.100\.8:80 +tcp:\/\/192\.0\.2\.10:80, not in the table, held at 0 /m,
  ],
  ['files of lvsadm', /^ {2}file +\/run\/lvsadm\/1-2\.weights\.json$/m],
  ['what could not be read', /^ {2}unknown +the rules of iptables-save: no permission$/m],
];

for (const [what, row] of rows) {
  test(`the page has ${what}`, () => assert.match(page, row));
}

/** As kernel 7.2.13 has it with one service, and without any. */
const table = {
  Conns: '8',
  'Conn buckets': '256 (8 bits, lfactor -4)',
  Services: '1',
  'Service buckets': '16 (4 bits, lfactor -3)',
};
const newest: StatusFacts = {
  ...facts,
  machine: {
    ...withSettings(facts.machine, {
      'net/ipv4/vs/conn_lfactor': '-4',
      'net/ipv4/vs/conn_max': '100000',
      'net/ipv4/vs/svc_lfactor': '-3',
    }),
    kernel: '7.2.13+deb14-amd64',
  },
  table,
};

test('of a kernel that has them, the page has the limit of connections and what its tables are sized by', () => {
  const text = statusText(newest, plainTheme);
  assert.match(text, /^ {2}conn_max +100000$/m);
  assert.match(text, /^ {2}conn_lfactor +-4$/m);
  assert.match(text, /^ {2}svc_lfactor +-3$/m);
  assert.match(text, /^ {2}Conn buckets +256 \(8 bits, lfactor -4\)$/m);
  assert.doesNotMatch(text, /lacks/);
  const { connections } = JSON.parse(statusJson(newest));
  assert.deepEqual([connections.max, connections.status], [100_000, table]);
});

test('a table that is not made yet is said to be so', () => {
  const empty = { ...newest, info: { version: { major: 1, minor: 2, patch: 1 }, connectionTableSize: 0 } };
  assert.match(statusText(empty, plainTheme), /^ {2}buckets +0: the table is made with the first service$/m);
  assert.equal(JSON.parse(statusJson(empty)).connections.buckets, 0);
});

test('rules that do not matter to IPVS are counted only', () => {
  assert.match(page, /^ {2}rules +3$/m);
  assert.doesNotMatch(page, /handle 5/);
});

test('lines fit a terminal of 60 columns, as far as words do, and none ends in blanks', () => {
  for (const width of [60, 80]) {
    const lines = statusText(facts, plainTheme, width).split('\n');
    assert.deepEqual(
      lines.filter((line) => line.length > width || /\s$/.test(line)),
      [],
    );
  }
});

test('without IPVS the page says so, and has the rest', () => {
  const { info, heard, ...rest } = facts;
  const { ipvs, ...machine } = facts.machine;
  const without = { ...rest, machine };
  const text = statusText(without, plainTheme);
  assert.match(text, /^ {2}IPVS +not loaded; modprobe ip_vs loads it/m);
  assert.doesNotMatch(text, /Connection table|Idle timeouts/);
  const json = JSON.parse(statusJson(without));
  assert.deepEqual(
    [json.kernel.ipvs, json.connections, json.timeouts, json.sync.daemons],
    [null, null, null, []],
  );
});

test('the JSON has the same, and docs/json.md describes each member', () => {
  const json = JSON.parse(statusJson(facts));
  assert.deepEqual(json.connections, {
    buckets: 4096,
    connections: 7,
    templates: 1,
    max: null,
    status: null,
  });
  assert.deepEqual(json.timeouts, { tcp: 900, tcpFin: 120, udp: 300 });
  assert.deepEqual(
    json.sync.heard.masters.map(({ address, connectionMessages, accepted }: Record<string, unknown>) => [
      address,
      connectionMessages,
      accepted,
    ]),
    [
      ['10.0.0.1', 9, true],
      ['10.0.0.9', 1, false],
    ],
  );
  assert.deepEqual(json.netfilter.relevant.length, 2);
  const described = readFileSync('docs/json.md', 'utf8');
  const unknown = membersOf(json).filter(
    (name) => !described.includes(`"${name}"`) && !described.includes(`\`${name}\``),
  );
  assert.deepEqual(
    unknown,
    ['unknown'].filter((name) => !described.includes(`"${name}"`)),
  );
});

function membersOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(membersOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [name, ...membersOf(member)]);
}

const v1 = (syncId: number, connections: number, length = 44) =>
  Uint8Array.of(0, syncId, length >> 8, length & 0xff, connections, 1, 0, 0, ...new Uint8Array(length - 8));
const v0 = (syncId: number, connections: number, length = 28) =>
  Uint8Array.of(connections, syncId, length >> 8, length & 0xff, ...new Uint8Array(length - 4));

test('sync messages are counted by sender, id and format; other datagrams apart', () => {
  const tally = new Tally();
  tally.count(v1(3, 2), '10.0.0.1');
  tally.count(v1(3, 4, 300), '10.0.0.1');
  tally.count(v1(5, 1), '10.0.0.1');
  tally.count(v0(3, 1), '10.0.0.2');
  const damaged = [
    new Uint8Array(),
    Uint8Array.of(0, 3, 0),
    v1(3, 1).subarray(0, 40),
    Uint8Array.of(0, 3, 0, 4),
    v1(3, 1).with(5, 2),
    v1(3, 1).with(7, 1),
  ];
  for (const bytes of damaged) tally.count(bytes, '10.0.0.3');
  assert.equal(tally.others, damaged.length);
  assert.deepEqual(tally.masters, [
    { address: '10.0.0.1', syncId: 3, version: 1, messages: 2, connections: 6 },
    { address: '10.0.0.1', syncId: 5, version: 1, messages: 1, connections: 1 },
    { address: '10.0.0.2', syncId: 3, version: 0, messages: 1, connections: 1 },
  ]);
});

test('a probe listens once to a group of two daemons, on the links of both', () => {
  const daemons: Daemon[] = [backup, { ...backup, state: 'master', interface: 'eth1' }];
  const machine = {
    ...withIpvs(director, { daemons: [...daemons, { ...backup, group: 'ff02::81', port: 9000 }] }),
    addresses: [address('10.0.0.2/24', 'eth0'), address('10.1.0.2/24', 'eth1')],
  };
  assert.deepEqual(groupsOf(machine, []), [
    {
      address: '224.0.0.81',
      port: 8848,
      links: [
        { name: 'eth0', address: '10.0.0.2' },
        { name: 'eth1', address: '10.1.0.2' },
      ],
    },
    { address: 'ff02::81', port: 9000, links: [{ name: 'eth0', address: undefined }] },
  ]);
  assert.throws(
    () => groupsOf(machine, ['eth7']),
    /cannot listen to 224\.0\.0\.81 on eth7: .* no IPv4 address/,
  );
});

test('an interface of a daemon without an IPv4 address is told, and the others are listened to', () => {
  const machine = {
    ...withIpvs(director, { daemons: [backup, { ...backup, state: 'master', interface: 'eth1' }] }),
    addresses: [address('10.0.0.2/24', 'eth0'), address('2001:db8::2/64', 'eth1')],
  };
  assert.deepEqual(
    groupsOf(machine, []).map(({ links }) => links.map(({ name }) => name)),
    [['eth0']],
  );
  assert.deepEqual(unjoinedOf(machine), ['eth1']);
  const heard = {
    groups: groupsOf(machine, []),
    unjoined: ['eth1'],
    time: 1.2,
    masters: [],
    further: 7,
    others: 0,
  };
  const page = statusText({ ...facts, machine, heard }, plainTheme, 100);
  assert.match(
    page,
    /^ {2}listened +1\.2 s to 224\.0\.0\.81 port 8848 on eth0; .*7 messages of further\s+masters$/ms,
  );
  assert.match(page, /^ {2}not heard eth1 +it has no IPv4 address to join its group by$/m);
  const json = JSON.parse(statusJson({ ...facts, machine, heard }));
  assert.deepEqual([json.sync.heard.unjoined, json.sync.heard.further], [['eth1'], 7]);
});

test('masters beyond the first hundred are counted together', () => {
  const tally = new Tally();
  for (let sender = 0; sender < 300; sender++) tally.count(v1(3, 1), `10.0.${sender >> 8}.${sender & 255}`);
  tally.count(v1(3, 1), '10.0.0.0');
  assert.deepEqual([tally.masters.length, tally.masters[0]?.messages, tally.further], [100, 2, 200]);
});

/** A port of UDP that nothing has. */
async function freePort(): Promise<number> {
  const socket = createSocket('udp6').bind(0);
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}

test('a probe says how long it listened, and hears each port of IPv6 by one socket', async (t) => {
  if (!existsSync('/proc/self/net/if_inet6')) return t.skip('this machine has no IPv6');
  let time = 0;
  const port = await freePort();
  const group = (address: string) => ({ address, port, links: [] });
  const groups = ['224.0.0.81', '224.0.0.82', 'ff02::81', 'ff02::82'].map(group);
  const heard = await listen(
    groups,
    () => time,
    async () => {
      time = 1234;
      const bound = new RegExp(`:${port.toString(16).toUpperCase().padStart(4, '0')} 0+:0000 `, 'g');
      const sockets = (table: string) => readFileSync(`/proc/self/net/${table}`, 'utf8').match(bound);
      assert.deepEqual([sockets('udp')?.length, sockets('udp6')?.length], [2, 1]);
    },
  );
  assert.equal(heard.time, 1.2);
});

test('sockets of generic netlink are those of protocol 16 with a port', () => {
  const table = `sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode
0000000000000000 0   812        00000551 0        0        0     2        0        20001
0000000000000000 16  812        00000000 0        0        0     2        0        20002
0000000000000000 16  0          00000000 0        0        0     2        0        5
0000000000000000 16  4195116    00000000 0        0        0     2        0        20003
`;
  assert.deepEqual([...genericSockets(table)], ['20002', '20003']);
});

test('options that mean nothing without --probe, or last too long, are refused', async (context) => {
  const status = await Director.start(context);
  const { err } = await status.run(['status', '--interface', 'eth0']);
  assert.match(err, /^lvsadm: --interface: only with --probe\n/);
  const long = await status.run(['status', '--probe', '--probe-time', '2h']);
  assert.match(long.err, /^lvsadm: --probe-time: at most 3600 s\n/);
});
