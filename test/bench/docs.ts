/** Puts what was measured into docs/performance.md, between marks; the words around them are written by hand. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { checkout } from '../lab/paths.js';
import { growth, rules } from './growth.js';
import { cases } from './guest/cases.js';
import { draw } from './plot.js';
import { profiles } from './profile.js';
import { measuredIn, type Report } from './report.js';
import { markdown, memory, targets, times } from './tables.js';

const document = join(checkout, 'docs/performance.md');
const plot = join(checkout, 'docs/performance/growth.svg');

const sections: Readonly<Record<string, (report: Report) => string>> = {
  machine,
  targets: (report) => markdown(targets(report)),
  times: (report) => markdown(times(report)),
  memory: (report) => markdown(memory(report)),
  rules: (report) => markdown(rules(report)),
  profiles: (report) => markdown(profiles(report)),
};

/** What the figures are worth nothing without. */
export function machine({ host, guest }: Report): string {
  const emulated = guest.processor.includes('TCG') ? ' (emulated by QEMU)' : '';
  return [
    `- lvsadm ${host.lvsadm}, ${host.date}; ipvsadm ${guest.ipvsadm}; Node ${guest.node}; Bun ${host.bun}`,
    `- kernel ${guest.kernel}, ${guest.processors} processors ${guest.processor}${emulated}`,
    `- on a machine of ${host.processors} processors ${host.processor}; load average ${host.load.join(' before, ')} after`,
  ].join('\n');
}

const mark = (name: string): string => `<!-- bench: ${name} -->`;
const end = '<!-- bench: end -->';

/** @throws Error where a document has no place for something */
export function fill(text: string, contents: Readonly<Record<string, string>>): string {
  return Object.entries(contents).reduce((before, [name, content]) => {
    const from = before.indexOf(mark(name));
    const to = before.indexOf(end, from);
    if (from < 0 || to < 0) throw new Error(`no '${mark(name)}' with '${end}' after it`);
    return `${before.slice(0, from)}${mark(name)}\n\n${content}\n\n${before.slice(to)}`;
  }, text);
}

/** @throws Error where something was not measured: a document shows one run, and all of it */
export function writeDocuments(report: Report): void {
  const measured = new Set(measuredIn(report));
  const lacking = cases.find(({ name }) => !measured.has(name))?.name;
  if (lacking !== undefined) throw new Error(`'${lacking}' was not measured: the documents take a whole run`);
  if (report.profiles.length === 0) throw new Error('nothing was profiled: the documents take --profile');
  const contents = Object.entries(sections).map(([name, content]) => [name, content(report)]);
  writeFileSync(document, fill(readFileSync(document, 'utf8'), Object.fromEntries(contents)));
  mkdirSync(dirname(plot), { recursive: true });
  writeFileSync(plot, draw(growth(report)));
}
