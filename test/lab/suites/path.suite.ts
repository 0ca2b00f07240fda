/** `lvsadm probe` with real packets: healthy servers answer as the virtual address, and each fault on a server is told. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import type { Tunnel } from '../../../src/model/destination.js';
import type { ServiceId } from '../../../src/model/service.js';
import { isFull } from '../../support/extent.js';
import { addresses, destination, Farm, gateways, servers, vips } from '../../support/farm.js';
import { quickLvsadm } from '../distribution.js';

type Family = keyof typeof vips;

interface Set {
  readonly method: 'dr' | 'tun';
  readonly inner: Family;
  readonly outer?: Family;
  readonly tunnel?: Partial<Tunnel>;
  /** Words for `real-server up`; LOCAL is the server's own address. */
  readonly words?: readonly string[];
}

interface Found {
  readonly server: string;
  readonly verdict: string;
  readonly reason: string;
}

const legs = ['--address', '10.1.0.250/24', '--address', 'fd01::250/64'];

let farm: Farm;
/** What undoes a test's set-up, the last one first. */
let undo: (() => Promise<unknown>)[] = [];

before(async () => {
  farm = await Farm.build();
});
after(() => farm[Symbol.asyncDispose]());
afterEach(async () => {
  await farm.change({ do: 'flush' });
  for (const step of undo.reverse()) await step();
  undo = [];
});

const run = (name: string, command: string) => farm.host(name).run('sh', ['-c', command]);

async function during(name: string, command: string, later: string): Promise<void> {
  await run(name, command);
  undo.push(() => farm.host(name).attempt('sh', ['-c', later]));
}

/** Two servers of a service on port 80. @returns the service's URL */
async function cluster({ method, inner, outer = inner, tunnel = {}, words = [] }: Set): Promise<string> {
  const id: ServiceId = { protocol: 'tcp', address: vips[inner], port: 80 };
  await Promise.all(
    servers.map((name) => {
      const own = words.map((word) => (word === 'LOCAL' ? addresses[outer][name] : word));
      return farm.lvsadm(name, 'real-server', 'up', '--method', method, '--vip', vips[inner], ...own);
    }),
  );
  undo.push(() => Promise.all(servers.map((name) => farm.lvsadm(name, 'real-server', 'down', '--force'))));
  await farm.change(
    { do: 'addService', service: { id, scheduler: 'rr', schedulerFlags: [], onePacket: false } },
    ...servers.map((name) => ({
      do: 'addDestination' as const,
      of: id,
      destination: destination(addresses[outer][name], method, tunnel),
    })),
  );
  return inner === 'inet' ? `tcp://${vips.inet}:80` : `tcp://[${vips.inet6}]:80`;
}

/** @returns the verdict of each server, `one` before `two` */
async function probe(service: string, ...words: string[]): Promise<Found[]> {
  const all = ['probe', service, ...legs, ...words, '--json'];
  const { stdout, stderr } = await farm.host('director').attempt(quickLvsadm, all);
  assert.equal(stderr, '');
  return (JSON.parse(stdout) as { servers: Found[] }).servers;
}

const verdicts = (found: readonly Found[]): string[] => found.map(({ verdict }) => verdict);

const gue = ['--tun-type', 'gue', '--tun-port', '6080'];
const healthy: readonly (Set & { readonly title: string })[] = [
  { title: 'direct routing, IPv4', method: 'dr', inner: 'inet' },
  { title: 'direct routing, IPv6', method: 'dr', inner: 'inet6' },
  { title: 'ipip, IPv4', method: 'tun', inner: 'inet' },
  { title: 'ipip, IPv6', method: 'tun', inner: 'inet6' },
  { title: 'ipip, IPv6 in IPv4', method: 'tun', inner: 'inet6', outer: 'inet', words: ['--local', 'LOCAL'] },
  {
    title: 'gue, IPv4',
    method: 'tun',
    inner: 'inet',
    tunnel: { type: 'gue', port: 6080 },
    words: gue,
  },
  {
    title: 'gre, IPv6',
    method: 'tun',
    inner: 'inet6',
    tunnel: { type: 'gre' },
    words: ['--tun-type', 'gre'],
  },
];

/** Without ROBUST=full a part of the cases: each takes the guest 3 s and more. */

const usualSets = ['direct routing, IPv4', 'ipip, IPv6 in IPv4', 'gue, IPv4'];

describe('healthy servers answer as the virtual address', () => {
  for (const { title, ...set } of healthy.filter(({ title }) => isFull || usualSets.includes(title))) {
    test(title, async () => {
      const found = await probe(await cluster(set));
      assert.deepEqual(verdicts(found), ['answered', 'answered'], JSON.stringify(found));
    });
  }
});

const filter = (verb: string): string =>
  `nft add table inet t && nft add chain inet t in "{ type filter hook input priority 0; }" && nft add rule inet t in tcp dport 80 ${verb}`;

interface Fault {
  readonly title: string;
  readonly set: Set;
  readonly breaks: string;
  readonly mends: string;
  readonly verdict: string;
}

const dr: Set = { method: 'dr', inner: 'inet' };
const tun: Set = { method: 'tun', inner: 'inet' };
const dropped = `ip address del ${vips.inet}/32 dev`;
const returned = `ip address add ${vips.inet}/32 dev`;

/** On server `one`. */
const faults: readonly Fault[] = [
  {
    title: 'the VIP is missing',
    set: dr,
    breaks: `${dropped} lo`,
    mends: `${returned} lo`,
    verdict: 'no-answer',
  },
  {
    title: 'the VIP is missing, and the server forwards',
    set: dr,
    breaks: `${dropped} lo && echo 1 >/proc/sys/net/ipv4/ip_forward`,
    mends: `${returned} lo; echo 0 >/proc/sys/net/ipv4/ip_forward`,
    verdict: 'forwards',
  },
  {
    title: 'arp_ignore is 0',
    set: dr,
    breaks: 'echo 0 >/proc/sys/net/ipv4/conf/all/arp_ignore',
    mends: 'echo 1 >/proc/sys/net/ipv4/conf/all/arp_ignore',
    verdict: 'answers-arp',
  },
  {
    title: 'a packet filter drops',
    set: dr,
    breaks: filter('drop'),
    mends: 'nft delete table inet t',
    verdict: 'filtered',
  },
  {
    title: 'a packet filter rejects',
    set: dr,
    breaks: filter('reject'),
    mends: 'nft delete table inet t',
    verdict: 'refused',
  },
  {
    title: 'a packet filter resets',
    set: dr,
    breaks: filter('reject with tcp reset'),
    mends: 'nft delete table inet t',
    verdict: 'unexpected',
  },
  {
    title: 'the server is off',
    set: dr,
    breaks: 'ip link set lan down',
    mends: 'ip link set lan up; ip route replace default via 10.1.0.254',
    verdict: 'unreachable',
  },
  {
    title: 'the VIP is missing behind the tunnel',
    set: tun,
    breaks: `${dropped} tunl0`,
    mends: `${returned} tunl0`,
    verdict: 'no-answer',
  },
  {
    title: 'rp_filter drops what comes out of the tunnel',
    set: tun,
    breaks: 'echo 1 >/proc/sys/net/ipv4/conf/tunl0/rp_filter',
    mends: 'echo 2 >/proc/sys/net/ipv4/conf/tunl0/rp_filter',
    verdict: 'no-answer',
  },
  {
    title: 'the tunnel device is down',
    set: tun,
    breaks: 'ip link set tunl0 down',
    mends: 'ip link set tunl0 up',
    verdict: 'no-tunnel',
  },
];

const usualFaults = ['the VIP is missing', 'arp_ignore is 0', 'the tunnel device is down'];

describe('a fault of a server is told', () => {
  const chosen = faults.filter(({ title }) => isFull || usualFaults.includes(title));
  for (const { title, set, breaks, mends, verdict } of chosen) {
    test(title, async () => {
      const service = await cluster(set);
      await during('one', breaks, mends);
      const found = await probe(service, addresses.inet.one);
      assert.deepEqual(verdicts(found), [verdict], JSON.stringify(found));
    });
  }
});

test('the largest packet that passes is told', async () => {
  const service = await cluster(dr);
  await during('one', 'ip link set lan mtu 1400', 'ip link set lan mtu 1500');
  const { stdout } = await farm
    .host('director')
    .attempt(quickLvsadm, ['probe', service, ...legs, '--size', '1472']);
  const [one = '', two = ''] = stdout.split('\n');
  assert.match(one, /answered as .*, but an echo request of 1472 bytes did not pass, 137[2-6] did$/);
  assert.match(two, /answered as \S+ in \S+ ms$/);
});

test('checks of a document go through the path', async () => {
  await cluster(dr);
  await during('one', `${dropped} lo`, `${returned} lo`);
  const document = `
defaults: { check: { through: path, leg: { address: 10.1.0.250/24 }, timeout: 10s } }
services:
  - { service: "tcp://${vips.inet}:80", check: { kind: http }, servers: [${servers.map((name) => addresses.inet[name]).join(', ')}] }
`;
  const { stdout, stderr } = await farm
    .host('director')
    .attempt(quickLvsadm, ['health', 'check', '-f', '-', '--json'], { input: document });
  const { checks } = JSON.parse(stdout || '{}') as { checks?: { result: string; reason: string }[] };
  assert.deepEqual(
    checks?.map(({ result, reason }) => `${result}: ${reason}`),
    [`down: as ${vips.inet}: no connection within 10s`, 'up: status 200'],
    stdout + stderr,
  );
});

test('what cannot be probed is one line, and nothing is changed', async () => {
  const service = await cluster(dr);
  const nat = { protocol: 'tcp', address: vips.inet, port: 81 } as const;
  await farm.change(
    { do: 'addService', service: { id: nat, scheduler: 'rr', schedulerFlags: [], onePacket: false } },
    { do: 'addDestination', of: nat, destination: destination(addresses.inet.one, 'nat') },
  );
  const cases: readonly (readonly [words: readonly string[], error: RegExp])[] = [
    [[service, '--address', `${addresses.inet.two}/24`], /use the address 10\.1\.0\.8: .* has it/],
    [
      [service, '--address', `${gateways.inet}/24`],
      /use the address 10\.1\.0\.1: this machine has it already/,
    ],
    [[service, '--address', 'fd01::250/64'], /an IPv4 address is missing, to reach 10\.1\.0\.10/],
    [[`tcp://${vips.inet}:81`, ...legs], /with NAT a server answers as itself/],
    [[`tcp://${vips.inet}:82`, ...legs], /no such service/],
    [[service, ...legs, '--device', 'wan'], /there is no such link/],
  ];
  for (const [words, error] of cases) {
    const { stdout, stderr, status } = await farm.host('director').attempt(quickLvsadm, ['probe', ...words]);
    assert.match(stderr, error);
    const told = stderr
      .trim()
      .split('\n')
      .filter((line) => !line.startsWith('Try '));
    assert.deepEqual([stdout, told.length, status !== 0], ['', 1, true], stderr);
  }
});

test('kill -9 leaves no namespace, link, route or rule', async () => {
  const service = await cluster(dr);
  await during('one', `${dropped} lo`, `${returned} lo`);
  const everything =
    'lsns -t net -n -o NS | sort; ip -o link; ip rule; ip -6 rule; ip route show table all; ip netns';
  const start = await run('director', everything);
  const words = ['probe', service, ...legs, '--timeout', '60'];
  const prober = farm.host('director').start(quickLvsadm, words, { stdio: 'ignore' });
  const changed = async (): Promise<boolean> => (await run('director', everything)) !== start;
  await until(changed, 'a namespace is made');
  prober.kill('SIGKILL');
  await until(async () => !(await changed()), 'everything is as before');
});

async function until(condition: () => Promise<boolean>, what: string): Promise<void> {
  for (let looks = 0; looks < 60; looks++) {
    if (await condition()) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  assert.fail(`not within 15 s: ${what}`);
}
