// npm run lab -- [OPTION] COMMAND ARGUMENTS...
import type { LabCommand } from './command.js';
import { distribution, runsSuite } from './distribution.js';
import { LabFailure, LabUnavailable } from './errors.js';
import { cpusOf, emulationOf, findSuite } from './harness/suites.js';
import { isolated } from './isolation.js';
import { runWhereIpvsIs } from './lab.js';
import { which } from './process.js';
import { readSettings } from './settings.js';

const usage = `npm run lab                              a shell on a kernel with IPVS
npm run lab -- COMMAND ARGUMENTS...      a command there
npm run lab -- --tty COMMAND...          a command that needs a terminal
npm run lab -- --suite NAME [OPTION...]  one of test/lab/suites, with options of node's test runner

LAB_KERNEL=stable|backports|trixie|sid|trixie-backports|IMAGE  LAB_GUEST=auto|always|never  LAB_ACCEL=auto|tcg|kvm
LAB_TIMEOUT=SECONDS  LAB_OUT=DIRECTORY  LAB_CPUS=NUMBER    test/lab/README.md explains them
`;

/** What the exit status says about the lab itself, as in sysexits.h. */
const statuses = [
  [LabUnavailable, 69],
  [LabFailure, 70],
] as const;

type What = Pick<LabCommand, 'command' | 'terminal' | 'stdin' | 'env' | 'cpus' | 'emulation'>;

/** The size of the terminal that this runs in; one that does not know its size says 0. */
function terminal(): LabCommand['terminal'] {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return undefined;
  return { rows: process.stdout.rows || 24, columns: process.stdout.columns || 80 };
}

/** A terminal stays the host's: there Ctrl-C ends the lab. Input from a file or a pipe is the command's. */
const piped = () => (process.stdin.isTTY ? undefined : process.stdin);

const interactive = (command: string[]): What => ({ command, terminal: terminal(), stdin: piped() });

/** Without the user's start-up files: they may take long on an emulated processor. */
const shell = (): string[] => (which('bash') ? ['bash', '--norc'] : ['sh']);

/** Bun's runner writes for humans by default. */
const spelledOut = distribution === 'node' ? ['--test-reporter=spec'] : [];

const options: Record<string, (args: string[]) => What> = {
  '--tty': interactive,
  '--suite': ([name = '', ...args]) => ({
    command: isolated(runsSuite(findSuite(name), [...args, ...spelledOut])),
    cpus: cpusOf(name),
    emulation: emulationOf(name),
  }),
};

function parse(args: string[]): What {
  const [first, ...rest] = args;
  if (first === undefined) return { ...interactive(shell()), env: { PS1: 'lab:\\w\\$ ' } };
  if (!first.startsWith('-')) return { command: args, stdin: piped() };
  const option = options[first];
  if (!option) throw new LabUnavailable(`unknown option ${first}\n\n${usage}`);
  return option(rest);
}

async function main(args: string[]): Promise<number> {
  if (args[0] === '--help') {
    process.stdout.write(usage);
    return 0;
  }
  const streams = { stdout: process.stdout, stderr: process.stderr };
  try {
    return await runWhereIpvsIs({ ...parse(args), ...streams, settings: readSettings(process.env) });
  } catch (error) {
    const status = statuses.find(([type]) => error instanceof type)?.[1];
    if (status === undefined) throw error;
    process.stderr.write(`lab: ${(error as Error).message}\n`);
    return status;
  }
}

process.exitCode = await main(process.argv.slice(2));
