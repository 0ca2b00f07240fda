/** `lvsadm completion`: the script that lets a shell complete lvsadm's command lines. */
import { UsageError } from '../errors.js';
import { bashCompletion } from '../reference/bash.js';
import type { Program } from '../reference/description.js';
import { fishCompletion } from '../reference/fish.js';
import { programs } from '../reference/programs.js';
import { describeSubcommands } from '../reference/subcommands.js';
import { zshCompletion } from '../reference/zsh.js';
import type { Command, CommandRow } from './command.js';

const shells: Readonly<Record<string, (programs: readonly Program[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** For the subcommands of this table. */
export const completionOf = (rows: Readonly<Record<string, CommandRow>>): Command => ({
  positionals: '<shell>',
  options: {},
  build: (yargs) =>
    yargs
      .positional('shell', { choices: Object.keys(shells), describe: 'the shell that is to run it' })
      .example('source <(lvsadm completion bash)', 'in this shell alone')
      .example(
        'lvsadm completion zsh > /usr/local/share/zsh/site-functions/_lvsadm',
        'for every zsh to come',
      ),
  async run(context, values) {
    const render = shells[String(values['shell'])];
    if (render === undefined) throw new UsageError('not a shell that it knows', String(values['shell']));
    await context.out.write(render(programs(await describeSubcommands(rows))));
    return 0;
  },
});
