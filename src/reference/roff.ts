/** Text in the macros of man(7). */

/** Text in short lines, for paragraphs: roff fills them anew. */
export const plain = (text: string): string => escaped(text.replaceAll(/(.{60}\S*) /g, '$1\n'));

/** Text as roff takes it: no line looks like a request, and dashes are minus signs. */
const escaped = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('~', '\\(ti')
    .replaceAll('^', '\\(ha')
    .replaceAll(/^([.'])/gm, '\\&$1');

export const bold = (text: string): string => `\\fB${escaped(text)}\\fR`;
export const italic = (text: string): string => `\\fI${escaped(text)}\\fR`;

export const section = (title: string, ...blocks: readonly string[]): string =>
  [`.SH ${title.toUpperCase()}`, ...blocks].join('\n');

/** A tag, which stands on one line of the source whatever its length, and a paragraph about it. */
export const tagged = (tag: string, text: string): string => `.TP\n${tag}\n${plain(text)}`;
export const paragraph = (text: string): string => `.PP\n${plain(text)}`;
export const verbatim = (text: string): string =>
  ['.PP', '.EX', ...text.split('\n').map(escaped), '.EE'].join('\n');
