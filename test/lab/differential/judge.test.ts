/** Does the comparison notice what it is there for? With programs and a kernel that are made up. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Case, line } from '../../ipvsadm/cases.js';
import { compareObservations, compareStates } from './compare.js';
import { Judge, type Pair } from './judge.js';
import type { Observation, State } from './trial.js';

const fine: Observation = { status: 0, stdout: '', stderr: '' };
const refused: Observation = { status: 255, stdout: '', stderr: 'Service already exists\n' };
const empty: State = { services: [], daemons: [], timeouts: {} };

describe('two observations', () => {
  const aspects = (ipvsadm: Partial<Observation>, lvsadm: Partial<Observation>): string[] =>
    compareObservations({ ...fine, ...ipvsadm }, { ...fine, ...lvsadm }).map(({ of }) => of);

  test('differ in status, in output, in the phrase for a refusal, and in saying nothing', () => {
    assert.deepEqual(aspects({ status: 2 }, { status: 255 }), ['status']);
    assert.deepEqual(aspects({ stdout: 'TCP \n' }, { stdout: 'TCP\n' }), ['stdout']);
    assert.deepEqual(aspects(refused, { ...refused, stderr: 'No such service\n' }), ['phrases']);
    assert.deepEqual(aspects({ stderr: 'illegal weight specified\n' }, {}), ['silence on stderr']);
  });

  test('do not differ in what follows a phrase, nor in words for mistakes', () => {
    assert.deepEqual(
      aspects(refused, { ...refused, stderr: 'Service already exists: TCP 192.0.2.1:80 (line 2)\n' }),
      [],
    );
    assert.deepEqual(
      aspects({ stderr: 'illegal weight specified\n' }, { stderr: "-w: weight 'x' is not ...\n" }),
      [],
    );
  });

  test('differ in how often and in which order phrases come', () => {
    const other = 'No such service\n';
    assert.deepEqual(aspects({ stderr: refused.stderr + other }, { stderr: other + refused.stderr }), [
      'phrases',
    ]);
    assert.deepEqual(aspects({ stderr: other + other }, { stderr: other }), ['phrases']);
  });
});

test('two states differ in a single attribute, and in the order of servers', () => {
  const state = (...destinations: { weight: number }[]): State => ({
    ...empty,
    services: [{ service: { port: 80 }, destinations }],
  });
  assert.equal(compareStates(state({ weight: 1 }), state({ weight: 1 })).length, 0);
  assert.equal(compareStates(state({ weight: 1 }), state({ weight: 2 })).length, 1);
  assert.equal(
    compareStates(state({ weight: 1 }, { weight: 2 }), state({ weight: 2 }, { weight: 1 })).length,
    1,
  );
});

describe('a case', () => {
  /** Programs that do this, whatever they are asked. */
  const doing = (
    ipvsadm: Observation,
    lvsadm: Observation,
    states: [State, State] = [empty, empty],
  ): Pair => ({
    play: async ({ commands }) => ({
      ipvsadm: { observations: commands.map(() => ipvsadm), state: states[0] },
      lvsadm: { observations: commands.map(() => lvsadm), state: states[1] },
      deviations: [...compareObservations(ipvsadm, lvsadm), ...compareStates(...states)],
    }),
    ask: async () => compareObservations(ipvsadm, lvsadm),
  });
  const problem = (pair: Pair, one: Case): Promise<string> => new Judge(pair).problem(one);
  const anything = line('-A -t 192.0.2.1:80');
  const documented = line('-A -6 -f 1', { after: [] });
  const brackets = line('-A -u=[2001:db8::1] -p', { after: [] });

  test('is fine where both do the same', async () => {
    assert.equal(await problem(doing(refused, refused), anything), '');
  });

  test('is reported with its command line if there is no reason', async () => {
    const told = await problem(doing(fine, refused), anything);
    assert.match(told, /^ipvsadm -A -t 192\.0\.2\.1:80\n {4}status\n {6}ipvsadm: 0\n {6}lvsadm: {2}255\n/);
  });

  test('is reported if only the kernel shows it', async () => {
    const states: [State, State] = [empty, { ...empty, timeouts: { tcpTimeout: 1 } }];
    assert.match(await problem(doing(fine, fine, states), anything), /state/);
  });

  test('is fine where they differ as is written down', async () => {
    assert.equal(
      await problem(doing({ ...refused, status: 2, stderr: 'illegal address\n' }, fine), brackets),
      '',
    );
  });

  test('is reported if it is not the documented one', async () => {
    const crashed: Observation = { status: 70, stdout: '', stderr: 'a fault in lvsadm itself\n' };
    assert.match(
      await problem(doing({ ...refused, status: 2 }, crashed), documented),
      /\(-6 anywhere\)\n {4}status/,
    );
  });

  test('is reported if it is documented and no longer occurs', async () => {
    assert.match(await problem(doing(refused, refused), documented), /differs no longer: '-6 anywhere'/);
  });
});
