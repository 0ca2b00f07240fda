/** A screen of a terminal as SVG, with the colours of light and dark pages. The sequences are those of ECMA-48 that themes use. */
import assert from 'node:assert/strict';

/** Of a character, in pixels. */
const CELL = { width: 8.4, height: 18 };
/** From the top of a character. */
const BASELINE = 14;
const MARGIN = 12;

const style = `
  svg { --paper: #ffffff; --ink: #1f2328; --edge: #d1d9e0; --red: #cf222e; --yellow: #8a6100; }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #e6edf3; --edge: #3d444d; --red: #ff7b72; --yellow: #d29922; }
  }
  .screen { fill: var(--paper); stroke: var(--edge); }
  text { fill: var(--ink); font: 14px ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace; }
  .bold { font-weight: bold; }
  .red { fill: var(--red); }
  .yellow { fill: var(--yellow); }
  .bar { fill: var(--ink); }
  .inverse { fill: var(--paper); }
`;

/** What a parameter of SGR switches on, and what it switches off. */
const attributes: Readonly<Record<string, { readonly on?: string; readonly off?: readonly string[] }>> = {
  1: { on: 'bold' },
  7: { on: 'inverse' },
  22: { off: ['bold'] },
  27: { off: ['inverse'] },
  31: { on: 'red' },
  33: { on: 'yellow' },
  39: { off: ['red', 'yellow'] },
};

/** Characters with the same attributes. */
interface Run {
  readonly column: number;
  readonly text: string;
  readonly classes: readonly string[];
}

function runsIn(line: string): Run[] {
  const runs: Run[] = [];
  const classes = new Set<string>();
  let column = 0;
  for (const [, parameter, text = ''] of line.matchAll(/\p{Cc}\[(\d+)m|(\P{Cc}+)/gu)) {
    if (parameter === undefined) {
      runs.push({ column, text, classes: [...classes] });
      column += text.length;
      continue;
    }
    const { on, off = [] } = attributes[parameter] ?? assert.fail(`no colour has the number ${parameter}`);
    for (const name of off) classes.delete(name);
    if (on !== undefined) classes.add(on);
  }
  return runs;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

const pixels = (cells: number): string => (cells * CELL.width).toFixed(1);

const xAt = (column: number): string => `x="${(MARGIN + column * CELL.width).toFixed(1)}"`;

/** The words of a run each at their place: whatever the width of the font's characters, columns stand below each other. */
function runSvg({ column, text, classes }: Run, row: number): string[] {
  const y = MARGIN + row * CELL.height;
  const named = classes.length > 0 ? ` class="${classes.join(' ')}"` : '';
  const words = [...text.matchAll(/\S+(?: \S+)*/g)].map(({ 0: word, index }) => {
    const length = `textLength="${pixels(word.length)}" lengthAdjust="spacingAndGlyphs"`;
    return `<text${named} ${xAt(column + index)} y="${y + BASELINE}" ${length}>${escaped(word)}</text>`;
  });
  if (!classes.includes('inverse')) return words;
  const bar = `<rect class="bar" ${xAt(column)} y="${y}" width="${pixels(text.length)}" height="${CELL.height}"/>`;
  return [bar, ...words];
}

/**
 * @param lines of the screen, with its colours
 * @param columns of the terminal
 */
export function screenSvg(lines: readonly string[], columns: number, title: string): string {
  const width = Math.ceil(2 * MARGIN + columns * CELL.width);
  const height = 2 * MARGIN + lines.length * CELL.height;
  const drawn = lines.flatMap((line, row) => runsIn(line).flatMap((run) => runSvg(run, row)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${style}</style>`,
    `<rect class="screen" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="6"/>`,
    ...drawn,
    '</svg>',
    '',
  ].join('\n');
}
