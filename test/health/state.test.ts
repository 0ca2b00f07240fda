// The states of a checked server: rise and fall, the first result, and what a restart knows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { initialState, isChanging, nextState, type ServerState } from '../../src/health/state.js';
import { traces } from '../support/arbitrary-health.js';

const timing = { rise: 2, fall: 3 };

/** The conditions after each of these results: `+` for a success, `-` for a failure, one a second. */
function conditions(initially: 'up' | 'down', results: string): string[] {
  let state = initialState({ initially }, 0);
  return Array.from(results, (result, index) => {
    state = nextState(state, result === '+', timing, (index + 1) * 1000);
    return `${state.condition}${state.count > 0 ? ` ${state.count}` : ''}${state.isUp ? '' : ' (out)'}`;
  });
}

test('a server that is up is out after fall failures in a row, and back after rise successes in a row', () => {
  assert.deepEqual(conditions('up', '+--+---+-++'), [
    ...['up', 'failing 1', 'failing 2', 'up', 'failing 1', 'failing 2', 'down (out)'],
    ...['rising 1 (out)', 'down (out)', 'rising 1 (out)', 'up'],
  ]);
});

test('a server without a result is in use or not, as the document says', () => {
  assert.deepEqual(conditions('up', '---'), ['failing 1', 'failing 2', 'down (out)']);
  assert.deepEqual(conditions('down', '-++'), ['down (out)', 'rising 1 (out)', 'up']);
  assert.equal(initialState({ initially: 'last-known' }, 5).isUp, true);
});

test('what is known of an earlier run goes on, whatever the document says of servers without a state', () => {
  const known: ServerState = { condition: 'failing', isUp: true, count: 2, since: 7, hasFailed: true };
  for (const initially of ['last-known', 'up', 'down'] as const)
    assert.deepEqual(initialState({ initially }, 99, known), known);
});

test('a server is in use before and after a result, unless the last rise or fall results all say otherwise', () =>
  fc.assert(
    fc.property(traces, fc.constantFrom('up', 'down'), ({ results, rise, fall }, initially) => {
      let state = initialState({ initially }, 0);
      results.forEach((isSuccess, index) => {
        const before = state;
        state = nextState(before, isSuccess, { rise, fall }, index + 1);
        const needed = before.isUp ? fall : rise;
        const last = results.slice(0, index + 1).slice(-needed);
        const changes = last.length === needed && last.every((each) => each !== before.isUp);
        assert.equal(state.isUp, changes ? !before.isUp : before.isUp);
        assert.equal(state.since, changes ? index + 1 : before.since);
        assert.equal(state.count > 0, isChanging(state));
        assert.ok(state.count < (state.isUp ? fall : rise));
      });
    }),
  ));

test('a server has failed once a failure took it out, or came while it was out, and never before', () =>
  fc.assert(
    fc.property(traces, fc.constantFrom('up', 'down'), ({ results, rise, fall }, initially) => {
      let state = initialState({ initially }, 0);
      let hasFailed = false;
      for (const isSuccess of results) {
        state = nextState(state, isSuccess, { rise, fall }, 1);
        hasFailed ||= !state.isUp && !isSuccess;
        assert.equal(state.hasFailed, hasFailed);
      }
    }),
  ));
