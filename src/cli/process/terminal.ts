/** The terminal of the process, for a live view. */
import type { Output, Size, Terminal, TerminalEvent, TerminalModes } from '../../context.js';

/** Signals that end the process: the first three ask it to stop, and end it when they come again. */
const ending = { SIGINT: 2, SIGTERM: 2, SIGHUP: 2, SIGQUIT: 1 } as const;
type Ending = keyof typeof ending;

/** Milliseconds for a stop signal to take effect. It has none on processes that no shell could continue. */
const STOPPING = 200;

/** Where the size is not known: that of a VT100. */
const usual: Size = { columns: 80, rows: 24 };

/**
 * @param out standard output
 * @param closed called when the view is left
 * @returns undefined if it or standard input is no terminal
 */
export const openTerminal = (
  out: Output,
  modes: TerminalModes,
  report: (event: TerminalEvent) => void,
  closed: () => void = () => {},
): Terminal | undefined =>
  out.isTTY && process.stdin.isTTY ? new ProcessTerminal(out, modes, report, closed) : undefined;

class ProcessTerminal implements Terminal {
  private isTaken = false;

  constructor(
    private readonly out: Output,
    private readonly modes: TerminalModes,
    private readonly report: (event: TerminalEvent) => void,
    private readonly closed: () => void,
  ) {
    const { stdin } = process;
    stdin.setEncoding('utf8');
    stdin.on('data', (input) => report({ input: String(input) }));
    for (const event of ['end', 'error'] as const) stdin.on(event, () => report('closed'));
    process.on('SIGWINCH', () => report('resized'));
    process.on('SIGCONT', () => this.continued());
    process.on('SIGTSTP', this.stop);
    process.once('SIGHUP', () => report('closed'));
    for (const signal of Object.keys(ending) as Ending[]) this.restoreAt(signal);
    process.on('exit', () => this.release());
    // Before the runtime writes the error, which would be lost with the alternate screen.
    process.on('uncaughtExceptionMonitor', () => {
      this.release();
      // Node ends by itself; Bun 1.4 goes on while the program's first module awaits.
      setImmediate(() => process.exit(1));
    });
    this.take();
  }

  get size(): Size {
    const [columns = usual.columns, rows = usual.rows] = process.stdout.getWindowSize();
    // A serial line has no size.
    return { columns: columns || usual.columns, rows: rows || usual.rows };
  }

  write(text: string): Promise<void> | void {
    // While it is suspended the screen is the shell's; all is drawn again afterwards.
    if (this.isTaken) return this.out.write(text);
  }

  async suspend(): Promise<void> {
    this.release();
    process.off('SIGTSTP', this.stop);
    let goOn = () => {};
    const continued = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    process.once('SIGCONT', goOn);
    // The whole job, as the terminal does at Ctrl-Z: the shell waits for the program in front, such as sudo.
    process.kill(0, 'SIGTSTP');
    await Promise.race([continued, new Promise((resolve) => setTimeout(resolve, STOPPING))]);
    process.off('SIGCONT', goOn);
    process.on('SIGTSTP', this.stop);
    this.take();
    this.report('continued');
  }

  close(): void {
    this.release();
    this.closed();
    process.stdin.pause();
  }

  private readonly stop = () => void this.suspend();

  /** After SIGSTOP, before which nothing could be restored, the shell has set modes of its own. */
  private continued(): void {
    if (!this.isTaken) return;
    process.stdin.setRawMode(false);
    this.take();
    this.report('continued');
  }

  private restoreAt(signal: Ending): void {
    let left: number = ending[signal];
    const end = () => {
      if (--left > 0) return;
      this.release();
      process.off(signal, end);
      process.kill(process.pid, signal);
    };
    process.on(signal, end);
  }

  private take(): void {
    this.isTaken = true;
    process.stdin.setRawMode(true);
    process.stdin.resume();
    void this.out.write(this.modes.enter);
  }

  private release(): void {
    if (!this.isTaken) return;
    this.isTaken = false;
    try {
      void this.out.write(this.modes.leave);
      process.stdin.setRawMode(false);
    } catch {
      // The terminal is gone.
    }
  }
}
