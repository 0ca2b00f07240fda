/** Measurements at native speed, as tables and as a plot. */
import { machineOf } from '../host.js';
import { writePage, writePlot } from '../page.js';
import type { Plot } from '../plot.js';
import type { Host } from '../report.js';
import { type Spread, spreadOf } from '../statistics.js';
import { markdown, type Table } from '../tables.js';
import { type Case, judge, type Program, programs, titles } from './cases.js';
import type { Sample, Samples } from './measure.js';

export class Measurements {
  constructor(
    private readonly samples: ReadonlyMap<Case, Samples>,
    private readonly time: keyof Sample,
  ) {}

  private spread(one: Case, program: Program): Spread | undefined {
    const own = this.samples.get(one)?.get(program);
    return own && spreadOf(own.map((sample) => sample[this.time]));
  }

  private named(name: string): Case | undefined {
    return [...this.samples.keys()].find((one) => one.name === name);
  }

  /** Least and median, and how many times as fast as ipvsadm. */
  times(of: (one: Case) => boolean = () => true): Table {
    const chosen = [...this.samples.keys()].filter(of);
    const shown = programs.filter((program) => chosen.some((one) => one.programs.includes(program)));
    const cell = (one: Case, program: Program): string => {
      const [own, reference] = [this.spread(one, program), this.spread(one, 'ipvsadm')];
      if (own === undefined) return '';
      const ratio =
        reference && program !== 'ipvsadm' ? `, ${(reference.least / own.least).toFixed(2)}x` : '';
      return `${own.least.toFixed(1)} (${own.median.toFixed(1)})${ratio}`;
    };
    return {
      title: `Milliseconds of ${this.time} time: least (median), ipvsadm's least divided by ours`,
      head: ['case', ...shown.map((program) => titles[program])],
      rows: chosen.map((one) => [one.name, ...shown.map((program) => cell(one, program))]),
    };
  }

  verdicts(): { readonly table: Table; readonly hold: boolean } {
    const judged = judge((name, program) => {
      const one = this.named(name);
      return one && this.spread(one, program)?.least;
    });
    const row = ({ title, wanted, found, holds }: (typeof judged)[number]): string[] => [
      title,
      wanted,
      found.toFixed(2),
      holds ? 'holds' : 'does not hold',
    ];
    return {
      table: { title: 'Targets', head: ['case', 'wanted', 'found', ''], rows: judged.map(row) },
      hold: judged.every(({ holds }) => holds),
    };
  }

  /** The commands that were measured with two sizes at least. */
  plot(): Plot {
    const grown = [...this.samples.keys()].filter(({ services }) => services > 0);
    const points = (words: string, program: Program) =>
      grown
        .filter((one) => one.name === `${words} of ${(11 * one.services).toLocaleString('en')} rules`)
        .flatMap((one) => {
          const y = this.spread(one, program);
          return y ? [{ x: 11 * one.services, y }] : [];
        });
    const panels = ['-R', '-Ln', '-Sn', '-Ln --stats'].map((words) => ({
      title: words,
      series: (['ipvsadm', 'standalone', 'node'] as const).map((program) => ({
        name: titles[program],
        colour: colours[program],
        points: points(words, program),
      })),
    }));
    return {
      title: 'Time against table size',
      x: 'rules in the table',
      y: 'milliseconds',
      panels: panels.filter(({ series }) => series.every((one) => one.points.length > 1)),
    };
  }

  writeDocuments(host: Host): void {
    writePage('performance.md', {
      machine: machineOf(host),
      native: markdown(this.times(({ services }) => services > 0)),
      start: markdown(this.times(({ services }) => services === 0)),
    });
    writePlot('performance/growth.svg', this.plot());
  }
}

const colours = { ipvsadm: '#666666', standalone: '#0072b2', node: '#d55e00' } as const;
