/** This program, run after a time, whatever becomes of the process, the terminal and the session that asked for it. */
import type { ChildProcess } from 'node:child_process';
import { cannot, HostError } from '../../errors.js';
import type { Files } from '../files/files.js';
import { sharesNamespace } from '../files/run-dir.js';

/** What runs the program: a timer of systemd with this name, or a process that waits. */
export interface Later {
  readonly unit?: string | undefined;
}

type Command = readonly [file: string, ...args: string[]];

/** Written by a process that waits, once it does. */
export const WAITING = 'waiting';

/**
 * A timer of systemd(1) runs the words where systemd runs; elsewhere a process with a session of its own gets them, with `--after
 * SECONDS`: in a network namespace that is not systemd's, and if systemd-run(1) fails.
 * @param name of the unit, without its type
 * @throws HostError if neither can be had
 */
export async function runLater(
  command: Command,
  words: readonly string[],
  seconds: number,
  name: string,
  files: Files,
): Promise<Later> {
  if (hasSystemd(files) && (await startTimer([...command, ...words], seconds, name))) return { unit: name };
  await startWaiting([...command, ...words, '--after', String(seconds)]);
  return {};
}

/** Ends what `runLater` started. A process that waits ends by itself. */
export async function cancelLater({ unit }: Later): Promise<void> {
  if (unit !== undefined) await succeeds('systemctl', ['--no-ask-password', 'stop', `${unit}.timer`]);
}

function hasSystemd(files: Files): boolean {
  try {
    files.statSync('/run/systemd/system');
    return sharesNamespace(1, files) === true;
  } catch {
    return false;
  }
}

const startTimer = (command: Command, seconds: number, name: string): Promise<boolean> =>
  succeeds('systemd-run', [
    '--quiet',
    '--no-ask-password',
    '--collect',
    `--unit=${name}`,
    '--description=lvsadm takes a change back that is not confirmed',
    `--on-active=${seconds}s`,
    // The default is a minute.
    '--timer-property=AccuracySec=100ms',
    '--',
    ...command,
  ]);

/** Milliseconds for systemd to answer: it may be busy. */
const PATIENCE = 10_000;

function succeeds(file: string, args: readonly string[]): Promise<boolean> {
  const { execFile } = process.getBuiltinModule('node:child_process');
  return new Promise((resolve) => {
    execFile(file, args, { timeout: PATIENCE }, (error) => resolve(error === null));
  });
}

/** @throws HostError if it does not say that it waits */
async function startWaiting([file, ...args]: Command): Promise<void> {
  const attempted = 'start a process that takes the change back';
  const { spawn } = process.getBuiltinModule('node:child_process');
  let child: ChildProcess;
  try {
    // A session of its own: no terminal's end reaches it.
    child = spawn(file, args, { cwd: '/', detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (error) {
    throw cannot(attempted, error);
  }
  const { stdout } = child;
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new HostError(attempted, `it did not start within ${PATIENCE / 1000} s`));
    }, PATIENCE);
    const settle = (call: () => void) => () => {
      clearTimeout(late);
      call();
    };
    let said = '';
    stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes(WAITING)) settle(resolve)();
    });
    child.once('error', (error) => settle(() => reject(cannot(attempted, error)))());
    child.once(
      'close',
      settle(() => reject(new HostError(attempted, 'it ended at once'))),
    );
  });
  stdout?.destroy();
  child.unref();
}
