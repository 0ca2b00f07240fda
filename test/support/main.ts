/** Both grammars behind one function, put together as the programs in bin/ do it. */
import { speaksIpvsadm } from '../../src/cli/argv0.js';
import { guard } from '../../src/cli/catch.js';
import type { Face } from '../../src/cli/grammar.js';
import { dropIn } from '../../src/cli/ipvsadm.js';
import { runSubcommand } from '../../src/cli/subcommands.js';

/** Runs a command line, the program's name left out. @returns the exit status */
export const main: Face = (argv, context) =>
  guard(speaksIpvsadm(context.program, argv) ? dropIn : runSubcommand)(argv, context);
