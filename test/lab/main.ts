// npm run lab -- COMMAND ARGUMENTS...
import { GuestFailure, LabUnavailable } from './errors.js';
import { runInGuest } from './guest.js';
import { readSettings } from './settings.js';

/** What the exit status says about the lab itself, as in sysexits.h. */
const statuses = [
  [LabUnavailable, 69],
  [GuestFailure, 70],
] as const;

const terminal =
  process.stdin.isTTY && process.stdout.isTTY
    ? { rows: process.stdout.rows, columns: process.stdout.columns }
    : undefined;
const command = process.argv.slice(2);
try {
  process.exitCode = await runInGuest({
    command: command.length > 0 ? command : [process.env['SHELL'] ?? '/bin/sh'],
    settings: readSettings(process.env),
    stdin: command.length > 0 ? undefined : process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    terminal: command.length > 0 ? undefined : terminal,
  });
} catch (error) {
  const known = statuses.find(([type]) => error instanceof type);
  if (!known) throw error;
  process.stderr.write(`lab: ${(error as Error).message}\n`);
  process.exitCode = known[1];
}
