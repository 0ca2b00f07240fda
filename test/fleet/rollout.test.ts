/** Waves and ranks, and a model of the protocol: whatever happens, releases are applied in one order, and none that is stale. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { UsageError } from '../../src/errors.js';
import { holdRollout, readFleet, resumeRollout } from '../../src/fleet/operator.js';
import type { Target } from '../../src/fleet/records.js';
import { assignment, planWaves, rank, waveOf } from '../../src/fleet/rollout.js';
import { BAD, FleetFarm, type Host } from '../support/fleet-farm.js';

const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9.-]{0,10}$/), { minLength: 1, maxLength: 60 });

test('a share of the directors is exact, and its wave is never above it', () => {
  fc.assert(
    fc.property(
      names,
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 1, max: 99 }),
      (members, sequence, percent) => {
        const waves = planWaves([{ percent, wait: 0 }], members, sequence);
        const first = members.filter((name) => waveOf({ waves, sequence }, name) === 0);
        assert.equal(first.length, Math.ceil((members.length * percent) / 100));
        assert.equal(waves.at(-1)?.below, 1);
      },
    ),
  );
});

test('each director is in one wave, one that joins later too', () => {
  fc.assert(
    fc.property(names, fc.string(), fc.integer({ min: 1, max: 9 }), (members, stranger, sequence) => {
      const waves = planWaves(
        [
          { nodes: members.slice(0, 1), wait: 0 },
          { percent: 25, wait: 0 },
          { percent: 100, wait: 0 },
        ],
        members,
        sequence,
      );
      assert.equal(waves.length, 3);
      assert.equal(waveOf({ waves, sequence }, members[0] as string), 0);
      const wave = waveOf({ waves, sequence }, stranger);
      assert.ok(wave >= 0 && wave < 3);
    }),
  );
});

test('ranks are spread, and each target has another order', () => {
  const members = Array.from({ length: 1000 }, (_, index) => `d${index}`);
  const low = members.filter((name) => rank(name, 7) < 0.25).length;
  assert.ok(low > 200 && low < 300, String(low));
  const order = (sequence: number): string[] =>
    [...members].sort((a, b) => rank(a, sequence) - rank(b, sequence)).slice(0, 10);
  assert.notDeepEqual(order(1), order(2));
});

test('a smaller sequence, or another fleet, is never run', () => {
  const target: Target = {
    fleet: '0d3ba9a0-0b4b-4a3e-9c6e-0d7b6d0f0a10',
    id: '1d3ba9a0-0b4b-4a3e-9c6e-0d7b6d0f0a11',
    sequence: 5,
    release: 3,
    cause: 'release',
    author: 'alice',
    time: '2026-01-01T00:00:00Z',
    waves: [{ below: 1, title: '100%', wait: 0 }],
    open: 0,
    state: 'done',
    maxDown: 0,
    onFailure: 'halt',
    patience: 1000,
    absent: [],
  };
  const { fleet, id } = target;
  const applied = (sequence: number, release: number) => ({
    fleet,
    sequence,
    release,
    id: 'of another target',
  });
  assert.deepEqual(assignment(target, 'd1', undefined), { run: { release: 3, sequence: 5, id } });
  assert.ok('refuse' in assignment(target, 'd1', applied(6, 4)));
  // A backup was restored, and the number given again.
  assert.ok('refuse' in assignment(target, 'd1', applied(5, 9)));
  assert.ok('refuse' in assignment(target, 'd1', { ...applied(4, 2), fleet: 'another' }));
  assert.ok('run' in assignment({ ...target, sequence: 7, cause: 'rollback' }, 'd1', applied(6, 4)));
});

/** What may happen to a fleet. */
type Happening =
  | {
      readonly kind: 'release' | 'roll back' | 'hold' | 'resume' | 'compact' | 'bad release' | 'lose answers';
    }
  | { readonly kind: 'kill' | 'start' | 'cut off' | 'reconnect' | 'sicken' | 'heal'; readonly host: number }
  | { readonly kind: 'pass'; readonly seconds: number };

const host = fc.nat({ max: 3 });
const happening: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('pass' as const), seconds: fc.integer({ min: 1, max: 45 }) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('kill', 'start', 'cut off', 'reconnect', 'sicken', 'heal'),
      host,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'release',
        'roll back',
        'hold',
        'resume',
        'compact',
        'bad release',
        'lose answers',
      ),
    }),
  },
);

/** More of them take longer than a test of the usual number may. */
const RUNS = Number(process.env['LVSADM_FLEET_RUNS'] ?? 25);

test('no stale release wins, and all directors agree in the end', { timeout: RUNS * 24_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(happening, { minLength: 5, maxLength: 25 }), async (happenings) => {
      const farm = await FleetFarm.running(4);
      try {
        for (const each of happenings) await carryOut(farm, each);
        checkHistories(farm);
        for (const each of farm.hosts) {
          each.loseAnswers(false);
          each.down = 0;
          each.reconnect();
          await each.start();
        }
        await farm.pass(240_000);
        await settle(farm);
        checkHistories(farm);
        const target = await farm.target();
        assert.equal(target.state, 'done');
        assert.deepEqual(farm.running, Array(4).fill(target.release));
        for (const { failure } of farm.hosts) assert.equal(failure, undefined);
      } finally {
        await farm.end();
      }
    }),
    { numRuns: RUNS },
  );
});

/** A good release brings every fleet back. */
async function settle(farm: FleetFarm): Promise<void> {
  if ((await farm.target()).state === 'done') return;
  const { id } = await farm.push('the last one');
  await farm.release(id, { supersede: true });
  await farm.pass(240_000);
}

let serial = 0;

async function carryOut(farm: FleetFarm, each: Happening): Promise<void> {
  const at = 'host' in each ? (farm.hosts[each.host] as Host) : undefined;
  const waves = [{ percent: 25, wait: 5000 }];
  switch (each.kind) {
    case 'pass':
      return farm.pass(each.seconds * 1000);
    case 'kill':
      return at?.kill();
    case 'start':
      return at?.start();
    case 'cut off':
      return at?.cutOff();
    case 'reconnect':
      return at?.reconnect();
    case 'compact':
      return farm.memory.compact();
    case 'lose answers': {
      const first = farm.hosts[0] as Host;
      return first.loseAnswers(!first.losesAnswers);
    }
    case 'sicken':
    case 'heal':
      (at as Host).down = each.kind === 'sicken' ? 3 : 0;
      return;
    default:
      await operate(farm, each.kind, waves);
  }
}

/** What is refused is refused with a reason. */
async function operate(
  farm: FleetFarm,
  kind: Happening['kind'],
  waves: { percent: number; wait: number }[],
): Promise<void> {
  try {
    if (kind === 'hold') await holdRollout(farm.store, 'bob');
    else if (kind === 'resume') await resumeRollout(farm.store);
    else if (kind === 'roll back') {
      const { previous } = await farm.target();
      if (previous) await farm.release(previous.release, { supersede: true }, 'rollback');
    } else {
      const { id } = await farm.push(`${kind === 'bad release' ? BAD : 'good'} ${serial++}`);
      await farm.release(id, {
        waves,
        supersede: serial % 2 === 0,
        onFailure: serial % 3 === 0 ? 'rollback' : 'halt',
      });
    }
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
  }
}

/** Sequences never fall, and a sequence is the same release everywhere. */
function checkHistories(farm: FleetFarm): void {
  const releases = new Map<number, number>();
  for (const { history, name } of farm.hosts) {
    history.forEach(({ sequence, release }, index) => {
      assert.ok(sequence >= (history[index - 1]?.sequence ?? 0), `${name} went back to ${sequence}`);
      assert.equal(releases.get(sequence) ?? release, release, `${sequence} is two releases`);
      releases.set(sequence, release);
    });
  }
}

test('the model would notice: a director that takes smaller sequences is found out', async () => {
  const farm = await FleetFarm.running(1);
  farm.hosts[0]?.history.push({ sequence: 0, release: 9 });
  assert.throws(() => checkHistories(farm), /went back/);
  await readFleet(farm.store);
  await farm.end();
});
