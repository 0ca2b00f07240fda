/**
 * Broken set-ups with real packets: requests fail or go astray, doctor names that cause and no other, the fix that it
 * prints is carried out as it stands, and requests work.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import type { Change } from '../../../src/model/change.js';
import type { Service, ServiceId } from '../../../src/model/service.js';
import {
  addresses,
  clients,
  destination,
  Farm,
  gateways,
  type ServerName,
  servers,
} from '../../support/farm.js';
import { lvsadm } from '../distribution.js';

/** Each test has its own: the connection table remembers the others' for a while. */
let VIP = '';
let tests = 0;
let web: ServiceId;

interface Finding {
  id: string;
  severity: string;
  fixes: { command: string; on?: string; safe: boolean }[];
}

let farm: Farm;

before(async () => {
  farm = await Farm.build();
  const { stderr } = await farm.host('director').attempt('modprobe', ['ip_vs']);
  assert.equal(stderr, '');
});
after(() => farm[Symbol.asyncDispose]());

beforeEach(() => {
  tests += 1;
  VIP = `10.1.0.${100 + tests}`;
  web = { protocol: 'tcp', address: VIP, port: 80 };
});

/** What a test set up besides the table, in the order in which it is undone. */
let undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await farm.change({ do: 'flush' });
  for (const step of undo.reverse()) await step();
  undo = [];
});

const run = (name: string, command: string) => farm.host(name).run('sh', ['-c', command]);

/** Runs a command, and another when the test is over. */
async function during(name: string, command: string, later: string): Promise<void> {
  await run(name, command);
  undo.push(() => farm.host(name).attempt('sh', ['-c', later]));
}

const set = async (name: string, path: string, value: string): Promise<void> => {
  const before = (await run(name, `cat /proc/sys/${path}`)).trim();
  await during(name, `echo ${value} >/proc/sys/${path}`, `echo ${before} >/proc/sys/${path}`);
};

/** lvsadm, which does what it is asked. */
async function lvsadmDoes(name: string, ...words: string[]): Promise<void> {
  const { status, out } = await farm.lvsadm(name, ...words);
  assert.equal(status, 0, `${name}: ${words.join(' ')}: ${out}`);
}

async function realServers(...words: string[]): Promise<void> {
  await Promise.all(servers.map((name) => lvsadmDoes(name, 'real-server', 'up', ...words)));
  undo.push(() => Promise.all(servers.map((name) => farm.lvsadm(name, 'real-server', 'down'))));
}

async function director(...words: string[]): Promise<void> {
  await lvsadmDoes('director', 'director', 'up', '--vip', VIP, '--interface', 'lan', ...words);
  undo.push(() => farm.lvsadm('director', 'director', 'down', '--force'));
}

const add = (id: ServiceId, method: 'dr' | 'tun' | 'nat', other: Partial<Service> = {}): Promise<void> =>
  farm.change(
    { do: 'addService', service: { id, scheduler: 'rr', schedulerFlags: [], onePacket: false, ...other } },
    ...servers.map(
      (name): Change => ({
        do: 'addDestination',
        of: id,
        destination: destination(addresses.inet[name], method),
      }),
    ),
  );

/** A complete set-up that works. */
async function cluster(method: 'dr' | 'tun' | 'nat'): Promise<void> {
  await director('--method', method);
  await realServers(
    '--method',
    method,
    '--vip',
    VIP,
    ...(method === 'nat' ? ['--gateway', gateways.inet] : []),
  );
  await add(web, method);
}

async function findings(name: string, ...words: string[]): Promise<{ status: number; found: Finding[] }> {
  const about = words.includes('--vip') || words.includes('nat') ? [] : ['--vip', VIP];
  const { status, out } = await farm.lvsadm(name, 'doctor', '--json', ...words, ...about);
  const report: { findings: Finding[]; unknown: string[] } = JSON.parse(out);
  assert.deepEqual(report.unknown, [], 'nothing keeps doctor from looking');
  return { status, found: report.findings.filter(({ severity }) => severity !== 'note') };
}

/** Doctor finds this, and only this; the fixes are carried out where they say. */
async function cured(name: string, id: string, words: readonly string[] = []): Promise<void> {
  const { status, found } = await findings(name, ...words);
  assert.deepEqual(
    [...new Set(found.map((finding) => finding.id))],
    [id],
    JSON.stringify(found, undefined, 2),
  );
  assert.equal(status, found.some(({ severity }) => severity === 'error') ? 2 : 1);
  for (const { command, on } of found.flatMap(({ fixes }) => fixes)) {
    await carryOut(on === undefined ? name : serverAt(on), command);
  }
}

const serverAt = (address: string): ServerName => {
  const name = servers.find((each) => addresses.inet[each] === address);
  assert.ok(name, `nobody has ${address}`);
  return name;
};

async function carryOut(name: string, command: string): Promise<void> {
  const [first, ...words] = command.split(' ');
  if (first !== 'lvsadm') {
    await run(name, command);
    return;
  }
  await farm.host(name).run(lvsadm, words);
  if (words[0] === 'real-server') undo.push(() => farm.lvsadm(name, 'real-server', 'down'));
}

/**
 * From another address than requests that fail: IPVS keeps their connections for a minute, as they were made, and a new connection of
 * the same client address and port would be one of them.
 */
async function works(): Promise<void> {
  const { answers, errors } = await farm.ask(VIP, 4, { from: clients[1] });
  assert.deepEqual(errors, []);
  assert.deepEqual([...answers].sort(), ['one', 'one', 'two', 'two']);
}

/** All at once: those that nobody answers wait together. */
async function fails(count = 4): Promise<void> {
  const { answers, errors } = await farm.ask(VIP, count, { parallel: count, timeout: 2000 });
  assert.ok(errors.length > 0, `every request was answered: by ${answers.join(', ')}`);
}

for (const method of ['dr', 'tun', 'nat'] as const) {
  test(`a healthy ${method} cluster: requests work, and doctor finds nothing on any machine`, async () => {
    await cluster(method);
    await works();
    assert.deepEqual(await findings('director'), { status: 0, found: [] });
    const words = ['--role', 'real-server', '--method', method];
    const more = method === 'nat' ? ['--gateway', gateways.inet] : ['--vip', VIP];
    assert.deepEqual(await findings('one', ...words, ...more), { status: 0, found: [] });
  });
}

test('arp-ignore: a server answers for the VIP, although the director is gone', async () => {
  await cluster('dr');
  await set('one', 'net/ipv4/conf/all/arp_ignore', '0');
  await during('director', `ip address del ${VIP}/32 dev lan`, 'true');
  await run('router', 'ip neighbour flush dev lan');
  const { answers } = await farm.ask(VIP, 2);
  assert.deepEqual(answers, ['one', 'one']);
  await cured('one', 'arp-ignore');
  await run('router', 'ip neighbour flush dev lan');
  await fails(1);
  await run('director', `ip address add ${VIP}/32 dev lan`);
  await run('router', 'ip neighbour flush dev lan');
  await works();
});

test('vip-shared: the director hears that a server answers for the VIP', async () => {
  await cluster('dr');
  assert.deepEqual(await findings('director', '--probe'), { status: 0, found: [] });
  await set('one', 'net/ipv4/conf/all/arp_ignore', '0');
  const { found } = await findings('director', '--probe');
  assert.deepEqual(
    found.map(({ id, fixes }) => [id, fixes[0]?.on]),
    [['vip-shared', farm.mac('one')]],
  );
  assert.doesNotMatch(await run('director', 'ip neighbour'), new RegExp(`^${VIP} `, 'm'));
});

test('arp-announce: a server asks in the name of the VIP, and gets all that follows', async () => {
  await cluster('dr');
  await set('one', 'net/ipv4/conf/all/arp_announce', '0');
  await run('one', 'ip neighbour flush dev lan');
  await farm.ask(VIP, 2);
  const { answers } = await farm.ask(VIP, 4);
  assert.deepEqual(answers, ['one', 'one', 'one', 'one']);
  await cured('one', 'arp-announce');
  await run('router', 'ip neighbour flush dev lan');
  await works();
});

test('rp-filter: a server drops what comes out of the tunnel', async () => {
  await cluster('tun');
  await set('one', 'net/ipv4/conf/tunl0/rp_filter', '1');
  await fails();
  await cured('one', 'rp-filter');
  await works();
});

test('carrier-down: the tunnel is switched off', async () => {
  await cluster('tun');
  await run('one', 'ip link set tunl0 down');
  await fails();
  await cured('one', 'carrier-down');
  await works();
});

test('vip-missing: a server does not have the VIP', async () => {
  await cluster('dr');
  await lvsadmDoes('one', 'real-server', 'down');
  await fails();
  await cured('one', 'vip-missing', ['--role', 'real-server', '--method', 'dr', '--vip', VIP]);
  await works();
});

test('vip-not-local: the director does not have the VIP', async () => {
  await cluster('nat');
  await run('director', `ip address del ${VIP}/32 dev lan`);
  await fails(1);
  await cured('director', 'vip-not-local');
  await run('router', 'ip neighbour flush dev lan');
  await works();
});

test('ip-forward: a NAT director does not forward', async () => {
  await cluster('nat');
  await set('director', 'net/ipv4/ip_forward', '0');
  await fails(2);
  await cured('director', 'ip-forward');
  await works();
});

test('nat-way-back: a NAT server’s answers go elsewhere, as the server itself can tell', async () => {
  await cluster('nat');
  await lvsadmDoes('one', 'real-server', 'down');
  await fails();
  const words = ['--role', 'real-server', '--method', 'nat', '--gateway', gateways.inet];
  await cured('one', 'nat-way-back', words);
  await works();
});

test('server-silent: NAT servers’ answers go elsewhere, as the director can tell', async () => {
  await cluster('nat');
  await lvsadmDoes('one', 'real-server', 'down');
  await fails(8);
  await cured('director', 'server-silent');
  await works();
});

test('conntrack-off: masquerading is to bring the answers back, and does not see IPVS’s packets', async () => {
  await director('--method', 'nat');
  await add(web, 'nat');
  await during(
    'director',
    'nft add table ip lvs && nft "add chain ip lvs out { type nat hook postrouting priority srcnat; }" && ' +
      'nft add rule ip lvs out ip daddr 10.1.0.0/24 masquerade',
    'nft delete table ip lvs; echo 0 >/proc/sys/net/ipv4/vs/conntrack',
  );
  await fails(8);
  await cured('director', 'conntrack-off');
  await works();
});

test('local-not-listening: a server is the director, and no program listens there', async () => {
  await cluster('nat');
  await farm.change({ do: 'addDestination', of: web, destination: destination(gateways.inet, 'nat') });
  await fails();
  await cured('director', 'local-not-listening');
  await works();
});

test('all-quiesced: no server takes new connections', async () => {
  await cluster('nat');
  for (const name of servers) {
    const quiesced = { ...destination(addresses.inet[name], 'nat'), weight: 0 };
    await farm.change({ do: 'editDestination', of: web, destination: quiesced });
  }
  await fails(1);
  await cured('director', 'all-quiesced');
  await works();
});

test('removed-server: a client of a removed server hangs, then connects anew', async () => {
  await cluster('nat');
  undo.push(() => run('director', 'echo 0 >/proc/sys/net/ipv4/vs/expire_nodest_conn'));
  const client = await farm.host('client').agent();
  const { connection, answer } = await client.call('hold', { address: VIP, port: 80, timeout: 4000 });
  const address = addresses.inet[answer as ServerName];
  await farm.change({ do: 'deleteDestination', of: web, id: { address, port: 80 } });
  await assert.rejects(client.call('repeat', connection), /no answer/);
  await cured('director', 'removed-server');
  // The kernel ends the connection when the client's next packet but one comes, which takes its time.
  let ending = 'no answer';
  for (let tries = 0; tries < 8 && ending.includes('no answer'); tries++) {
    ending = await client.call('repeat', connection).catch((error: Error) => error.message);
  }
  assert.match(ending, /ECONNRESET|closed/);
  const { answers } = await farm.ask(VIP, 2);
  assert.ok(!answers.includes(answer) && answers.length === 2);
});

test('held-by-persistence: a quiesced server keeps its persistent clients', async () => {
  await director('--method', 'nat');
  undo.push(() => run('director', 'echo 0 >/proc/sys/net/ipv4/vs/expire_quiescent_template'));
  await realServers('--method', 'nat', '--gateway', gateways.inet);
  await add(web, 'nat', { persistence: { timeout: 300, netmask: '255.255.255.255' } });
  const [first] = (await farm.ask(VIP, 1)).answers;
  const quiesced = { ...destination(addresses.inet[first as ServerName], 'nat'), weight: 0 };
  await farm.change({ do: 'editDestination', of: web, destination: quiesced });
  assert.deepEqual((await farm.ask(VIP, 2)).answers, [first, first]);
  await cured('director', 'held-by-persistence');
  const { answers } = await farm.ask(VIP, 2);
  assert.ok(!answers.includes(first as string) && answers.length === 2);
});

test('fwmark-unmarked: no rule sets the mark; the printed rules, with VIP and port filled in, do', async () => {
  await director('--method', 'nat');
  await realServers('--method', 'nat', '--gateway', gateways.inet);
  await add({ fwmark: 7, family: 'inet' }, 'nat');
  await fails(1);
  const { found } = await findings('director');
  assert.deepEqual(
    found.map(({ id }) => id),
    ['fwmark-unmarked'],
  );
  undo.push(() => farm.host('director').attempt('nft', ['delete', 'table', 'inet', 'lvs']));
  for (const { command } of found.flatMap(({ fixes }) => fixes)) {
    await run('director', command.replace('VIP', VIP).replace('PORT', '80'));
  }
  await works();
  assert.deepEqual(await findings('director'), { status: 0, found: [] });
});

test('server-unreachable: a server that is switched off', async () => {
  await cluster('nat');
  await during('one', 'ip link set lan down', 'ip link set lan up; ip route replace default via 10.1.0.254');
  await run('director', 'ip neighbour flush dev lan');
  await fails();
  const { found } = await findings('director');
  assert.deepEqual(
    found.map(({ id }) => id),
    ['server-unreachable'],
  );
});

test('--fix mends what is safe', async () => {
  await cluster('tun');
  await set('one', 'net/ipv4/conf/tunl0/rp_filter', '1');
  await run('one', 'ip link set tunl0 down');
  await fails();
  const { status, out } = await farm.lvsadm('one', 'doctor', '--fix', '--vip', VIP);
  assert.equal(status, 0, out);
  await works();
});
