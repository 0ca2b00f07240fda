/** What `apply --prune` may remove. */
import { UsageError } from '../../../errors.js';
import type { Plan } from '../../../plan/plan.js';
import { empties, excess, type RemovalLimit } from '../../../plan/policy.js';
import type { Options } from '../../command.js';

export const removalOptions = {
  'allow-empty': { type: 'flag', describe: 'let --prune remove the last service' },
  'max-remove': {
    type: 'removalLimit',
    describe:
      'refuse documents that would remove more than this many, or this share, of the services or of the servers',
    defaultText: '50% with --watch; without it any number',
  },
} as const satisfies Options;

export const removalDrainOption = {
  drain: {
    type: 'seconds',
    describe: 'before a server is removed, wait at most this long for its connections to end',
    defaultText: 'remove it at once',
  },
} as const satisfies Options;

/** A file that was emptied by mistake must not empty the table. */
export const watchLimit: RemovalLimit = { number: 50, unit: '%' };

/** A release that was emptied by mistake reaches all directors. One server of two or more may go, though. */
export const fleetLimit: RemovalLimit = { number: 20, unit: '%', least: 1 };

/**
 * @param limit undefined for any number
 * @throws UsageError if the plan would remove the last service without --allow-empty, or more than the limit
 */
export function checkRemovals(plan: Plan, allowEmpty: boolean, limit: RemovalLimit | undefined): void {
  if (empties(plan) && !allowEmpty) {
    throw new UsageError('the document would leave no service; --allow-empty lets it', '--prune');
  }
  const removal = limit && excess(plan, limit);
  if (removal === undefined) return;
  const { removed, present, noun } = removal;
  throw new UsageError(
    `would remove ${removed} of ${present} ${noun}, and at most ${limit?.number}${limit?.unit} may go; --max-remove 100% allows it`,
    '--max-remove',
  );
}
