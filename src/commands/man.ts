/** `lvsadm man`: the manual page's source. */
import { manualPage } from '../reference/man.js';
import { describeSubcommands } from '../reference/subcommands.js';
import type { Command, CommandRow } from './command.js';

/** For the subcommands of this table. */
export const manOf = (rows: Readonly<Record<string, CommandRow>>): Command => ({
  options: {},
  build: (yargs) => yargs.example('lvsadm man | man -l -', 'read it where it is not installed'),
  async run({ out }) {
    await out.write(manualPage(await describeSubcommands(rows)));
    return 0;
  },
});
