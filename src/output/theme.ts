/** Colours of output on a terminal. */
import type { Context, Output } from '../context.js';
import type { Overload } from '../model/table.js';

type Paint = (text: string) => string;

/** Colours by meaning. */
export interface Theme {
  readonly heading: Paint;
  readonly added: Paint;
  readonly changed: Paint;
  readonly removed: Paint;
  /** Of lesser importance. */
  readonly quiet: Paint;
  readonly warning: Paint;
  readonly error: Paint;
  /** The line that keys are about. */
  readonly selected: Paint;
}

/** The colour of a server's connections. */
export const overloadPaints: Readonly<Record<Overload, keyof Theme | undefined>> = {
  no: undefined,
  unknown: 'warning',
  yes: 'error',
};

const same: Paint = (text) => text;

export const plainTheme: Theme = {
  heading: same,
  added: same,
  changed: same,
  removed: same,
  quiet: same,
  warning: same,
  error: same,
  selected: same,
};

/** Whether text for `output` is coloured: on a terminal, unless NO_COLOR says otherwise (no-color.org). */
export const coloured = (output: Output, env: Context['env']): boolean =>
  output.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb';

/** The theme for `output`. Loads chalk only if there are colours. */
export async function themeFor(output: Output, env: Context['env']): Promise<Theme> {
  if (!coloured(output, env)) return plainTheme;
  const { Chalk } = await import('chalk');
  const chalk = new Chalk({ level: 1 });
  return {
    heading: chalk.bold,
    added: chalk.green,
    changed: chalk.yellow,
    removed: chalk.red,
    quiet: chalk.dim,
    warning: chalk.yellow,
    error: chalk.red.bold,
    selected: chalk.inverse,
  };
}
