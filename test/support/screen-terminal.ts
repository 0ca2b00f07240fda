/** A terminal in memory: shows what a program wrote, as a person would see it, and types keys. */
import type { Context, Size, Terminal, TerminalEvent } from '../../src/context.js';

const SEQUENCE = /\p{Cc}\[(\??[0-9;]*)([A-Za-z])|(\P{Cc})/gu;

export class ScreenTerminal implements Terminal {
  /** Whether a program has it for itself. */
  isTaken = false;
  suspensions = 0;
  private rows: string[] = [];
  private row = 0;
  private report: (event: TerminalEvent) => void = () => {};

  constructor(public size: Size = { columns: 80, rows: 24 }) {}

  /** For a context. */
  readonly open: NonNullable<Context['openTerminal']> = (_, report) => {
    this.isTaken = true;
    this.report = report;
    return this;
  };

  write(text: string): Promise<void> | void {
    for (const [, parameters = '', command, character] of text.matchAll(SEQUENCE)) {
      if (command === 'H') this.row = Number(parameters.split(';')[0] || '1') - 1;
      else if (command === 'J') this.rows = [];
      else if (command === 'K') this.rows[this.row] = '';
      else if (character !== undefined) this.rows[this.row] = (this.rows[this.row] ?? '') + character;
    }
  }

  /** Lines on the screen, without blanks at their ends. */
  get lines(): string[] {
    return Array.from({ length: this.size.rows }, (_, row) => (this.rows[row] ?? '').trimEnd());
  }

  type(input: string): void {
    this.report({ input });
  }

  hangUp(): void {
    this.report('closed');
  }

  resize(size: Size): void {
    this.size = size;
    this.report('resized');
  }

  async suspend(): Promise<void> {
    this.suspensions++;
    this.rows = ['another program wrote this'];
    this.report('continued');
  }

  close(): void {
    this.isTaken = false;
  }
}
