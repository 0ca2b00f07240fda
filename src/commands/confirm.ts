/** `lvsadm confirm`: a change that waits for its confirmation stays. */
import { printable } from '../foreign-text.js';
import { toJson } from '../output/json.js';
import { defineCommand } from './command.js';
import { endPending, pendingChange } from './shared/change/confirmation.js';
import { jsonOption } from './shared/server.js';
import { openStore, runDirOption } from './shared/store.js';

const CONFIRMED = 0;
const NOTHING_WAITS = 1;

export const command = defineCommand({
  options: {
    wait: { type: 'seconds', default: 30, describe: 'time to wait for the change to be made' },
    ...runDirOption,
    ...jsonOption,
  },
  notes:
    '`lvsadm apply --confirm 60` and `lvsadm rollback --confirm 60` take their change back after 60 seconds without this command. ' +
    '`lvsadm rollback` takes it back at once. `lvsadm history` and `lvsadm status` show a change that waits.',
  exitStatuses: {
    [CONFIRMED]: 'the change stays',
    [NOTHING_WAITS]:
      'no change waits for its confirmation: none was made with --confirm, or it has been taken back',
    75: 'the change is still being made',
  },
  examples: [
    ['lvsadm apply -f web.yaml --confirm 60', 'on the director: apply, for a minute'],
    ['lvsadm confirm', 'in a new session, which shows that the way in is open: keep it'],
  ],
  async run(context, { wait, runDir, json }) {
    const store = openStore(context, runDir);
    // What takes it back does so under the lock.
    const release = await store.lock('apply', 'applying a document here', { wait: wait * 1000 });
    try {
      const pending = pendingChange(store);
      if (pending === undefined) {
        await context.err.write('lvsadm: no change waits for its confirmation\n');
        if (json) await context.out.write(toJson({ confirmed: null }));
        return NOTHING_WAITS;
      }
      await endPending(pending, store);
      const { number, cause } = pending;
      await context.out.write(
        json
          ? toJson({ confirmed: number, command: cause })
          : `change ${number} stays: ${printable(cause)}\n`,
      );
      return CONFIRMED;
    } finally {
      release();
    }
  },
});
