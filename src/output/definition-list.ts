/** Terms and what they mean, in two columns, and the wrapping of text. */

/** A column of terms is at most this wide; a longer term has a line of its own. */
const TERM_WIDTH = 32;
const INDENT = '  ';

/** Lines of at most `width` columns, as far as words allow. */
export function definitionList(
  rows: readonly (readonly [term: string, text: string])[],
  width: number,
): string {
  const fitting = rows.map(([term]) => term.length).filter((length) => length <= TERM_WIDTH);
  const column = INDENT.length + Math.max(0, ...fitting) + 2;
  return rows
    .map(([term, text]) => {
      const lines = wrap(text, width - column).join(`\n${' '.repeat(column)}`);
      const start = INDENT + term;
      return start.length + 2 > column
        ? `${start}\n${' '.repeat(column)}${lines}\n`
        : `${start.padEnd(column)}${lines}\n`;
    })
    .join('');
}

/** Lines of at most `width` columns; a longer word is not broken. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
