/** A whole terminal as lines of text. Only the lines that changed are written. The sequences are those of ECMA-48 and xterm. */

import type { TerminalModes } from '../context.js';

export const screenModes: TerminalModes = {
  // The alternate screen, without a cursor.
  enter: '\x1b[?1049h\x1b[?25l',
  leave: '\x1b[0m\x1b[?25h\x1b[?1049l',
};

const CLEAR = '\x1b[2J';
/** Erased first: behind a line that reaches the last column, the cursor stands on its last character. */
const lineAt = (row: number): string => `\x1b[${row + 1};1H\x1b[2K`;

export class Screen {
  /** Undefined if it is not known what the terminal shows. */
  private shown: readonly string[] | undefined;

  /** Everything is written again: other programs wrote, or the size changed. */
  forget(): void {
    this.shown = undefined;
  }

  /**
   * The text that makes the terminal show these lines.
   * @param lines at most as many as the screen has rows, none longer than its columns; they may be coloured
   */
  show(lines: readonly string[]): string {
    const before = this.shown;
    this.shown = [...lines];
    if (before === undefined) return CLEAR + lines.map((line, row) => lineAt(row) + line).join('');
    const rows = Math.max(lines.length, before.length);
    return Array.from({ length: rows }, (_, row) =>
      lines[row] === before[row] ? '' : lineAt(row) + (lines[row] ?? ''),
    ).join('');
  }
}

const named: Readonly<Record<string, string>> = {
  '\x1b[A': 'up',
  '\x1bOA': 'up',
  '\x1b[B': 'down',
  '\x1bOB': 'down',
  '\x1b[C': 'right',
  '\x1bOC': 'right',
  '\x1b[D': 'left',
  '\x1bOD': 'left',
  '\x1b[5~': 'page up',
  '\x1b[6~': 'page down',
  '\x1b[H': 'home',
  '\x1bOH': 'home',
  '\x1b[1~': 'home',
  '\x1b[F': 'end',
  '\x1bOF': 'end',
  '\x1b[4~': 'end',
  '\x1b': 'escape',
  '\r': 'enter',
  '\n': 'enter',
  '\x7f': 'backspace',
  '\b': 'backspace',
  '\x03': 'ctrl-c',
  '\x0c': 'ctrl-l',
  '\x15': 'ctrl-u',
  '\x1a': 'ctrl-z',
};

/** A sequence of control (CSI, SS3), or a character. */
const KEY = /\p{Cc}(?:\[[0-9;?]*[ -/]*[@-~]|O[A-Za-z])|./gsu;

/** The keys that a terminal in raw mode sent: characters, and names such as `up` and `ctrl-c`. Unknown ones are left out. */
export const keysIn = (input: string): string[] =>
  (input.match(KEY) ?? []).flatMap((text) => named[text] ?? (/\p{Cc}/u.test(text) ? [] : [text]));
