/** `lvsadm diff`: shows what `apply` would change. */
import { toJson } from '../output/json.js';
import { changesAnything, planJson, renderPlan } from '../output/plan.js';
import { themeFor } from '../output/theme.js';
import { lossesOf } from '../plan/losses.js';
import { defineCommand } from './command.js';
import { movesOf } from './diff/moves.js';
import { desiredOptions, planFor, readCurrent, readDesired } from './shared/change/desired-state.js';
import { openStore, runDirOption, stateDirOption } from './shared/store.js';

/** As diff(1) has them. */
const SAME = 0;
const DIFFERENT = 1;
const TROUBLE = 2;

export const command = defineCommand({
  options: {
    ...desiredOptions,
    moves: {
      type: 'flag',
      describe: 'of services with mh, sh or dh, show the share of clients that get another server',
    },
    ...stateDirOption,
    ...runDirOption,
    json: { type: 'flag', describe: 'write the plan as JSON' },
  },
  exitStatuses: { 0: 'no difference', 1: 'differences', 2: 'an error' },
  errorStatus: TROUBLE,
  onlyReads: true,
  async run(context, values) {
    const desired = await readDesired(context, values);
    const client = await context.client();
    const plan = planFor(await readCurrent(client, desired, context), desired);
    const losses = await lossesOf(plan, client);
    const moves = values.moves
      ? await movesOf(plan, client, context, openStore(context, values.runDir))
      : undefined;
    const notes = { losses, moves, holds: desired.holds, now: context.date().getTime() };
    await context.out.write(
      values.json
        ? toJson(planJson(plan, notes))
        : renderPlan(plan, await themeFor(context.out, context.env), notes),
    );
    return changesAnything(plan) ? DIFFERENT : SAME;
  },
});
