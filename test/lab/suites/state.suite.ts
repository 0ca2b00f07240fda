/**
 * Desired state against a real kernel. Tables are compared raw, attribute by attribute, with the same table made by
 * plain additions, so that no fault of our own reading can hide a fault of our planning.
 */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { parseDocuments } from '../../../src/document/load.js';
import { documentOf } from '../../../src/document/write.js';
import { IpvsClient } from '../../../src/ipvs/client.js';
import { type IpvsOperations, ipvsSchema } from '../../../src/ipvs/schema.js';
import type { Change } from '../../../src/model/change.js';
import type { Destination } from '../../../src/model/destination.js';
import type { State } from '../../../src/model/state.js';
import { Connection } from '../../../src/netlink/connection.js';
import { type Family, findFamily } from '../../../src/netlink/genl.js';
import { Protocol } from '../../../src/netlink/transport/socket.js';
import { toYaml } from '../../../src/output/yaml.js';
import { reconcile } from '../../../src/plan/apply.js';
import { readState } from '../../../src/plan/current.js';
import { diff } from '../../../src/plan/diff.js';
import { stagesOf } from '../../../src/plan/stages.js';
import { kernelState, normal } from '../../support/arbitrary-state.js';
import { Died, dyingAfter } from '../../support/changes.js';
import { eachOf } from '../../support/extent.js';
import { markRow as entry, serverRow } from '../../support/rows.js';
import { openSocket } from '../../support/socket.js';
import { DAEMON_START } from '../differential/kernel.js';
import { lvsadm } from '../distribution.js';

const run = promisify(execFile);

let client: IpvsClient;
let connection: Connection;
let raw: Family<IpvsOperations>;
let directory: string;

before(async () => {
  client = await IpvsClient.open(openSocket);
  connection = new Connection(openSocket(Protocol.generic));
  raw = await findFamily(connection, ipvsSchema);
  directory = await mkdtemp(join(tmpdir(), 'lvsadm-state-'));
});

after(async () => {
  client.close();
  connection.close();
  await rm(directory, { recursive: true });
});

beforeEach(() => clear());

const untouched: State = { services: [], daemons: [], timeouts: { tcp: 900, tcpFin: 120, udp: 300 } };

/** Back to the state of a kernel without any settings of IPVS. */
async function clear(): Promise<void> {
  await client.apply({ do: 'flush' });
  for (const daemon of await client.daemons()) await client.apply({ do: 'stopDaemon', daemon });
  await client.apply({ do: 'setTimeouts', timeouts: untouched.timeouts });
}

/** The changes that make a table out of nothing, made without a plan. */
const made = ({ services, daemons, timeouts }: State): Change[] => [
  { do: 'setTimeouts', timeouts },
  ...services.flatMap(({ service, destinations }): Change[] => [
    { do: 'addService', service },
    ...destinations.map((destination): Change => ({ do: 'addDestination', of: service.id, destination })),
  ]),
  ...daemons.map((daemon): Change => ({ do: 'startDaemon', daemon })),
];

async function make(wanted: State): Promise<void> {
  for (const change of made(wanted)) await client.apply(change);
  await daemonsRun(wanted);
}

async function reconciled(wanted: State, by = client) {
  const plan = (current: State) => diff(current, wanted);
  const reconciliation = await reconcile({ client: by, read: () => readState(by), plan });
  await daemonsRun(wanted);
  return reconciliation;
}

/** Waits until the next can stop what was started. */
async function daemonsRun({ daemons }: State): Promise<void> {
  if (daemons.length > 0) await sleep(DAEMON_START);
}

/** Everything that the kernel says of its settings, each entry with every attribute, in an order of our own. */
async function rawTable(): Promise<unknown> {
  const services = await raw.dump('getServices', {}, ({ service = {} }) => service);
  const entries = [];
  for (const service of services) {
    const destinations = await raw.dump(
      'getDestinations',
      { service },
      ({ destination = {} }) => destination,
    );
    entries.push({ service: settings(service), destinations: sorted(destinations.map(settings)) });
  }
  const daemons = await raw.dump('getDaemons', {}, ({ daemon = {} }) => daemon);
  return {
    entries: sorted(entries),
    daemons: sorted(daemons),
    timeouts: await raw.get('getTimeouts', {}, (reply) => reply),
  };
}

const settings = ({ stats, stats64, ...rest }: { readonly stats?: unknown; readonly stats64?: unknown }) =>
  rest;
const sorted = (items: readonly object[]): object[] =>
  items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

const server = (number: number, weight = 1): Destination =>
  serverRow(`198.51.${100 + (number >> 8)}.${number & 255}`, 80, { weight });

const noNames = {
  addresses: async () => assert.fail('a name'),
  ports: async () => assert.fail('a name'),
};

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

describe('random tables', () => {
  test('from any table the plan leads to any other, raw state compared; then there is nothing left to do', () =>
    fc.assert(
      fc.asyncProperty(kernelState(), kernelState(), async (current, desired) => {
        await clear();
        await make(desired);
        const expected = await rawTable();
        assert.deepEqual(normal(await readState(client)), normal(desired));
        await clear();
        await make(current);
        const first = await reconciled(desired);
        assert.deepEqual([first.converged, first.rounds], [true, 1], JSON.stringify(first.outcomes));
        assert.deepEqual(await rawTable(), expected);
        assert.deepEqual((await reconciled(desired)).outcomes, []);
      }),
      { numRuns: 40 },
    ));

  test('export reads back to the same raw state', () =>
    fc.assert(
      fc.asyncProperty(kernelState(), fc.boolean(), async (original, json) => {
        await clear();
        await make(original);
        const expected = await rawTable();
        const document = documentOf(await readState(client));
        await clear();
        const text = json ? JSON.stringify(document) : toYaml(document, { compact: true });
        const desired = await parseDocuments([{ file: 'export', text }], noNames);
        const { converged } = await reconcile({
          client,
          read: () => readState(client),
          plan: (current) => diff(current, desired),
        });
        await daemonsRun(original);
        assert.equal(converged, true);
        assert.deepEqual(await rawTable(), expected);
      }),
      { numRuns: 25 },
    ));
});

test('a daemon that leaves everything to the kernel is no drift once it runs', async () => {
  for (const daemon of ['master', 'backup'] as const) {
    const wanted = { ...untouched, daemons: [{ state: daemon, interface: 'lo', syncId: 3 }] };
    assert.equal((await reconciled(wanted)).converged, true);
    assert.deepEqual((await reconciled(wanted)).outcomes, []);
    for (const maxLength of [1, 1000, 65507]) {
      const asked = { ...untouched, daemons: [{ state: daemon, interface: 'lo', syncId: 3, maxLength }] };
      assert.equal((await reconciled(asked)).converged, true);
      assert.deepEqual((await reconciled(asked)).outcomes, [], `${daemon} with ${maxLength}`);
    }
    await clear();
  }
});

test('settings of a document are set in the kernel, and no difference then', async () => {
  const file = join(directory, 'settings.yaml');
  await writeFile(file, 'settings: {expire_nodest_conn: 1, sync_threshold: [4, 60], drop_entry: 1}\n');
  const { stdout } = await run(lvsadm, ['apply', '-f', file]);
  assert.match(stdout, /^changed {2}setting expire_nodest_conn {2}0 -> 1$/m);
  const values = ['expire_nodest_conn', 'sync_threshold'].map((name) =>
    readFile(`/proc/sys/net/ipv4/vs/${name}`, 'utf8'),
  );
  assert.deepEqual(await Promise.all(values), ['1\n', '4\t60\n']);
  // Its status is 1 for differences.
  assert.match((await run(lvsadm, ['diff', '-f', file])).stdout, /^no difference/);
});

describe('interrupted', () => {
  // Few services with many servers: each service costs a question.
  const servers = (from: number, to: number, weight?: number) =>
    range(from, to).map((number) => server(number, weight));
  const current: State = {
    ...untouched,
    services: [
      ...range(1, 3).map((mark) => entry(mark, ...servers(1, 41))),
      ...range(5, 7).map((mark) => entry(mark, server(1))),
    ],
  };
  const desired: State = {
    ...untouched,
    services: [
      ...range(1, 3).map((mark) => entry(mark, ...servers(21, 41, 5), ...servers(41, 61))),
      entry(9, ...servers(1, 81)),
    ],
  };

  test('an apply that ends after a step of its 200 and more converges when it is run again', async () => {
    await make(desired);
    const expected = await rawTable();
    const total = stagesOf(diff(current, desired)).flat().length;
    assert.ok(total >= 200, `${total} changes`);
    for (const step of eachOf(4, range(0, total))) {
      await client.apply({ do: 'flush' });
      await client.applyAll(made(current));
      const mortal = await IpvsClient.open(dyingAfter(step, openSocket));
      await assert.rejects(reconciled(desired, mortal), Died);
      const { converged, rounds, outcomes } = await reconciled(desired);
      assert.deepEqual([converged, rounds], [true, 1], `after step ${step}`);
      assert.equal(outcomes.length, total - step, `after step ${step}`);
      assert.deepEqual(await rawTable(), expected, `after step ${step}`);
    }
  });

  // Each of these is a process, and takes as long as one does in an emulated machine.
  for (const moment of [1, 1000, 2500]) {
    test(`kill -9 of the program once it has made ${moment} services leaves no lock and no harm`, async (context) => {
      const many = { ...untouched, services: range(1, 3001).map((mark) => entry(mark)) };
      const file = join(directory, 'many.json');
      await writeFile(file, JSON.stringify(documentOf(many)));
      const words = ['apply', '-f', file, '--prune', '--json'];
      const env = { ...process.env, LVSADM_RUN: directory };
      const child = spawn(lvsadm, words, { env, stdio: 'ignore' });
      const ended = once(child, 'exit');
      while (child.exitCode === null && !(await isThere(moment))) await sleep(1);
      child.kill('SIGKILL');
      await ended;
      const done = (await client.services()).length;
      context.diagnostic(`killed after ${done} of 3000 changes`);
      const { stdout } = await run(lvsadm, words, { env, maxBuffer: 1 << 28 });
      const { converged, changes } = JSON.parse(stdout);
      assert.equal(converged, true);
      assert.equal(changes.length, 3000 - done);
      assert.deepEqual(normal(await readState(client, { onlyDesired: true })), normal(many));
    });
  }

  const isThere = (fwmark: number): Promise<boolean> =>
    client.service({ fwmark, family: 'inet' }).then(
      () => true,
      () => false,
    );
});

test('apply converges while ipvsadm changes the same table', async (context) => {
  const desired: State = {
    ...untouched,
    services: range(1, 31).map((mark) => entry(mark, server(1), server(2))),
  };
  let calls = 0;
  const meddle = async (): Promise<void> => {
    for (let mark = 1; mark <= 10; mark++) {
      const service = ['-f', String(mark * 3)];
      const additions = [...service, '-r', '198.51.100.1', '-m'];
      for (const words of [
        ['-D', ...service],
        ['-A', ...service, '-s', 'wlc'],
        ['-a', ...additions],
      ]) {
        // Each of them may come too late: the service is there, or it is not.
        await run('ipvsadm', words).catch(() => {});
        calls++;
      }
    }
  };
  let meddling = true;
  const meddled = meddle().finally(() => {
    meddling = false;
  });
  let [applies, rounds] = [0, 0];
  while (meddling) {
    const result = await reconciled(desired);
    applies++;
    rounds += result.rounds;
    const refused = result.outcomes.find(({ result: what }) => what === 'refused');
    // Whoever is not quick enough five times in a row may give up, but never over anything but a race.
    if (!result.converged) assert.match(String(refused?.error?.code), /^(EEXIST|ESRCH|ENOENT)$/);
    await client.apply({ do: 'deleteService', id: { fwmark: 15, family: 'inet' } }).catch(() => {});
    // A socket that blocks lets nobody else in: neither the other's programs nor their ends.
    await nextTurn();
  }
  await meddled;
  assert.equal((await reconciled(desired)).converged, true);
  assert.deepEqual((await reconciled(desired)).outcomes, []);
  context.diagnostic(`${calls} calls of ipvsadm, ${applies} applies, planned ${rounds} times`);
});
