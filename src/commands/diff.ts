/** `lvsadm diff`: shows what `apply` would change. */
import { toJson } from '../output/json.js';
import { changesAnything, planJson, renderPlan } from '../output/plan.js';
import { themeFor } from '../output/theme.js';
import { defineCommand } from './command.js';
import { desiredOptions, planFor, readCurrent, readDesired } from './shared/desired-state.js';

/** As diff(1) has them. */
const SAME = 0;
const DIFFERENT = 1;
const TROUBLE = 2;

export const command = defineCommand({
  options: {
    ...desiredOptions,
    json: { type: 'flag', describe: 'write the plan as JSON' },
  },
  exitStatuses: { 0: 'no difference', 1: 'differences', 2: 'an error' },
  errorStatus: TROUBLE,
  async run(context, values) {
    const desired = await readDesired(context, values);
    const plan = planFor(await readCurrent(await context.client(), desired), desired);
    await context.out.write(
      values.json ? toJson(planJson(plan)) : renderPlan(plan, await themeFor(context.out, context.env)),
    );
    return changesAnything(plan) ? DIFFERENT : SAME;
  },
});
