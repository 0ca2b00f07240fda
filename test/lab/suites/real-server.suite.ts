/** `lvsadm real-server` with real packets: what it sets up answers requests, and what it undoes is gone. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Destination, Tunnel } from '../../../src/model/destination.js';
import type { ServiceId } from '../../../src/model/service.js';
import type { Host } from '../../support/net/host.js';
import { Network } from '../../support/net/network.js';
import type { NetworkPlan } from '../../support/net/plan.js';

const lvsadm = fileURLToPath(new URL('../../../bin/lvsadm.js', import.meta.url));
const interrupted = fileURLToPath(new URL('../../support/interrupted-up.js', import.meta.url));

const viaRouter = ['default via 10.1.0.254', 'default via fd01::fe'];
const plan: NetworkPlan = {
  client: {
    on: { net: ['192.0.2.9/24', '2001:db8::9/64'] },
    routes: ['default via 192.0.2.1', 'default via 2001:db8::1'],
  },
  router: {
    on: { net: ['192.0.2.1/24', '2001:db8::1/64'], lan: ['10.1.0.254/24', 'fd01::fe/64'] },
    sysctls: { 'net.ipv4.ip_forward': 1, 'net.ipv6.conf.all.forwarding': 1 },
  },
  director: { on: { lan: ['10.1.0.1/24', 'fd01::1/64'] }, routes: viaRouter },
  // Strict reverse path filtering, as distributions have it: the tunnels' trap.
  one: {
    on: { lan: ['10.1.0.7/24', 'fd01::7/64'] },
    routes: viaRouter,
    sysctls: { 'net.ipv4.conf.all.rp_filter': 1 },
  },
  two: {
    on: { lan: ['10.1.0.8/24', 'fd01::8/64'] },
    routes: viaRouter,
    sysctls: { 'net.ipv4.conf.all.rp_filter': 1 },
  },
};
const servers = ['one', 'two'] as const;
const addresses = { inet: { one: '10.1.0.7', two: '10.1.0.8' }, inet6: { one: 'fd01::7', two: 'fd01::8' } };
const vip = { inet: '10.1.0.10', inet6: 'fd01::10' };

interface Case {
  readonly title: string;
  readonly inner: 'inet' | 'inet6';
  readonly outer?: 'inet' | 'inet6';
  readonly method: 'dr' | 'tun' | 'nat';
  readonly tunnel?: Partial<Tunnel>;
  /** Words for each server besides method and VIP; LOCAL is its own address. */
  readonly words?: readonly string[];
}

const gue = ['--tun-type', 'gue', '--tun-port', '6080'];
const gre = ['--tun-type', 'gre'];
const cases: readonly Case[] = [
  { title: 'direct routing, IPv4', inner: 'inet', method: 'dr' },
  { title: 'direct routing, IPv6', inner: 'inet6', method: 'dr' },
  { title: 'NAT, IPv4', inner: 'inet', method: 'nat', words: ['--gateway', '10.1.0.1'] },
  { title: 'NAT, IPv6', inner: 'inet6', method: 'nat', words: ['--gateway', 'fd01::1'] },
  { title: 'ipip, IPv4 in IPv4', inner: 'inet', method: 'tun' },
  { title: 'ipip, IPv6 in IPv4', inner: 'inet6', outer: 'inet', method: 'tun', words: ['--local', 'LOCAL'] },
  { title: 'ipip, IPv6 in IPv6', inner: 'inet6', method: 'tun' },
  { title: 'ipip, IPv4 in IPv6', inner: 'inet', outer: 'inet6', method: 'tun', words: ['--local', 'LOCAL'] },
  {
    title: 'gue, IPv4 in IPv4',
    inner: 'inet',
    method: 'tun',
    tunnel: { type: 'gue', port: 6080 },
    words: gue,
  },
  {
    title: 'gue, IPv6 in IPv6',
    inner: 'inet6',
    method: 'tun',
    tunnel: { type: 'gue', port: 6080 },
    words: gue,
  },
  {
    title: 'gue with checksum, IPv6 in IPv4',
    inner: 'inet6',
    outer: 'inet',
    method: 'tun',
    tunnel: { type: 'gue', port: 6080, checksum: 'csum' },
    words: [...gue, '--local', 'LOCAL'],
  },
  { title: 'gre, IPv4 in IPv4', inner: 'inet', method: 'tun', tunnel: { type: 'gre' }, words: gre },
  { title: 'gre, IPv6 in IPv6', inner: 'inet6', method: 'tun', tunnel: { type: 'gre' }, words: gre },
  {
    title: 'gre with checksum, IPv4 in IPv6',
    inner: 'inet',
    outer: 'inet6',
    method: 'tun',
    tunnel: { type: 'gre', checksum: 'csum' },
    words: [...gre, '--tun-csum', '--local', 'LOCAL'],
  },
];

/** Everything that a set-up may change, as text. A link keeps the queue that it got when it was first switched on. */
const everything = [
  'ip -o link; ip -o address; ip route show table all | sort; ip -6 route show table all | sort; ip fou show 2>&1;',
  'grep -rs . /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf | grep -v stable_secret',
].join(' ');

let network: Network;

const host = (name: string): Host => network.host(name);
const stateOf = async (name: string): Promise<string> =>
  (await host(name).run('sh', ['-c', everything])).replaceAll(/ qdisc \S+/g, '');
const realServer = (name: string, ...words: string[]) =>
  host(name).run(process.execPath, [lvsadm, 'real-server', ...words]);

before(async () => {
  network = await Network.build(plan);
  for (const [name, family] of [
    ['one', 'inet'],
    ['two', 'inet'],
  ] as const) {
    void family;
    await (await host(name).agent()).call('serveHttp', { name, port: 80 });
  }
});
after(() => network[Symbol.asyncDispose]());

test('the first tunnel device brings its module, and nothing but the idle device stays', async () => {
  const start = await stateOf('one');
  await realServer('one', 'up', '--method', 'tun', '--vip', vip.inet);
  assert.match(await host('one').run('ip', ['address', 'show', 'tunl0']), /UP.*inet 10\.1\.0\.10\/32/s);
  await realServer('one', 'down');
  const end = await stateOf('one');
  const added = end.split('\n').filter((line) => !start.includes(line));
  assert.deepEqual(
    added.filter((line) => !line.includes('tunl0')),
    [],
  );
  assert.match(await host('one').run('ip', ['link', 'show', 'tunl0']), /state DOWN/);
  for (const module of ['sit', 'ip6_tunnel', 'ip_gre', 'ip6_gre', 'fou'])
    await host('one').run('modprobe', [module]);
});

describe('every method answers every request, each server its half; down leaves nothing behind', () => {
  for (const { title, inner, outer = inner, method, tunnel = {}, words = [] } of cases) {
    test(title, async () => {
      const id: ServiceId = { protocol: 'tcp', address: vip[inner], port: 80 };
      const start = await Promise.all(servers.map(stateOf));
      await Promise.all(
        servers.map((name) => {
          const own = words.map((word) => (word === 'LOCAL' ? addresses[outer][name] : word));
          return realServer(name, 'up', '--method', method, '--vip', vip[inner], ...own);
        }),
      );
      const directorWords = ['--vip', vip[inner], '--interface', 'lan', '--method', method];
      await host('director').run(process.execPath, [lvsadm, 'director', 'up', ...directorWords]);
      const director = await host('director').agent();
      await director.call('applyChanges', [
        { do: 'addService', service: { id, scheduler: 'rr', schedulerFlags: [], onePacket: false } },
        ...servers.map((name) => ({
          do: 'addDestination' as const,
          of: id,
          destination: destination(addresses[outer][name], method, tunnel),
        })),
      ]);
      const client = await host('client').agent();
      const { answers, errors } = await client.call('ask', {
        address: vip[inner],
        port: 80,
        count: 10,
        parallel: 1,
      });
      assert.deepEqual(errors, []);
      assert.deepEqual(
        servers.map((name) => answers.filter((answer) => answer === name).length),
        [5, 5],
      );
      await director.call('applyChanges', [{ do: 'flush' }]);
      await Promise.all([
        ...servers.map((name) => realServer(name, 'down')),
        host('director').run(process.execPath, [lvsadm, 'director', 'down']),
      ]);
      for (const [index, name] of servers.entries()) assert.equal(await stateOf(name), start[index]);
    });
  }
});

function destination(address: string, method: Destination['method'], tunnel: Partial<Tunnel>): Destination {
  return {
    id: { address, port: 80 },
    method,
    weight: 1,
    upperThreshold: 0,
    lowerThreshold: 0,
    tunnel: { type: 'ipip', port: 0, checksum: 'nocsum', ...tunnel },
  };
}

test('kill -9 at any step of a tunnel: down leads back to where it was', async () => {
  const start = await stateOf('one');
  // Two settings of ARP, the reverse path filter, the device, two addresses and one more device.
  for (const at of [1, 3, 4, 5, 6, 7]) {
    for (const when of ['before', 'after']) {
      const state = '/run/lvsadm/interrupted.json';
      const script = [interrupted, state, String(at), when, vip.inet, vip.inet6];
      const { stderr } = await host('one').attempt('env', ['METHOD=tun', process.execPath, ...script]);
      assert.doesNotMatch(stderr, /nothing to interrupt/);
      await realServer('one', 'down', '--state', state);
      assert.equal(await stateOf('one'), start, `${when} change ${at}`);
    }
  }
});
