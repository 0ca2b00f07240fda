/**
 * A program as a process for each command line: the real ipvsadm. One shell starts them all, because forking Node takes
 * longer than ipvsadm runs. What it starts gets no random addresses (setarch -R): an emulated processor translates code
 * anew for each address that it finds it at, which is half of what a short process costs there.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { quote } from '../job.js';
import { copyProgram, memory } from './in-memory.js';
import type { CommandLine, Observation, Program } from './trial.js';

/**
 * Where names come from. Debian's own file names sources without a module, and each process that shows a name looks for
 * it in three dozen directories of the machine's, each a request over 9p.
 */
const nameSources = 'hosts: files dns\nservices: files\n';
const start = '[ ! -e /etc/nsswitch.conf ] || mount --bind "$1" /etc/nsswitch.conf; exec sh';

/** Runs a command in mounts of its own, where /proc holds nothing but connections. */
const withConnections = (path: string): string[] => [
  ...['unshare', '--mount', 'sh', '-c'],
  `cp ${quote(path)} /mnt.$$ && mount -t tmpfs none /proc && mkdir /proc/net && mv /mnt.$$ /proc/net/ip_vs_conn && exec "$@"`,
  'sh',
];

export class ShellProgram implements Program {
  private readonly shell: ChildProcess;
  private readonly lines: Interface;
  private readonly answers: AsyncIterator<string>;

  /**
   * @param program its path, and what comes before the words of each command line
   * @param directory holds the program's files and libraries of its own, if it has any; removed in the end
   */
  constructor(
    private readonly program: readonly string[],
    private readonly directory = scratch(),
  ) {
    const names = this.write('nsswitch.conf', nameSources);
    this.shell = spawn(
      'unshare',
      ['--mount', 'setarch', '--addr-no-randomize', 'sh', '-c', start, 'sh', names],
      {
        stdio: ['pipe', 'pipe', 'ignore'],
        env: { ...process.env, LD_LIBRARY_PATH: this.directory },
      },
    );
    this.lines = createInterface({ input: this.shell.stdout as Readable });
    this.answers = this.lines[Symbol.asyncIterator]();
  }

  async run({ words, stdin = '', connections }: CommandLine): Promise<Observation> {
    const input = this.write('stdin', stdin);
    const within = connections === undefined ? [] : withConnections(this.write('connections', connections));
    const command = [...within, ...this.program, ...words].map(quote).join(' ');
    const [stdout, stderr] = [join(this.directory, 'stdout'), join(this.directory, 'stderr')];
    (this.shell.stdin as Writable).write(`${command} <${input} >${stdout} 2>${stderr}; echo $?\n`);
    const { value, done } = await this.answers.next();
    if (done) throw new Error(`the shell ended at: ${command}`);
    return {
      status: Number(value),
      stdout: readFileSync(stdout, 'latin1'),
      stderr: readFileSync(stderr, 'latin1'),
    };
  }

  async close(): Promise<void> {
    const ended = once(this.shell, 'exit');
    (this.shell.stdin as Writable).end();
    await ended;
    this.lines.close();
    rmSync(this.directory, { recursive: true });
  }

  /** @returns the file's path; nothing has none to be read from */
  private write(name: string, content: string): string {
    if (content === '') return '/dev/null';
    const path = join(this.directory, name);
    writeFileSync(path, content);
    return path;
  }
}

const scratch = (): string => mkdtempSync(join(memory, 'differential-'));

/** Debian's ipvsadm, the reference. */
export function ipvsadm(): ShellProgram {
  const directory = scratch();
  return new ShellProgram([copyProgram('/sbin/ipvsadm', directory)], directory);
}
