// What the demo looks like: headings, commands as they are typed, shares as bars. Fine on a terminal and in a pipe.
import { Chalk } from 'chalk';

const paint = new Chalk({ level: process.env['FORCE_COLOR'] && !process.env['NO_COLOR'] ? 1 : 0 });

const print = (text = ''): void => {
  process.stdout.write(`${text}\n`);
};

/** Each server keeps its colour throughout. */
const palette = [paint.cyan, paint.yellow, paint.magenta];

/** Characters of a bar that stands for everything. */
const whole = 50;

export interface Share {
  server: string;
  requests: number;
}

/** doctor's report, which it would colour itself on a terminal. */
const reportColours: readonly (readonly [RegExp, (text: string) => string])[] = [
  [/^ERROR/gm, paint.red.bold],
  [/^WARNING/gm, paint.yellow],
  [/^ +fix.*$/gm, paint.green],
  [/^done: .*$/gm, paint.green],
  [/^ {2}\S.* = .*$/gm, paint.dim],
];

export const stage = {
  title: (text: string) => print(`\n${paint.bold(text)}\n`),

  act: (number: number, text: string) => {
    const head = ` ${number}  ${text} `;
    print(`\n\n${paint.bold.inverse(head.padEnd(78))}\n`);
  },

  say: (text: string) => print(indent(text)),

  picture: (text: string) => print(indent(text.replace(/^\n/, ''))),

  command: (host: string, words: string) => print(indent(`${paint.dim(`${host}#`)} ${paint.bold(words)}`)),

  output: (text: string) => process.stdout.write(indent(text)),

  quiet: (text: string) => process.stdout.write(paint.dim(indent(text))),

  report: (text: string) =>
    process.stdout.write(
      indent(
        reportColours.reduce(
          (painted, [part, colour]) => painted.replace(part, (found) => colour(found)),
          text,
        ),
      ),
    ),

  /** What matters in a line. */
  mark: (text: string) => paint.yellow.bold(text),

  /** One bar for each server, in proportion. */
  shares: (shares: readonly Share[]) => {
    const total = shares.reduce((sum, { requests }) => sum + requests, 0);
    const width = Math.max(...shares.map(({ server }) => server.length));
    for (const [index, { server, requests }] of shares.entries()) {
      const colour = palette[index % palette.length] ?? paint;
      const bar = '█'.repeat(total ? Math.round((requests / total) * whole) : 0);
      print(indent(`  ${server.padEnd(width)}  ${colour(bar)} ${requests}`));
    }
  },

  good: (text: string) => print(`${paint.green('✔')}  ${text}`),
  bad: (text: string) => print(`${paint.red('✘')}  ${text}`),
};

const indent = (text: string): string => text.replaceAll(/^(?=.)/gm, '   ');
