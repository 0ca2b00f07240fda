/** docs/performance.md: benchmarks put their figures between its marks; the words around them are written by hand. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkout } from '../lab/paths.js';
import { draw, type Plot } from './plot.js';

const document = join(checkout, 'docs/performance.md');
const plotFile = join(checkout, 'docs/performance/growth.svg');

const mark = (name: string): string => `<!-- bench: ${name} -->`;
const end = '<!-- bench: end -->';

/** @throws Error if the text lacks the marks of something */
export function fill(text: string, contents: Readonly<Record<string, string>>): string {
  return Object.entries(contents).reduce((before, [name, content]) => {
    const from = before.indexOf(mark(name));
    const to = before.indexOf(end, from);
    if (from < 0 || to < 0) throw new Error(`no '${mark(name)}' with '${end}' after it`);
    return `${before.slice(0, from)}${mark(name)}\n\n${content}\n\n${before.slice(to)}`;
  }, text);
}

export function writePage(contents: Readonly<Record<string, string>>): void {
  writeFileSync(document, fill(readFileSync(document, 'utf8'), contents));
}

export function writePlot(plot: Plot): void {
  mkdirSync(dirname(plotFile), { recursive: true });
  writeFileSync(plotFile, draw(plot));
}
