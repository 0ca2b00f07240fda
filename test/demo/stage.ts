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

export const stage = {
  title: (text: string) => print(`\n${paint.bold(text)}\n`),

  step: (number: number, text: string) => print(`\n${paint.bold.green(`${number}`)}  ${paint.bold(text)}\n`),

  say: (text: string) => print(indent(text)),

  picture: (text: string) => print(paint.dim(indent(text.replace(/^\n/, '')))),

  command: (host: string, words: string) => print(indent(`${paint.dim(`${host}#`)} ${paint.bold(words)}`)),

  output: (text: string) => process.stdout.write(indent(text)),

  /** One bar for each server, in proportion. */
  shares: (shares: Share[]) => {
    const total = shares.reduce((sum, { requests }) => sum + requests, 0);
    const width = Math.max(...shares.map(({ server }) => server.length));
    for (const [index, { server, requests }] of shares.entries()) {
      const colour = palette[index % palette.length] ?? paint;
      const bar = '█'.repeat(total ? Math.round((requests / total) * whole) : 0);
      print(indent(`  ${server.padEnd(width)}  ${colour(bar)} ${requests}`));
    }
    print();
  },

  good: (text: string) => print(`\n${paint.green('✔')}  ${text}\n`),
  bad: (text: string) => print(`\n${paint.red('✘')}  ${text}\n`),
};

const indent = (text: string): string => text.replaceAll(/^(?=.)/gm, '   ');
