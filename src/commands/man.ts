/** `lvsadm man`: the manual page's source. */
import { manualPage } from '../reference/man.js';
import { describeSubcommands } from '../reference/subcommands.js';
import { type CommandRow, defineCommand } from './command.js';

/** For the subcommands of this table. */
export const manOf = (rows: readonly CommandRow[]) => ({
  command: defineCommand({
    examples: [['lvsadm man | man -l -', 'read the page where it is not installed']],
    offline: true,
    async run({ out }) {
      await out.write(manualPage(await describeSubcommands(rows)));
      return 0;
    },
  }),
});
