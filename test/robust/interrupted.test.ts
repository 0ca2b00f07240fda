/**
 * Commands that are interrupted at every step of their work: killed, asked to stop (SIGTERM), or stopped while another command runs
 * (SIGSTOP). The next run of the command, or the command that undoes it, leaves the right state.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Steps } from '../support/steps.js';
import { expectedOf, goesOn, prepared, type Stop, scenarios, type Way } from './scenarios.js';

for (const scenario of scenarios) {
  describe(scenario.name, () => {
    const { line, ways, meanwhile = [] } = scenario;

    /** Interrupts the command at each of its steps, and then goes on in each way. */
    async function atEveryStep(interrupt: (steps: Steps, stop: Stop) => void): Promise<void> {
      const expected = await expectedOf(scenario);
      for (const way of ways) {
        for (let step = 0, isOver = false; !isOver; step++) {
          using machine = await prepared(scenario);
          const stop: Stop = {};
          const steps = new Steps(step, () => interrupt(steps, stop));
          const { status, err } = await machine.run(line, { requests: steps, files: steps, stop });
          isOver = steps.count <= step;
          if (isOver) assert.equal(status, 0, err);
          else if (!steps.isKilled)
            assert.ok([0, 1, 130, 143].includes(status), `step ${step}: ${status}: ${err}`);
          await goesOn(machine, way, expected, `step ${step}`);
        }
      }
    }

    test('can be killed at every step', () => atEveryStep((steps) => steps.kill()));

    test('can be asked to stop at every step', () =>
      atEveryStep((steps, { request }) => (request ? request.abort('SIGTERM') : steps.kill())));

    for (const beside of meanwhile) {
      test(`can be stopped at every request while '${beside.words.join(' ')}' runs`, async () => {
        const expected = await expectedOf(scenario);
        for (let step = 0, isOver = false; !isOver; step++) {
          using machine = await prepared(scenario);
          const requests = new Steps(step, () => machine.done(beside, [0, 1, 75]));
          const { status, err } = await machine.run(line, { requests });
          assert.ok([0, 1].includes(status), `status ${status} at step ${step}: ${err}`);
          isOver = requests.count <= step;
          await machine.run({ words: ['undrain', '198.51.100.2'] });
          await goesOn(machine, ways[0] as readonly Way[], expected, `step ${step}`);
        }
      });
    }
  });
}
