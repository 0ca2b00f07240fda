/**
 * Commands whose run directory becomes full or read-only at any step of their work. They end with a line on standard error or do
 * without state; with room again, the next run or the command that undoes it leaves the right state.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { failingFrom } from '../support/steps.js';
import { expectedOf, goesOn, prepared, scenarios } from './scenarios.js';

for (const scenario of scenarios) {
  describe(scenario.name, () => {
    const { line, ways } = scenario;
    for (const [code, way = []] of [
      ['ENOSPC', ways[0]],
      ['EROFS', ways.at(-1)],
    ] as const) {
      test(`${code} at every change of a file`, async () => {
        const expected = await expectedOf(scenario);
        for (let step = 0, isOver = false; !isOver; step++) {
          using machine = await prepared(scenario);
          const files = failingFrom(step, code);
          const { status, err } = await machine.run(line, { files });
          isOver = files.count <= step;
          assert.ok([0, 1, 255].includes(status), `step ${step}: ${status}: ${err}`);
          if (isOver) assert.equal(status, 0, err);
          if (status === 255)
            assert.match(err, /^lvsadm: .*(no space left on device|read-only file system)/m);
          await goesOn(machine, way, expected, `step ${step}`);
        }
      });
    }
  });
}
