// The agent's looks at its documents: what ends it, what is tried again, and when.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Documents, Looks } from '../../../src/commands/run/looks.js';
import { DocumentError, TransportError, UnavailableError, UsageError } from '../../../src/errors.js';

const silence = new TransportError('deadline', 'receive', 'no answer');
const mistake = new DocumentError([{ file: 'web.yaml', text: 'nothing is right' }]);
const old: Documents = { state: { services: [] }, texts: [] };
const fresh: Documents = { state: { services: [] }, texts: [] };

/** Looks whose loads end as these results say, in turn: an error, or whether all changes were done. */
function looks(
  results: (boolean | Error)[],
  read: () => Promise<Documents> = async () => fresh,
  before: Documents[] = [],
) {
  const calls: string[] = [];
  const loaded: unknown[] = [];
  const failures: unknown[] = [];
  const ends: unknown[] = [];
  const one = new Looks(
    {
      read,
      async load(state, cause) {
        calls.push(cause);
        loaded.push(state);
        const result = results.shift() ?? true;
        if (typeof result !== 'boolean') throw result;
        return { settings: [], outcomes: [], converged: result, rounds: 1 };
      },
      ended: async (failure) => void ends.push(failure),
      fail: (error) => failures.push(error),
      instead: async () => before.shift(),
      isWatched: true,
    },
    old,
    30_000,
  );
  const look = (cause: 'start' | 'change' | 'drift', isUnsettled = false) =>
    one.look({ cause, isOver: async () => false, isUnsettled });
  return { one, look, calls, loaded, failures, ends };
}

test('a start that the kernel does not answer is tried again, with pauses that grow up to the interval', async () => {
  const { one, look, calls, failures, ends } = looks([...Array(7).fill(silence), false, true, true]);
  const pauses: number[] = [];
  for (let number = 0; number < 10; number++) {
    await look('drift');
    pauses.push(one.pause);
  }
  assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000, 30_000, 30_000]);
  assert.deepEqual(calls, [...Array(8).fill('start'), 'retry', 'resync']);
  assert.deepEqual(ends, [...Array(7).fill(silence), 'refused', undefined, undefined]);
  assert.deepEqual(failures, []);
});

for (const error of [
  new UsageError('would remove too much'),
  new UnavailableError('no-ipvs', 'no'),
  new TypeError('a bug'),
]) {
  test(`a start ends with ${error.constructor.name}`, async () => {
    const { look, failures } = looks([error]);
    await look('start');
    assert.deepEqual(failures, [error]);
  });
}

test('a start that would remove too much has the documents before, and ends if these would, too', async () => {
  const refusal = new UsageError('would remove too much');
  const [before, other] = [{ ...fresh }, { ...fresh }];
  const { one, look, failures } = looks([refusal, true], undefined, [before, other]);
  await look('drift');
  assert.equal(one.inForce, before);
  assert.deepEqual(failures, []);
  const both = looks([refusal, refusal], undefined, [before]);
  await both.look('drift');
  assert.deepEqual(both.failures, [refusal]);
});

test('documents with mistakes leave the ones before in force, and are read again', async () => {
  let isWrong = true;
  const { look, calls, loaded, failures } = looks([], async () => {
    if (isWrong) throw mistake;
    return fresh;
  });
  await look('start');
  await assert.rejects(look('change'), DocumentError);
  isWrong = false;
  await look('change');
  await look('drift');
  assert.deepEqual(calls, ['start', 'resync', 'reload', 'resync']);
  assert.deepEqual(
    loaded.map((state) => state === old.state),
    [true, true, false, false],
  );
  assert.deepEqual(failures, []);
});

test('documents with mistakes do not keep the ones of the start from being ready', async () => {
  const { look, ends } = looks([silence, true], async () => {
    throw mistake;
  });
  await look('start');
  await assert.rejects(look('change'), DocumentError);
  assert.deepEqual(ends, [silence, undefined]);
});

test('documents that the kernel did not answer for are loaded at the next look, as new ones', async () => {
  const { look, calls, loaded } = looks([true, silence, true]);
  for (const cause of ['start', 'change', 'drift'] as const) await look(cause);
  assert.deepEqual(calls, ['start', 'reload', 'reload']);
  assert.equal(loaded.at(-1), fresh.state);
});

test('files that change from look to look are not read, and the documents before are applied', async () => {
  const { look, calls, loaded } = looks([true, silence]);
  await look('start');
  await look('change');
  await look('change', true);
  await look('change');
  assert.deepEqual(calls, ['start', 'reload', 'retry', 'reload']);
  assert.deepEqual(loaded.slice(2), [old.state, fresh.state]);
});
