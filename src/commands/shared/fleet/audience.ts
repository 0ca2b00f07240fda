/** The options that say which director documents are read for. */

import type { Director } from '../../../document/audience.js';
import { UsageError } from '../../../errors.js';
import type { Options, Values } from '../../command.js';

export const directorOptions = {
  label: {
    type: 'pair',
    many: true,
    describe: 'a label of this director, which `only` of documents asks for, such as site=eu1',
    defaultText: 'none',
  },
  variable: {
    type: 'pair',
    many: true,
    describe: `the value that \${NAME} in documents stands for, such as interface=eth1`,
    defaultText: 'none',
  },
} as const satisfies Options;

/** @throws UsageError for a name that is given twice */
export const directorOf = ({ label, variable }: Values<typeof directorOptions>): Director => ({
  labels: fromPairs(label, '--label'),
  variables: fromPairs(variable, '--variable'),
});

function fromPairs(pairs: readonly (readonly [string, string])[], option: string): Record<string, string> {
  const names = pairs.map(([name]) => name);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new UsageError(`${twice} is given twice`, option);
  return Object.fromEntries(pairs);
}
