/** ipvsadm's grammar, described from the tables of its parser, and the programs that understand it. */
import type { Completion } from '../commands/value-types.js';
import { type CommandName, commands } from '../ipvsadm/grammar/commands.js';
import { settings } from '../ipvsadm/grammar/options.js';
import { spellings } from '../ipvsadm/grammar/popt.js';
import type { SettingName, SettingOption } from '../ipvsadm/grammar/settings.js';
import type {
  CommandDescription,
  OptionDescription,
  PositionalDescription,
  ProgramDescription,
} from './description.js';
import { describeHelp } from './subcommands.js';

const completions: Readonly<Partial<Record<SettingName, Completion>>> = {
  service: 'service',
  server: 'server',
  interface: 'interface',
  netns: 'netns',
};

export const describeOption = (option: SettingOption): OptionDescription => ({
  names: spellings(option),
  help: option.help,
  ...(option.value !== undefined && {
    value: {
      name: option.value,
      choices: option.choices ?? [],
      completion: completions[option.setting],
      optional: option.argument === 'optional',
      list: option.value.endsWith(',...'),
    },
  }),
});

/** The options of a command. --sort goes with every command, but has an effect on listings only, and is described there. */
const optionsOf = (command: CommandName): OptionDescription[] =>
  settings
    .filter(({ needed = [], allowed = [] }) => [...needed, ...allowed].includes(command))
    .filter(({ setting }) => setting !== 'sorted' || command === 'list')
    .map(describeOption);

/** Values of its own come before a command's options: `--start-daemon master`, `--set 900 120 300`. */
function positionalsOf(usage: string, choices: readonly string[] = []): PositionalDescription[] {
  const one = (name: string): PositionalDescription => ({
    name,
    choices,
    help: '',
    many: false,
  });
  if (choices.length > 0) return [one('ROLE')];
  return /^([A-Z]+ )+[A-Z]+$/.test(usage) ? usage.split(' ').map(one) : [];
}

export const ipvsadmCommands: readonly CommandDescription[] = commands.map((command) => ({
  names: spellings(command),
  help: command.help,
  usage: command.usage ?? '',
  positionals: positionalsOf(command.usage ?? '', command.choices),
  options: optionsOf(command.long),
  notes: [],
  exitStatuses: [],
  examples: [],
}));

const withHelp = (commands: readonly CommandDescription[]): CommandDescription[] => [
  ...commands,
  describeHelp(commands),
];

/** The names that lvsadm is called by, and the commands of each; lvsadm, which has all of them, is the first. */
export const programs = (subcommands: readonly CommandDescription[]): readonly ProgramDescription[] => [
  { name: 'lvsadm', commands: withHelp([...ipvsadmCommands, ...subcommands]), options: [] },
  { name: 'ipvsadm', commands: ipvsadmCommands, options: [] },
  { name: 'ipvsadm-save', commands: [], options: optionsOf('save') },
  {
    name: 'ipvsadm-restore',
    commands: [],
    options: [{ names: ['--flush'], help: 'clear the table first' }],
  },
];
