// The kernel's weights: the product of the factors, the floor, quorum and sorry server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { startShare } from '../../src/health/slow-start.js';
import { initialState, nextState, type ServerState } from '../../src/health/state.js';
import { hasQuorum, serviceWeights, type WeighedServer } from '../../src/health/weights.js';
import { pools } from '../support/arbitrary-health.js';

const up: ServerState = { condition: 'up', isUp: true, count: 0, since: 0, hasFailed: false };
const downSince = (since: number): ServerState => ({
  condition: 'down',
  isUp: false,
  count: 0,
  since,
  hasFailed: true,
});

const policy = { floor: 50, floorOf: 'servers', slowStart: 0 } as const;

const weightsOf = (
  servers: readonly WeighedServer[],
  health: Parameters<typeof serviceWeights>[1] = policy,
  now = 0,
) => serviceWeights(servers, health, now).servers.map(({ weight }) => weight);

/** The servers of a pool after some of their results, one a millisecond. */
function serversAt(
  pool: typeof pools extends fc.Arbitrary<infer T> ? T : never,
  time: number,
): WeighedServer[] {
  return pool.servers.map(({ results, ...server }) => {
    let state = initialState({ initially: 'up' }, 0);
    results.slice(0, time).forEach((isSuccess, index) => {
      state = nextState(state, isSuccess, pool, index + 1);
    });
    return { ...server, state };
  });
}

test('checks never take a service below its floor, at any moment of any trace', () =>
  fc.assert(
    fc.property(pools, (pool) => {
      for (let time = 0; time <= 20; time++) {
        const servers = serversAt(pool, time);
        const { servers: weights } = serviceWeights(servers, pool, time);
        const sizes = servers.map(({ weight }) => (pool.floorOf === 'weight' ? weight : 1));
        const sum = (isCounted: (index: number) => boolean) =>
          sizes.reduce((total, size, index) => total + (isCounted(index) ? size : 0), 0);
        // What operators hold, and agents and the document took out, does not count.
        const isPresent = (index: number) => {
          const { weight, held, agent } = servers[index] as WeighedServer;
          return held === undefined && weight > 0 && agent !== 0;
        };
        const inUse = sum((index) => isPresent(index) && (weights[index]?.weight ?? 0) > 0);
        assert.ok(inUse >= (sum(isPresent) * pool.floor) / 100);
      }
    }),
  ));

test('the floor keeps no server that it does not need, and those that failed last before others', () =>
  fc.assert(
    fc.property(pools, (pool) => {
      const servers = serversAt(pool, 20);
      const { servers: weights } = serviceWeights(servers, { ...pool, floorOf: 'servers' }, 20);
      const present = servers.filter(
        ({ weight, held, agent }) => held === undefined && weight > 0 && agent !== 0,
      );
      const kept = servers.filter((_, index) => weights[index]?.isKept);
      const isIn = ({ state, reported }: WeighedServer) => state.isUp && reported !== 0;
      const left = present.filter((server) => !isIn(server) && !kept.includes(server));
      const upCount = present.filter(isIn).length;
      const needed = Math.ceil((present.length * pool.floor) / 100);
      assert.equal(kept.length, Math.max(0, needed - upCount));
      for (const one of kept)
        for (const other of left) {
          assert.ok(one.state.isUp || !other.state.isUp);
          if (one.state.isUp === other.state.isUp) assert.ok(one.state.since >= other.state.since);
        }
    }),
  ));

test('the weight is the product of the factors, rounded, and 0 only if one of them is, or that of the hold', () =>
  fc.assert(
    fc.property(pools, (pool) => {
      const servers = serversAt(pool, 20);
      for (const { weight, factors } of serviceWeights(servers, pool, 23).servers) {
        const { base, health, slowStart, agent, operator } = factors;
        if (operator !== null) {
          assert.equal(weight, operator);
          continue;
        }
        const product = base * health * slowStart * agent;
        const isOut = base === 0 || health === 0 || agent === 0;
        assert.equal(weight, isOut ? 0 : Math.min(Math.max(1, Math.round(product)), 2147483647));
      }
    }),
  ));

test('the weight at which an operator holds a server comes before everything else, and counts for the quorum while it is up', () => {
  const servers = [
    { state: up, weight: 10, held: 0 },
    { state: up, weight: 10, held: 3 },
    { state: downSince(5), weight: 10, held: 3 },
    { state: up, weight: 10 },
  ];
  assert.deepEqual(weightsOf(servers), [0, 3, 3, 10]);
  assert.equal(serviceWeights(servers, policy, 9).weightUp, 13);
});

test('servers that are held count for no floor, and the sorry server comes when the others are down', () => {
  const held = { state: up, weight: 10, held: 0 };
  const down = (since: number) => ({ state: downSince(since), weight: 10 });
  assert.deepEqual(weightsOf([held, held, down(1), down(2)]), [0, 0, 0, 10]);
  const { needsSorry } = serviceWeights([held, down(1)], { ...policy, floor: 0 }, 9);
  assert.equal(needsSorry, true);
});

const slow = { ...policy, slowStart: 10_000 };

/** The weight and the slow start of a service's only server at a moment. */
const startOf = (server: Omit<WeighedServer, 'weight'>, now: number, health = slow) => {
  const [one] = serviceWeights([{ weight: 100, ...server }], { ...health, floor: 0 }, now).servers;
  return [one?.weight, one?.start];
};

test('a slow start follows a failure, lasts its time, and no start is slow', () => {
  assert.deepEqual(startOf({ state: up }, 0), [100, undefined]);
  assert.deepEqual(startOf({ state: downSince(5) }, 9), [0, 'due']);
  assert.deepEqual(startOf({ state: { ...downSince(0), hasFailed: false } }, 9), [0, undefined]);
  const recovered: ServerState = { ...up, since: 500, hasFailed: true };
  assert.deepEqual(startOf({ state: recovered, start: 'due' }, 1000), [1, 1000]);
  assert.deepEqual(
    [1000, 3500, 6000, 11_000, 99_000].map((now) => startOf({ state: recovered, start: 1000 }, now)),
    [
      [1, 1000],
      [25, 1000],
      [50, 1000],
      [100, undefined],
      [100, undefined],
    ],
  );
  // The clock was set back.
  assert.deepEqual(startOf({ state: recovered, start: 1000 }, 0), [100, undefined]);
  assert.deepEqual(startOf({ state: recovered, start: 'due' }, 1000, policy), [100, undefined]);
  assert.deepEqual(
    [0, 1000, 3500, 99_000].map((now) => startShare(1000, 10_000, now)),
    [0, 0, 0.25, 1],
  );
});

test('a slow start waits for clients: a server that is drained, or held at 0, has none', () => {
  const recovered: ServerState = { ...up, since: 500, hasFailed: true };
  assert.deepEqual(startOf({ state: recovered, start: 'due', agent: 0 }, 1000), [0, 'due']);
  assert.deepEqual(startOf({ state: recovered, start: 'due', held: 0 }, 1000), [0, 'due']);
  assert.deepEqual(startOf({ state: recovered, start: 'due', agent: 0.5 }, 90_000), [1, 90_000]);
});

test('a server that the floor kept in use never starts slowly', () => {
  let servers: WeighedServer[] = [1, 2, 3, 4].map((since) => ({ state: downSince(since), weight: 10 }));
  /** Gives these servers clients again, in turn, a millisecond each. @returns the weights after each */
  const seen = [3, 2].map((index) => {
    servers = servers.map((server, at) =>
      at === index ? { ...server, state: { ...up, since: 10, hasFailed: true } } : server,
    );
    const { servers: weights } = serviceWeights(servers, slow, 10);
    servers = servers.map((server, at) => ({ ...server, start: weights[at]?.start }));
    return weights.map(({ weight }) => weight);
  });
  assert.deepEqual(seen, [
    [0, 0, 10, 10],
    [0, 0, 10, 10],
  ]);
});

test('a server whose check asks for nothing is kept in use only until another can take its clients', () => {
  const asking = { state: up, weight: 10, reported: 0 };
  const [before, after] = [downSince(9), up].map(
    (state) => serviceWeights([{ state, weight: 10 }, asking], { ...policy, floor: 1 }, 10).servers,
  );
  assert.deepEqual(
    [before, after].map((servers) => servers?.map(({ weight, isKept }) => [weight, isKept])),
    [
      [
        [0, false],
        [10, true],
      ],
      [
        [10, false],
        [0, false],
      ],
    ],
  );
});

test('a success lowers the weight of no server that is up and not kept by the floor, and loses no quorum', () =>
  fc.assert(
    fc.property(pools, fc.array(fc.tuple(fc.nat(7), fc.boolean()), { maxLength: 60 }), (pool, results) => {
      let servers: WeighedServer[] = pool.servers.map(({ results: _, ...server }) => ({
        ...server,
        state: initialState({ initially: 'up' }, 0),
      }));
      const weighed = (now: number) => {
        const weights = serviceWeights(servers, pool, now);
        servers = servers.map((server, index) => ({ ...server, start: weights.servers[index]?.start }));
        return weights;
      };
      let hasFailed = false;
      results.forEach(([index, isSuccess], now) => {
        if (index >= servers.length) return;
        hasFailed ||= !isSuccess;
        const before = weighed(now);
        servers = servers.map((server, at) =>
          at === index ? { ...server, state: nextState(server.state, isSuccess, pool, now) } : server,
        );
        const after = weighed(now);
        for (const { factors } of after.servers) assert.ok(hasFailed || factors.slowStart === 1);
        if (!isSuccess) return;
        assert.ok(after.weightUp >= before.weightUp);
        servers.forEach(({ state }, at) => {
          const [from, to] = [before, after].map(({ servers }) => servers[at]?.weight ?? 0);
          const isOwn = state.isUp && !before.servers[at]?.isKept;
          if (isOwn) assert.ok((to as number) >= (from as number), `server ${at}: ${from} -> ${to}`);
        });
      });
    }),
    { numRuns: 500 },
  ));

test('a check that asks for nothing takes out no more servers than the floor allows; an agent may', () => {
  const zeros = [1, 2, 3, 4].map(() => ({ state: up, weight: 10, reported: 0 }));
  assert.deepEqual(weightsOf(zeros), [10, 10, 0, 0]);
  assert.deepEqual(weightsOf([{ state: downSince(9), weight: 10 }, ...zeros.slice(1)]), [0, 10, 10, 0]);
  assert.deepEqual(
    weightsOf(zeros.map(({ reported, ...server }) => ({ ...server, agent: reported }))),
    [0, 0, 0, 0],
  );
});

test('all servers fail at once: the last half to fail stays, marked, and does not count for the quorum', () => {
  const servers = [1, 2, 3, 4].map((since) => ({ state: downSince(since), weight: 10 }));
  const { servers: weights, weightUp, needsSorry } = serviceWeights(servers, policy, 9);
  assert.deepEqual(
    weights.map(({ weight, isKept }) => [weight, isKept]),
    [
      [0, false],
      [0, false],
      [10, true],
      [10, true],
    ],
  );
  assert.deepEqual([weightUp, needsSorry], [0, false]);
});

test('the sorry server is for a service without any server in use', () => {
  const servers = [{ state: downSince(1), weight: 10 }];
  assert.equal(serviceWeights(servers, { ...policy, floor: 0 }, 9).needsSorry, true);
  assert.equal(serviceWeights(servers, policy, 9).needsSorry, false);
  assert.equal(serviceWeights([{ state: up, weight: 0 }], policy, 9).needsSorry, true);
});

test('a quorum is won above its hysteresis and lost below it', () => {
  const quorum = { weight: 10, hysteresis: 2 };
  assert.deepEqual(
    [7, 8, 12].map((weight) => hasQuorum(weight, quorum, true)),
    [false, true, true],
  );
  assert.deepEqual(
    [8, 11, 12].map((weight) => hasQuorum(weight, quorum, false)),
    [false, false, true],
  );
  assert.deepEqual(
    [9, 10].map((weight) => hasQuorum(weight, quorum)),
    [false, true],
  );
  assert.deepEqual(
    [0, 1].map((weight) => hasQuorum(weight, undefined)),
    [false, true],
  );
});

test('while the floor keeps servers that are down, one that is up again starts at once: they would get its clients', () => {
  const recovered: ServerState = { ...up, since: 5, hasFailed: true };
  const second = { ...policy, slowStart: 1000 };
  const pool = (...states: ServerState[]) =>
    states.map((state) => ({ state, weight: 100, start: state.isUp ? 5 : ('due' as const) }));
  assert.deepEqual(
    weightsOf(pool(recovered, downSince(1), downSince(2), downSince(3)), second, 6),
    [100, 0, 0, 100],
  );
  assert.deepEqual(
    weightsOf(pool(recovered, recovered, downSince(2), downSince(3)), second, 105),
    [10, 10, 0, 0],
  );
});

test('a slow start does not count against the quorum, so that one more server that is up never loses it', () => {
  const recovered: ServerState = { ...up, since: 5, hasFailed: true };
  const minute = { ...policy, slowStart: 60_000 };
  const weightUp = (...states: ServerState[]) =>
    serviceWeights(
      states.map((state) => ({ state, weight: 10, start: 'due' as const })),
      minute,
      6,
    ).weightUp;
  const down = downSince(1);
  assert.equal(weightUp(recovered, down, down, down), 10);
  assert.equal(weightUp(recovered, recovered, down, down), 20);
});
