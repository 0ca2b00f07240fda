/** Pages of docs/: benchmarks put their figures between a page's marks; the words around them are written by hand. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkout } from '../lab/paths.js';
import { draw, type Plot } from './plot.js';

/** Names of pages and plots are paths below docs/. */
const pathOf = (name: string): string => join(checkout, 'docs', name);

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

export function writePage(name: string, contents: Readonly<Record<string, string>>): void {
  const path = pathOf(name);
  writeFileSync(path, fill(readFileSync(path, 'utf8'), contents));
}

export function writePlot(name: string, plot: Plot): void {
  const path = pathOf(name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, draw(plot));
}
