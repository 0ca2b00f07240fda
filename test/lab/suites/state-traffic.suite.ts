/** Traffic goes on while `lvsadm apply` changes the table under it: no request fails, no connection breaks. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { endpointOf, plan, type Server, serverNames, serverPort, vip } from '../../support/cluster/small.js';
import type { Agent } from '../../support/net/agent.js';
import { Network } from '../../support/net/network.js';
import { lvsadm } from '../distribution.js';

/** A service that no document changes, and one that each changes in another way. */
const steady = 80;
const changing = 81;
/** Milliseconds after which a request is lost: what the kernel drops never comes, what an emulated machine delays does. */
const timeout = 60_000;

type Port = typeof steady | typeof changing;

/**
 * The servers' ports, one for each service. A client may use a port of its own for a connection to each service at once; at
 * one port of one server NAT would make the same connection of both, and the newer one end the older.
 */
const portsBehind: Record<Port, number> = { [steady]: serverPort, [changing]: serverPort + 1 };

/** Servers of the changing service by weight, and its settings. alpha is always there. */
interface Version {
  readonly servers: Partial<Record<Server, number>>;
  readonly settings?: object;
}

const serversOf = (port: Port, servers: Version['servers']) =>
  Object.entries(servers).map(([name, weight]) => ({
    server: endpointOf(name as Server, portsBehind[port]),
    weight,
  }));

const documentOf = ({ servers, settings }: Version) => ({
  defaults: { server: { method: 'nat' } },
  services: [
    { service: `tcp://${vip}:${steady}`, scheduler: 'rr', servers: serversOf(steady, { alpha: 1, beta: 1 }) },
    {
      service: `tcp://${vip}:${changing}`,
      scheduler: 'wrr',
      ...settings,
      servers: serversOf(changing, servers),
    },
  ],
});

let directory: string;
let network: Network;
let client: Agent;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lvsadm-traffic-'));
  network = await Network.build(plan);
  [client] = await Promise.all([
    network.host('client').agent(),
    ...serverNames.map(async (name) => {
      const agent = await network.host(name).agent();
      for (const port of Object.values(portsBehind)) await agent.call('serveHttp', { name, port });
    }),
  ]);
});

after(async () => {
  await network[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** On one processor: QEMU 7.2, with two, runs WebAssembly that V8 compiled wrong now and then (test/lab/README.md). */
async function apply(version: Version): Promise<string> {
  const file = join(directory, 'lvsadm.json');
  await writeFile(file, JSON.stringify(documentOf(version)));
  const env = { ...process.env, LVSADM_RUN: directory };
  const words = ['apply', '-f', file, '--prune', '--drain', '60'];
  return network.host('director').run('taskset', ['1', lvsadm, ...words], { env });
}

const hold = (port: Port) => client.call('hold', { address: vip, port, timeout });

/**
 * A connection to the changing service's server that never leaves: draining waits for the connections of one that does, and
 * so those must not be held. A scheduler that hashes gives alpha about every second connection, in no order: so many in a
 * row to others do not happen.
 */
async function holdAlpha() {
  for (let tries = 0; tries < 30; tries++) {
    const one = await hold(changing);
    if (one.answer === 'alpha') return one;
    await client.call('release', one.connection);
  }
  throw new Error('none of 30 connections to the changing service reached alpha');
}

interface Traffic {
  /** What went wrong, by service. */
  readonly errors: Record<Port, string[]>;
  /** What each apply but the first said. */
  readonly told: string[];
}

/** Applies one version after another while requests go on, and checks that held connections live through all of them. */
async function applyUnderTraffic(
  context: TestContext,
  [first, ...later]: readonly Version[],
): Promise<Traffic> {
  assert.ok(first);
  await apply(first);
  const held = [await hold(steady), await hold(steady), await holdAlpha(), await holdAlpha()];
  let over = false;
  const counts: Record<Port, number> = { [steady]: 0, [changing]: 0 };
  const traffic = async (port: Port): Promise<string[]> => {
    const errors: string[] = [];
    while (!over) {
      const asking = { address: vip, port, count: 20, parallel: 2, timeout };
      const outcome = await client.call('ask', asking);
      counts[port] += outcome.answers.length;
      errors.push(...outcome.errors);
    }
    return errors;
  };
  const running = Promise.all([traffic(steady), traffic(changing)]);
  const told: string[] = [];
  try {
    for (const version of later) {
      told.push(await apply(version));
      for (const { connection, answer } of held)
        assert.equal(await client.call('repeat', connection), answer);
    }
  } finally {
    over = true;
  }
  const [steadyErrors, changingErrors] = await running;
  for (const { connection } of held) await client.call('release', connection);
  assert.ok(Math.min(...Object.values(counts)) >= 20, `requests: ${JSON.stringify(counts)}`);
  for (const text of told) {
    assert.ok(text.includes(`//${vip}:${changing}`) && !text.includes(`//${vip}:${steady}`), text);
  }
  context.diagnostic(
    `requests: ${counts[steady]} to the steady service, ${counts[changing]} to the changing one`,
  );
  return { errors: { [steady]: steadyErrors, [changing]: changingErrors }, told };
}

const none = { [steady]: [], [changing]: [] };

test('servers come, change and go, persistence and flags change: no request fails', async (context) => {
  const { errors } = await applyUnderTraffic(context, [
    { servers: { alpha: 1, beta: 1 } },
    { servers: { alpha: 1, beta: 5, gamma: 1 }, settings: { persistence: 60 } },
    { servers: { alpha: 3, gamma: 2 }, settings: { schedulerFlags: ['flag-1'] } },
  ]);
  assert.deepEqual(errors, none);
});

test('servers of a scheduler that hashes are replaced: no request fails', async (context) => {
  const sh = { scheduler: 'sh', schedulerFlags: ['sh-port'] };
  const { errors } = await applyUnderTraffic(context, [
    { servers: { alpha: 1, beta: 1 }, settings: sh },
    { servers: { alpha: 1, gamma: 1 }, settings: sh },
  ]);
  assert.deepEqual(errors, none);
});

/**
 * The kernel lets the old scheduler go, and waits until all processors have noticed before it takes the new one. A SYN that
 * comes in between is answered with "port unreachable", or with nothing where the director has just sent some of those
 * (net.ipv4.icmp_ratelimit), so that TCP sends it again a second later. ipvsadm -E does the same.
 */
test('other schedulers: newcomers are refused or late for a moment, and nothing else happens', async (context) => {
  const servers = { alpha: 1, beta: 1 };
  const { errors } = await applyUnderTraffic(
    context,
    ['rr', 'lc', 'mh', 'wlc'].map((scheduler) => ({ servers, settings: { scheduler } })),
  );
  assert.deepEqual(errors[steady], []);
  assert.deepEqual(
    errors[changing].filter((error) => !error.includes('ECONNREFUSED')),
    [],
  );
  context.diagnostic(`${errors[changing].length} refused`);
  const afterwards = await client.call('ask', { address: vip, port: changing, count: 20, timeout });
  assert.deepEqual(afterwards.errors, []);
});
