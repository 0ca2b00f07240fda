/** A terminal of tmux's, with a shell that has job control in it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds for a program to show something, also on an emulated processor. */
const PATIENCE = 15_000;
const POLL = 50;

export class Tmux implements Disposable {
  private constructor(private readonly socket: string) {}

  /** @param socket path of tmux's own socket */
  static async start(
    socket: string,
    env: Readonly<Record<string, string>>,
    columns = 80,
    rows = 24,
  ): Promise<Tmux> {
    const tmux = new Tmux(socket);
    const shell = `bash --norc --noprofile -i`;
    const words = ['-f', '/dev/null', 'new-session', '-d', '-x', `${columns}`, '-y', `${rows}`, shell];
    execFileSync('tmux', ['-S', socket, ...words], {
      env: { PATH: process.env['PATH'], TERM: 'xterm-256color', LANG: 'C.UTF-8', ...env },
    });
    // Its two halves: the screen shows what is typed.
    tmux.type(`PS1='REA''DY>'; clear`, 'Enter');
    await tmux.shows(/^READY>$/m);
    return tmux;
  }

  /** Types text, and keys that tmux has names for: `Enter`, `Down`, `C-z`. */
  type(...keys: readonly string[]): void {
    this.run('send-keys', ...keys);
  }

  resize(columns: number, rows: number): void {
    this.run('resize-window', '-x', `${columns}`, '-y', `${rows}`);
  }

  /** Lines on the screen, without blanks at their ends. */
  get lines(): string[] {
    return this.run('capture-pane', '-p')
      .split('\n')
      .slice(0, -1)
      .map((line) => line.trimEnd());
  }

  /** The same with colours, as sequences of control. */
  get coloured(): string {
    return this.run('capture-pane', '-p', '-e');
  }

  /** Waits for the screen to show this. @returns its lines */
  async shows(pattern: RegExp): Promise<string[]> {
    for (let waited = 0; waited < PATIENCE; waited += POLL) {
      if (pattern.test(this.lines.join('\n'))) return this.lines;
      await sleep(POLL);
    }
    return assert.fail(`the screen does not show ${pattern}:\n${this.lines.join('\n')}`);
  }

  /** Runs a command in the shell. @returns what it prints */
  async command(line: string): Promise<string> {
    this.run('clear-history');
    this.type(`clear; ${line}; echo "DO""NE"`, 'Enter');
    const lines = await this.shows(/^DONE$/m);
    return lines.slice(0, lines.indexOf('DONE')).join('\n');
  }

  /** Whether a program has the alternate screen, and whether the cursor is shown. */
  get modes(): string {
    return this.run('display-message', '-p', 'alternate #{alternate_on} cursor #{cursor_flag}').trim();
  }

  /**
   * Waits for the terminal to be as a program found it: the shell's screen and cursor, and lines are edited and echoed.
   * @returns what the shell shows
   */
  async restored(): Promise<string> {
    const lines = await this.shows(/READY>\s*$/);
    assert.equal(this.modes, 'alternate 0 cursor 1');
    const modes = await this.command("stty -a | grep -owE -e '-?(icanon|echo|isig)'");
    assert.equal(modes, 'isig\nicanon\necho');
    return lines.join('\n');
  }

  [Symbol.dispose](): void {
    this.run('kill-server');
  }

  private run(...words: readonly string[]): string {
    return execFileSync('tmux', ['-S', this.socket, ...words], { encoding: 'utf8' });
  }
}
