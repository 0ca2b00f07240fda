/** `lvsadm confirm`: a change that waits for its confirmation stays. */
import { printable } from '../foreign-text.js';
import type { PendingChange } from '../history/pending-change.js';
import { toJson } from '../output/json.js';
import { defineCommand } from './command.js';
import { endPending, pendingChange } from './shared/change/confirmation.js';
import { jsonOption } from './shared/server.js';
import { openStore, runDirOption } from './shared/store.js';

const CONFIRMED = 0;
const NOT_CONFIRMED = 1;

export const command = defineCommand({
  options: {
    wait: { type: 'seconds', default: 30, describe: 'time to wait for the change to be made' },
    force: { type: 'flag', describe: 'keep also a change that was made in part' },
    ...runDirOption,
    ...jsonOption,
  },
  notes:
    '`lvsadm apply --confirm 60` and `lvsadm rollback --confirm 60` take their change back after 60 seconds without this command. ' +
    '`lvsadm rollback` takes it back at once. `lvsadm history` and `lvsadm status` show a change that waits.',
  exitStatuses: {
    [CONFIRMED]: 'the change stays',
    [NOT_CONFIRMED]:
      'no change waits for its confirmation: none was made with --confirm, or it has been taken back; or it was made in part',
    75: 'the change is still being made',
  },
  examples: [
    ['lvsadm apply -f web.yaml --confirm 60', 'on the director: apply, for a minute'],
    ['lvsadm confirm', 'in a new session, which shows that the way in is open: keep it'],
  ],
  async run(context, { wait, force, runDir, json }) {
    const store = openStore(context, runDir);
    // What takes it back does so under the lock.
    const release = await store.lock('apply', 'applying a document here', { wait: wait * 1000 });
    try {
      const pending = pendingChange(store);
      if (pending === undefined || !(pending.isMade || force)) {
        await context.err.write(`lvsadm: ${refusal(pending)}\n`);
        if (json) await context.out.write(toJson({ confirmed: null }));
        return NOT_CONFIRMED;
      }
      await endPending(pending, store);
      const { number, cause, problem } = pending;
      await context.out.write(
        json
          ? toJson({ confirmed: number, command: cause, problem })
          : problem === undefined
            ? `change ${number} stays: ${printable(cause)}\n`
            : `change ${number} has been taken back in part; the table stays as it is: ${printable(cause)}\n`,
      );
      return CONFIRMED;
    } finally {
      release();
    }
  },
});

const refusal = (pending: PendingChange | undefined): string =>
  pending === undefined
    ? 'no change waits for its confirmation'
    : `change ${pending.number} was made in part: it was refused, interrupted or killed; lvsadm rollback takes it back, --force keeps it`;
