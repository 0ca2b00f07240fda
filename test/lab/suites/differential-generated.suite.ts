/**
 * The real ipvsadm and lvsadm, random sequences of command lines: status, output and phrases compared after each command
 * line, the kernel's state, read raw, after each sequence. ipvsadm is a process for each command line, lvsadm runs in this
 * process; both in one network namespace, one after the other, from an empty table.
 *
 * DIFFERENTIAL_COMMANDS says how many command lines at least (default: 500; with ROBUST=full 2000), DIFFERENTIAL_SEED which ones; a
 * failure tells the seed that leads to it again.
 */
import assert from 'node:assert/strict';
import { release } from 'node:os';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { isFull } from '../../support/extent.js';
import {
  compareObservations,
  compareStates,
  type Deviation,
  show,
  showCommand,
} from '../differential/compare.js';
import { commandLine } from '../differential/generate.js';
import { SideBySide } from '../differential/side-by-side.js';
import type { CommandLine, Observation } from '../differential/trial.js';

const wanted = Number(process.env['DIFFERENTIAL_COMMANDS'] ?? (isFull ? 2000 : 500));
const firstSeed = Number(process.env['DIFFERENTIAL_SEED'] ?? 1);

/** Sequences to a seed. */
const RUNS = 20;

let pair: SideBySide;

before(async () => {
  pair = await SideBySide.open();
});

after(() => pair.close());

/** 'Thresholds are saved' (docs/compatibility.md): the one difference that random tables cannot do without. */
const asIpvsadmSaves = ({ words }: CommandLine, seen: Observation): Observation =>
  words.some((word) => word === '--save' || word.startsWith('-S'))
    ? { ...seen, stdout: seen.stdout.replace(/ -[xy] \d+/g, '') }
    : seen;

const [major = 0, minor = 0] = release().split('.').map(Number.parseFloat);

/** From kernel 7.1 on, each table has a hash key of its own: two equal tables come in different orders. */
const hasOwnOrder = major > 7 || (major === 7 && minor >= 1);

/** An unsorted listing, in an order of services that does not depend on the kernel. */
const inFixedOrder = ({ words }: CommandLine, seen: Observation): Observation =>
  hasOwnOrder && words.includes('--nosort')
    ? {
        ...seen,
        stdout: seen.stdout
          .split(/(?<=\n)(?=\S)/)
          .sort()
          .join(''),
      }
    : seen;

test(`at least ${wanted} random command lines`, async (context) => {
  assert.ok(wanted > 0, 'DIFFERENTIAL_COMMANDS is a number');
  let run = 0;
  const property = fc.asyncProperty(
    fc.array(commandLine, { minLength: 1, maxLength: 23, size: 'max' }),
    async (commands) => {
      const { ipvsadm, lvsadm } = await pair.play({ given: [], commands });
      run += commands.length;
      const problems = commands.flatMap((command, at) =>
        compareObservations(
          inFixedOrder(command, ipvsadm.observations[at] as Observation),
          inFixedOrder(command, asIpvsadmSaves(command, lvsadm.observations[at] as Observation)),
        ).map((found: Deviation) => `${showCommand(command)}\n${show(found)}`),
      );
      problems.push(...compareStates(ipvsadm.state, lvsadm.state).map(show));
      assert.equal(problems.length, 0, `${commands.map(showCommand).join('\n')}\n${problems.join('\n')}`);
    },
  );
  for (let seed = firstSeed; run < wanted; seed++)
    await fc.assert(property, { seed, numRuns: RUNS, endOnFailure: false });
  context.diagnostic(`${run} command lines, from seed ${firstSeed} on`);
});
