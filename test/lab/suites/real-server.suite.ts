/** `lvsadm real-server` with real packets: what it sets up answers requests, and what it undoes is gone. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Tunnel } from '../../../src/model/destination.js';
import type { ServiceId } from '../../../src/model/service.js';
import { addresses, destination, Farm, servers, vips } from '../../support/farm.js';

const interrupted = fileURLToPath(new URL('../../support/interrupted-up.js', import.meta.url));

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

/**
 * Everything that a set-up may change, as text. A link keeps the queue, and a tunnel of IPv4 the settings of IPv6, that it
 * got when it was first switched on.
 */
const everything = [
  'ip -o link; ip -o address; ip route show table all | sort; ip -6 route show table all | sort; ip fou show 2>&1;',
  'grep -rs . /proc/sys/net/ipv4/conf /proc/sys/net/ipv6/conf | grep -vE "stable_secret|ipv6/conf/(tunl0|gre0)/"',
].join(' ');

let farm: Farm;

const host = (name: string) => farm.host(name);
const stateOf = async (name: string): Promise<string[]> =>
  (await host(name).run('sh', ['-c', everything]))
    .replaceAll(/ qdisc \S+/g, '')
    .split('\n')
    .sort();

/** Fails with the lines that came or went, and only those. */
function assertSame(end: readonly string[], start: readonly string[], what?: string): void {
  const came = end.filter((line) => !start.includes(line));
  const went = start.filter((line) => !end.includes(line));
  assert.deepEqual({ came, went }, { came: [], went: [] }, what);
}
const realServer = (name: string, ...words: string[]) => farm.lvsadm(name, 'real-server', ...words);

before(async () => {
  farm = await Farm.build();
});
after(() => farm[Symbol.asyncDispose]());

test('the first tunnel device brings its module, and nothing but the idle device stays', async () => {
  const start = await stateOf('one');
  await realServer('one', 'up', '--method', 'tun', '--vip', vips.inet);
  assert.match(await host('one').run('ip', ['address', 'show', 'tunl0']), /UP.*inet 10\.1\.0\.10\/32/s);
  await realServer('one', 'down');
  const end = await stateOf('one');
  const added = end.filter((line) => !start.includes(line));
  assert.deepEqual(
    added.filter((line) => !line.includes('tunl0')),
    [],
  );
  assert.match(await host('one').run('ip', ['link', 'show', 'tunl0']), /state DOWN/);
  for (const module of ['sit', 'ip6_tunnel', 'ip_gre', 'ip6_gre', 'fou'])
    await host('one').run('modprobe', [module]);
});

/** As the machine is once all modules are loaded: what every test comes back to. */
let clean: string[];

describe('every method answers every request, each server its half; down leaves nothing behind', () => {
  before(async () => {
    clean = await stateOf('one');
  });
  for (const { title, inner, outer = inner, method, tunnel = {}, words = [] } of cases) {
    test(title, async () => {
      const id: ServiceId = { protocol: 'tcp', address: vips[inner], port: 80 };
      await Promise.all(
        servers.map((name) => {
          const own = words.map((word) => (word === 'LOCAL' ? addresses[outer][name] : word));
          return realServer(name, 'up', '--method', method, '--vip', vips[inner], ...own);
        }),
      );
      const directorWords = ['--vip', vips[inner], '--interface', 'lan', '--method', method];
      await farm.lvsadm('director', 'director', 'up', ...directorWords);
      await farm.change(
        { do: 'addService', service: { id, scheduler: 'rr', schedulerFlags: [], onePacket: false } },
        ...servers.map((name) => ({
          do: 'addDestination' as const,
          of: id,
          destination: destination(addresses[outer][name], method, tunnel),
        })),
      );
      const { answers, errors } = await farm.ask(vips[inner], 6);
      assert.deepEqual(errors, []);
      assert.deepEqual(
        servers.map((name) => answers.filter((answer) => answer === name).length),
        [3, 3],
      );
      await farm.change({ do: 'flush' });
      await Promise.all([
        ...servers.map((name) => realServer(name, 'down')),
        farm.lvsadm('director', 'director', 'down', '--force'),
      ]);
      assertSame(await stateOf('one'), clean);
    });
  }
});

test('kill -9 at any step of a tunnel: down leads back to where it was', async () => {
  const start = await stateOf('one');
  // 1 and 2 are the settings of ARP, 3 the reverse path filter, then switching on and an address for each tunnel.
  for (const at of [3, 5, 6]) {
    for (const when of ['before', 'after']) {
      const state = '/run/lvsadm/interrupted.json';
      const script = [interrupted, state, String(at), when, vips.inet, vips.inet6];
      const killed = host('one').attempt('env', ['METHOD=tun', process.execPath, ...script]);
      await assert.rejects(killed, /SIGKILL/);
      await realServer('one', 'down', '--state', state);
      assertSame(await stateOf('one'), start, `${when} change ${at}`);
    }
  }
});
