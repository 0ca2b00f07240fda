/** `lvsadm diff`: what `apply` would change. */
import { toJson } from '../output/json.js';
import { changesAnything, planJson, renderPlan } from '../output/plan.js';
import { themeFor } from '../output/theme.js';
import type { Command } from './command.js';
import { desiredOptions, desiredRepeatable, planFor, readTable, readWish } from './shared/desired-state.js';

/** As diff(1) has them. */
const SAME = 0;
const DIFFERENT = 1;
const TROUBLE = 2;

export const command: Command = {
  options: {
    ...desiredOptions,
    json: { type: 'boolean', default: false, describe: 'write the plan as JSON' },
  },
  repeatable: desiredRepeatable,
  build: (yargs) => yargs.epilogue('Exit status: 0 no difference, 1 differences, 2 an error.'),
  errorStatus: TROUBLE,
  async run(context, values) {
    const wish = await readWish(context, values);
    const plan = planFor(await readTable(await context.client(), wish), wish);
    await context.out.write(
      values['json'] ? toJson(planJson(plan)) : renderPlan(plan, await themeFor(context.out, context.env)),
    );
    return changesAnything(plan) ? DIFFERENT : SAME;
  },
};
