/**
 * Ways back over a real kernel: changes of random tables and settings by each command that records them, and by processes that are
 * killed. Tables are compared raw. LVSADM_ROLLBACK_RUNS says how many changes (default: 6; a third of them are killed beside),
 * LVSADM_ROLLBACK_SEED which ones.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { documentOf } from '../../../src/document/write.js';
import { destinationKey } from '../../../src/model/destination.js';
import { formatService } from '../../../src/model/service-uri.js';
import type { State } from '../../../src/model/state.js';
import { kernelState, servicesOfRules } from '../../support/arbitrary-state.js';
import { Director } from '../../support/director.js';
import { openSocket } from '../../support/socket.js';
import { Kernel } from '../differential/kernel.js';
import { distribution, quickLvsadm as lvsadm } from '../distribution.js';

const runs = Number(process.env['LVSADM_ROLLBACK_RUNS'] ?? 6);
const seed = Number(process.env['LVSADM_ROLLBACK_SEED'] ?? 1);

/** Values that the kernel has by itself come first. */
const settings = {
  conntrack: ['0', '1'],
  expire_nodest_conn: ['0', '1'],
  drop_entry: ['0', '3'],
  sync_threshold: ['3 50', '4 60'],
} as const;
type Setting = keyof typeof settings;
const settingNames = Object.keys(settings) as Setting[];

const fileOf = (name: Setting): string => `/proc/sys/net/ipv4/vs/${name}`;
const valueNow = (name: Setting): string => readFileSync(fileOf(name), 'utf8').trim().replace('\t', ' ');

const wholeState: fc.Arbitrary<State> = fc
  .tuple(
    kernelState(),
    fc.record({
      conntrack: fc.constantFrom(...settings.conntrack),
      expire_nodest_conn: fc.constantFrom(...settings.expire_nodest_conn),
      drop_entry: fc.constantFrom(...settings.drop_entry),
      sync_threshold: fc.constantFrom(...settings.sync_threshold),
    }),
  )
  .map(([table, values]) => ({ ...table, settings: values }));

let kernel: Kernel;

before(async () => {
  kernel = await Kernel.open();
});
after(() => kernel.close());

const rowOrder = (a: object, b: object): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** The table as the kernel has it, and the settings. */
async function seen(): Promise<object> {
  const { services, daemons, timeouts } = await kernel.state();
  return {
    services: services.map((each) => ({ ...each, destinations: each.destinations.toSorted(rowOrder) })),
    daemons: daemons.toSorted(rowOrder),
    timeouts,
    settings: settingNames.map((name) => [name, valueNow(name)]),
  };
}

const isSame = (one: object, other: object): boolean => JSON.stringify(one) === JSON.stringify(other);

const PRUNE = ['--prune', '--allow-empty'];

async function run(director: Director, words: readonly string[], stdin = ''): Promise<string> {
  await kernel.daemonsRun();
  const { status, out, err } = await director.run(words, { stdin });
  kernel.daemonStarted();
  assert.equal(status, 0, `${words.join(' ')}: ${out}${err}`);
  return out;
}

const become = (director: Director, wanted: State): Promise<string> =>
  run(director, ['apply', '-f', '-', ...PRUNE], JSON.stringify(documentOf(wanted)));

/** The number of the newest change. */
async function newest(director: Director): Promise<number> {
  const { changes } = JSON.parse(await run(director, ['history', '--json']));
  return changes[0]?.number ?? 0;
}

/** A command line that changes the table, and those that come before it. */
type Lines = readonly (readonly [words: readonly string[], stdin?: string | undefined])[];

interface Given {
  readonly director: Director;
  readonly from: State;
  readonly to: State;
  /** Of a server of the table; undefined in a table without one. */
  readonly server: readonly [service: string, server: string] | undefined;
}

const applied = ({ to }: Given): Lines => [[['apply', '-f', '-', ...PRUNE], JSON.stringify(documentOf(to))]];

/** Without the daemons of a table whose servers they would refuse: those of the other family. */
const ofServices =
  (lines: (given: Given) => Lines | Promise<Lines>) =>
  (given: Given): Lines | Promise<Lines> =>
    given.from.daemons.length > 0 && given.to.daemons.length === 0 ? applied(given) : lines(given);

/** With one server in the table, or none. */
const ofServer =
  (lines: (named: readonly string[]) => Lines) =>
  (given: Given): Lines =>
    given.server === undefined ? applied(given) : lines(given.server);

const kinds: Readonly<Record<string, (given: Given) => Lines | Promise<Lines>>> = {
  apply: applied,
  'apply without --prune': ofServices(({ to }) => [
    [['apply', '-f', '-'], JSON.stringify({ services: documentOf(to).services })],
  ]),
  'apply --atomic': (given) => applied(given).map(([words, stdin]) => [[...words, '--atomic'], stdin]),
  'apply of saved rules': ofServices(async (given) => {
    const { director, from, to } = given;
    const services = servicesOfRules(to);
    if (services.length === 0) return applied(given);
    await become(director, { ...to, services });
    const rules = await director.file('rules', await run(director, ['-Sn']));
    await become(director, from);
    return [[['apply', '-f', rules, ...PRUNE]]];
  }),
  drain: ofServer((named) => [[['drain', ...named]]]),
  'drain --delete': ofServer((named) => [[['drain', ...named, '--delete']]]),
  'drain of a host': ofServer(([, server = '']) => [[['drain', '--all-services', server]]]),
  undrain: ofServer((named) => [[['weight', ...named, '5']], [['drain', ...named]], [['undrain', ...named]]]),
  weight: ofServer((named) => [[['weight', ...named, '77']]]),
  'weight 0': ofServer((named) => [[['weight', ...named, '0']]]),
};

function serverOf({ services }: State, pick: number): Given['server'] {
  const all = services.flatMap(({ service, destinations }) =>
    destinations.map(({ id }) => [formatService(service.id), destinationKey(id)] as const),
  );
  return all[pick % Math.max(all.length, 1)];
}

test(`${runs} changes: each is recorded, rollback takes it back, and the next rollback that`, async (context) => {
  assert.ok(runs > 0, 'LVSADM_ROLLBACK_RUNS is a number');
  const director = await Director.start(context, openSocket);
  const changed: Record<string, number> = {};
  const kind = fc.constantFrom(...Object.keys(kinds));
  await fc.assert(
    fc.asyncProperty(wholeState, wholeState, kind, fc.nat(), async (from, to, name, pick) => {
      await become(director, from);
      const given = { director, from, to, server: serverOf(from, pick) };
      const lines = await (kinds[name] as (typeof kinds)[string])(given);
      for (const line of lines.slice(0, -1)) await run(director, ...line);
      const [table, number] = [await seen(), await newest(director)];
      const [words, stdin] = lines.at(-1) ?? [[]];
      await run(director, words, stdin);
      const made = await seen();
      const change = await newest(director);
      assert.equal(change > number, !isSame(made, table), `${words.join(' ')}: recorded`);
      if (isSame(made, table)) return;
      changed[name] = (changed[name] ?? 0) + 1;
      await run(director, ['rollback', '--allow-empty']);
      assert.deepEqual(await seen(), table, `rollback of ${words.join(' ')}`);
      await run(director, ['rollback', '--allow-empty']);
      assert.deepEqual(await seen(), made, `rollback of the rollback of ${words.join(' ')}`);
      await run(director, ['rollback', String(change), '--allow-empty']);
      assert.deepEqual(await seen(), table, `rollback to the table before ${words.join(' ')}`);
    }),
    { seed, numRuns: runs, endOnFailure: true },
  );
  context.diagnostic(`seed ${seed}: ${JSON.stringify(changed)}`);
});

const stepped = join(import.meta.dirname, '../../robust/stepped.js');

/** Most effects, requests and changes of files, of a change of one random table to another. */
const MOST_EFFECTS = 90;

const environment = ({ directory }: Director) => ({
  ...process.env,
  LVSADM_RUN: join(directory, 'run'),
  LVSADM_STATE_DIR: join(directory, 'state'),
});

/** Milliseconds that a change takes here, with the start of its process. */
async function longest(director: Director): Promise<number> {
  const file = await director.file('one.json', '{"services": [{"service": "fwmark://9"}]}');
  const began = performance.now();
  const words = ['apply', '-f', file, ...PRUNE, '--confirm', '60'];
  await once(spawn(lvsadm, words, { env: environment(director), stdio: 'ignore' }), 'exit');
  const end = performance.now();
  await run(director, ['confirm']);
  return end - began;
}

/** Runs lvsadm, which is killed if it has not ended by then. @param moment 0 to 1: of its time, or of its effects */
async function killed(
  director: Director,
  words: readonly string[],
  moment: number,
  time: number,
  isAtStep: boolean,
): Promise<void> {
  const env = environment(director);
  const step = String(Math.floor(moment * MOST_EFFECTS));
  const child = isAtStep
    ? spawn(process.execPath, [stepped, step, 'SIGKILL', ...words], { env, stdio: 'ignore' })
    : spawn(lvsadm, words, { env, stdio: 'ignore' });
  const ended = once(child, 'exit');
  if (!isAtStep) {
    await Promise.race([ended, sleep(moment * time)]);
    child.kill('SIGKILL');
  }
  const [status, signal] = await ended;
  assert.ok(status === 0 || signal === 'SIGKILL', `${words.join(' ')}: status ${status}`);
}

/** Of the change that waits for its confirmation. */
function tokenIn(director: Director): string | undefined {
  const directory = join(director.directory, 'run');
  const file = readdirSync(directory).find((name) => name.endsWith('.confirm.json'));
  return file && JSON.parse(readFileSync(join(directory, file), 'utf8')).state.token;
}

const kills = Math.ceil(runs / 3);

test(`${kills} changes that are killed: the table is the one before, or the one after if it is confirmed`, async (context) => {
  const director = await Director.start(context, openSocket);
  const time = await longest(director);
  const counts = { 'nothing to take back': 0, 'taken back': 0, confirmed: 0 };
  await fc.assert(
    fc.asyncProperty(
      wholeState,
      wholeState,
      fc.record({ part: fc.noBias(fc.integer({ min: 0, max: 100 })), isAtStep: fc.boolean() }),
      fc.record({ isRollback: fc.boolean(), isConfirmed: fc.boolean() }),
      async (from, to, { part, isAtStep }, { isRollback, isConfirmed }) => {
        await become(director, from);
        const table = await seen();
        await become(director, to);
        const made = await seen();
        // Both ways: apply makes `to` of `from`, rollback makes `from` of `to`.
        if (!isRollback) await become(director, from);
        const [start, goal] = isRollback ? [made, table] : [table, made];
        const file = await director.file('to.json', JSON.stringify(documentOf(to)));
        const words = isRollback ? ['rollback', '--allow-empty'] : ['apply', '-f', file, ...PRUNE];
        if (isRollback && isSame(made, table)) return;
        await kernel.daemonsRun();
        // Counting effects takes Node.js.
        const atStep = isAtStep && distribution === 'node';
        await killed(director, [...words, '--confirm', '60'], part / 100, time, atStep);
        kernel.daemonStarted();
        const token = tokenIn(director);
        const isKept = token !== undefined && isConfirmed && (await director.run(['confirm'])).status === 0;
        if (token !== undefined && !isKept) await run(director, ['take-back', token]);
        counts[token === undefined ? 'nothing to take back' : isKept ? 'confirmed' : 'taken back']++;
        assert.deepEqual(await seen(), isKept ? goal : start, `${words.join(' ')}: killed at ${part} %`);
        assert.equal(tokenIn(director), undefined);
      },
    ),
    { seed, numRuns: kills, endOnFailure: true },
  );
  context.diagnostic(`seed ${seed}: ${JSON.stringify(counts)}`);
});
