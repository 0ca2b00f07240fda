/** `lvsadm completion`: the script that lets a shell complete lvsadm's command lines. */
import { bashCompletion } from '../reference/bash.js';
import type { ProgramDescription } from '../reference/description.js';
import { fishCompletion } from '../reference/fish.js';
import { programs } from '../reference/ipvsadm.js';
import { describeSubcommands } from '../reference/subcommands.js';
import { zshCompletion } from '../reference/zsh.js';
import { type CommandRow, defineCommand } from './command.js';

type Shell = 'bash' | 'zsh' | 'fish';

const scripts: Readonly<Record<Shell, (programs: readonly ProgramDescription[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
};

/** For the subcommands of this table. */
export const completionOf = (rows: readonly CommandRow[]) => ({
  command: defineCommand({
    positionals: {
      shell: {
        choices: ['bash', 'zsh', 'fish'],
        describe: 'shell that the script is for: bash, zsh or fish',
      },
    },
    examples: [
      ['source <(lvsadm completion bash)', 'for this shell only'],
      [
        'lvsadm completion zsh > /usr/local/share/zsh/site-functions/_lvsadm',
        'for every zsh started from now on',
      ],
    ],
    offline: true,
    async run({ out }, { shell }) {
      await out.write(scripts[shell](programs(await describeSubcommands(rows))));
      return 0;
    },
  }),
});
