/** The process as commands see it: streams, files, clock and kernel. Tests hand in their own. */

import type { ClientOptions, IpvsClient } from './ipvs/client.js';
import type { OpenSocket } from './netlink/transport/socket.js';
import type { Files } from './system/files/files.js';
import type { Later } from './system/programs/later.js';
import type { ProgramRun } from './system/programs/program.js';
import type { Worker, WorkerEvents } from './system/programs/worker.js';

/** Standard output or standard error: takes text, or its bytes. */
export interface Output {
  /** A terminal, as opposed to a pipe or a file. */
  readonly isTTY: boolean;
  /** Width of the terminal in columns; undefined in a pipe. */
  readonly columns?: number | undefined;
  /**
   * Writes text, or its bytes in UTF-8. The bytes must not change until the promise has resolved. Wait for it before writing
   * more than fits in memory.
   * @throws ClosedPipe if the reader has closed the pipe
   */
  write(text: string | Uint8Array): Promise<void> | void;
}

/** Of a terminal, in characters. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Standard input and output as a terminal that a live view has for itself, in raw mode. */
export interface Terminal {
  readonly size: Size;
  /** @throws as `Output` does */
  write(text: string): Promise<void> | void;
  /** Stops the process and its group, as Ctrl-Z does, with the terminal as it was before. Resolves when they continue. */
  suspend(): Promise<void>;
  /** Leaves the terminal as it was. */
  close(): void;
}

/** Input, in characters and sequences of control; a new size; the process was stopped, and continues; there is no more input. */
export type TerminalEvent = { readonly input: string } | 'resized' | 'continued' | 'closed';

/** Sequences that prepare a terminal, and that undo this. */
export interface TerminalModes {
  readonly enter: string;
  readonly leave: string;
}

/** The reader of the output has closed the pipe (`| head`): ends the program without a message. */
export class ClosedPipe extends Error {
  override name = 'ClosedPipe';
}

/** An error with an exit status other than that of its class. */
export class WithStatus extends Error {
  override name = 'WithStatus';
  constructor(
    readonly status: number,
    override readonly cause: unknown,
  ) {
    super(`exit status ${status}`);
  }
}

/** The names of ipvsadm's programs, which lvsadm replaces under these names. */
export const ipvsadmPrograms = ['ipvsadm', 'ipvsadm-save', 'ipvsadm-restore'] as const;

/** The name that a program was called by: the last part of its path, without the `.js` of Node's scripts. */
export function calledName(program: string): string {
  const name = program.slice(program.lastIndexOf('/') + 1);
  return name.endsWith('.js') && name !== '.js' ? name.slice(0, -3) : name;
}

export interface Context {
  /** Path of the program that runs, as it was called. */
  readonly program: string;
  /** The words of the subcommand that runs, its name first; undefined in ipvsadm's grammar. */
  readonly words?: readonly string[];
  readonly out: Output;
  readonly err: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Standard input, in chunks as they come. */
  readonly stdin: AsyncIterable<Uint8Array>;
  /** A file as a stream of chunks, each valid until the next is asked for; rejects as node:fs does. */
  readFile(path: string): AsyncIterable<Uint8Array>;
  /** The process's own files. */
  readonly files: Files;
  /** IPVS in the kernel: opened at the first call, the same for every later one. */
  client(): Promise<IpvsClient>;
  /** Opens another client, which the caller closes: for commands that open it anew after a failure, or do not load the module. */
  openClient(how: Pick<ClientOptions, 'autoload' | 'timeout'>): Promise<IpvsClient>;
  /**
   * Runs this program with these words in the network namespace of a file. @returns its exit status, unless it has replaced this
   * process. @throws HostError if the namespace cannot be entered
   */
  runInNetns(path: string, words: readonly string[]): Promise<number>;
  /**
   * Runs this program with other words as a process of its own, with the standard error of this one.
   * @param stdout of this process (`inherit`), or to be returned (`pipe`)
   * @param stop ends it. @throws HostError then
   */
  runSelf(words: readonly string[], stdout: 'inherit' | 'pipe', stop?: AbortSignal): Promise<ProgramRun>;
  /**
   * Runs this program with other words after some seconds, whatever becomes of this process, its terminal and its session.
   * @param name of the unit where systemd runs it
   * @throws HostError
   */
  runLater(words: readonly string[], seconds: number, name: string): Promise<Later>;
  /** Starts this program with other words in a network namespace of its own. @throws HostError if it cannot be started */
  startWorker(words: readonly string[], events: WorkerEvents): Promise<Worker>;
  /** Opens a netlink socket of another protocol than generic netlink, such as rtnetlink. */
  readonly openSocket: OpenSocket;
  /**
   * Aborted by the first SIGINT or SIGTERM: a command that reads this ends at its next pause. A second signal ends the process at
   * once. The reason is the signal's name. Undefined where there are no signals.
   */
  stopRequest?(): AbortSignal;
  /** Calls with each piece of standard input, while other work goes on, and with undefined at its end. */
  onInput?(call: (text: string | undefined) => void): void;
  /** Calls at each SIGHUP, which otherwise ends the process. */
  onReload?(call: () => void): void;
  /**
   * Takes the terminal. It is left as it was when it is closed, at the end of the process, and by signals that end it.
   * @returns undefined if standard input or output is no terminal
   */
  openTerminal?(modes: TerminalModes, report: (event: TerminalEvent) => void): Terminal | undefined;
  /** Milliseconds since an arbitrary moment; never decreases. */
  now(): number;
  /** The time of day, for records. */
  date(): Date;
  /** Resolves after this many milliseconds. */
  sleep(milliseconds: number): Promise<void>;
}
