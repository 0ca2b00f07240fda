/** One way in which the program can be spoken to: takes the words of a command line and gives the exit status. */
import type { Context } from '../context.js';

/** `argv` is without the program's name. */
export type Face = (argv: readonly string[], context: Context) => Promise<number>;
