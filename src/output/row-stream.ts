/** A table whose rows come one after the other, without end: the first ones decide how wide the columns are. */
import type { Output } from '../context.js';
import { BETWEEN, type Column, keptColumns } from './columns.js';
import { TextBuffer } from './text-buffer.js';
import type { Theme } from './theme.js';

/** Rows that decide. */
const SAMPLE = 1000;

export class RowStream {
  /** Rows until the widths are known. */
  #sample: (readonly string[])[] | undefined = [];
  #widths: readonly number[] = [];
  #kept: readonly number[] = [];
  readonly #text = new TextBuffer();

  /** @param width of the terminal in columns; undefined: as wide as the cells are */
  constructor(
    private readonly columns: readonly Column[],
    private readonly theme: Pick<Theme, 'heading'>,
    private readonly width = Number.POSITIVE_INFINITY,
  ) {}

  add(cells: readonly string[]): void {
    if (this.#sample === undefined) this.#add(cells);
    else if (this.#sample.push(cells) === SAMPLE) this.#measure(this.#sample);
  }

  /** Writes the lines that are ready. */
  flush(output: Output): Promise<void> {
    return this.#text.flush(output);
  }

  /** Writes the lines that are left. */
  end(output: Output): Promise<void> {
    if (this.#sample !== undefined) this.#measure(this.#sample);
    return this.flush(output);
  }

  #measure(sample: readonly (readonly string[])[]): void {
    this.#widths = this.columns.map(({ heading }, index) =>
      sample.reduce((most, cells) => Math.max(most, (cells[index] ?? '').length), heading.length),
    );
    this.#kept = keptColumns(this.columns, this.#widths, this.width);
    this.#sample = undefined;
    this.#add(
      this.columns.map(({ heading }) => heading),
      this.theme.heading,
    );
    for (const cells of sample) this.#add(cells);
  }

  /** Without blanks at its end. A million lines that are made as strings first would make the heap grow. */
  #add(cells: readonly string[], paint = (cell: string): string => cell): void {
    let blanks = 0;
    for (const index of this.#kept) {
      const cell = cells[index] ?? '';
      const missing = Math.max(0, (this.#widths[index] ?? 0) - cell.length);
      const isRight = this.columns[index]?.align === 'right';
      this.#text.blank(blanks + (isRight ? missing : 0));
      this.#text.add(paint(cell));
      blanks = BETWEEN.length + (isRight ? 0 : missing);
    }
    this.#text.add('\n');
  }
}
