/**
 * From the words of a command line to an exit status: chooses the grammar. What ipvsadm's needs is loaded at once;
 * everything else only when it is asked for.
 */
import { speaksIpvsadm } from './called.js';
import { dropIn } from './drop-in.js';
import type { Face } from './face.js';
import { guard } from './guard.js';

const subcommands: Face = async (argv, context) => (await import('./modern.js')).runModern(argv, context);

/** Runs a command line, the program's name left out. @returns the exit status */
export const main: Face = guard((argv, context) =>
  (speaksIpvsadm(context.program, argv) ? dropIn : subcommands)(argv, context),
);
