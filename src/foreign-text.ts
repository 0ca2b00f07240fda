/**
 * Text of others in messages and listings: words of a command line, names of files and interfaces, keys of documents, the kernel's
 * names. It may hold characters that control a terminal, hide text, turn its direction or end the line.
 */

/** The text on one line, with escapes for its unprintable characters: `\n`, `\x1b`, `\u202e`. Printable text stays as it is. */
export const printable = (text: string): string => replaceUnprintable(text, escaped);

/** The same of each line. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

/** The text with `?` for each unprintable character, where columns count and scripts read. */
export const masked = (text: string): string => replaceUnprintable(text, () => '?');

/** The text as a string of JSON, or of YAML in double quotes, without unprintable characters. */
export const jsonString = (text: string): string =>
  replaceUnprintable(JSON.stringify(text), (character) =>
    Array.from({ length: character.length }, (_, at) => unitEscape(character.charCodeAt(at))).join(''),
  );

/** Characters of a word that a message shows. */
const LONGEST = 60;

/** A word as messages show it: printable, and cut after 60 characters. */
export function excerpt(word: string): string {
  let shown = '';
  // A character has at most two units, so that this has more than are shown.
  for (const character of word.slice(0, 2 * LONGEST + 2)) {
    const next = printable(character);
    if (shown.length + next.length > LONGEST) return `${shown}...`;
    shown += next;
  }
  return shown;
}

/** `'wlcc'` */
export const quoted = (word: string): string => `'${excerpt(word)}'`;

/** Nearly all text is ASCII, and found to be printable in a fraction of the time. */
function replaceUnprintable(text: string, replacement: (character: string) => string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  // Control and format characters (bidi marks, zero-width ones, tags), separators of lines, and halves of surrogate pairs.
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, replacement);
}

const short: ReadonlyMap<string, string> = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code > 0xffff) return `\\u{${code.toString(16)}}`;
  return (
    short.get(character) ?? (code > 0xff ? unitEscape(code) : `\\x${code.toString(16).padStart(2, '0')}`)
  );
}

const unitEscape = (unit: number): string => `\\u${unit.toString(16).padStart(4, '0')}`;
