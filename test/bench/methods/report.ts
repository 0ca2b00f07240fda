/** What runs of the methods' benchmark measured, as tables and as a plot. */
import { writePage, writePlot } from '../page.js';
import type { Plot } from '../plot.js';
import { type Spread, spreadOf } from '../statistics.js';
import { markdown, type Table } from '../tables.js';
import {
  answerBytes,
  base,
  type Case,
  cases,
  compared,
  families,
  heldCounts,
  type Method,
  methods,
  nameOf,
  serverCounts,
  type Variables,
} from './cases.js';

/** What the director received on a link, and the instructions that it spent on that: both for each request. */
export interface Cost {
  readonly instructions: number;
  readonly packets: number;
}

export interface Sample extends Case {
  /** On the link that requests come from. */
  readonly requests: Cost;
  /** On the link of the servers. Their answers come here only with NAT. */
  readonly answers: Cost;
}

/** Why a case failed. */
interface Problem {
  readonly case: Case;
  readonly problem: string;
}

/** One run. */
export interface Report {
  /** Release of the guest's kernel. */
  readonly kernel: string;
  readonly samples: readonly Sample[];
  readonly problems: readonly Problem[];
}

/** A line of JSON that the guest writes. */
export type Line = Pick<Report, 'kernel'> | Sample | Problem;

export function gather(lines: readonly Line[]): Report {
  const kernel = lines.find((line) => 'kernel' in line)?.kernel;
  if (kernel === undefined) throw new Error('the guest has measured nothing');
  return {
    kernel,
    samples: lines.filter((line): line is Sample => 'answers' in line),
    problems: lines.filter((line): line is Problem => 'problem' in line),
  };
}

const instructionsOf = ({ requests, answers }: Sample): number =>
  requests.instructions + answers.instructions;

const thousands = (instructions: number): string => (instructions / 1000).toFixed(1);
const grouped = (number: number): string => number.toLocaleString('en');

export class Measurements {
  constructor(private readonly runs: readonly Report[]) {}

  private samples(one: Case): Sample[] {
    const name = nameOf(one);
    return this.runs.flatMap(({ samples }) => samples.filter((sample) => nameOf(sample) === name));
  }

  private spread(one: Case, of: (sample: Sample) => number = instructionsOf): Spread | undefined {
    const values = this.samples(one).map(of);
    return values.length > 0 ? spreadOf(values) : undefined;
  }

  /** The case that differs most between runs, and by what share of its median; undefined if none was measured twice. */
  widest(): { readonly name: string; readonly share: number } | undefined {
    const [widest] = cases
      .filter((one) => this.samples(one).length > 1)
      .map((one) => {
        const { least, median, most } = spreadOf(this.samples(one).map(instructionsOf));
        return { name: nameOf(one), share: (most - least) / median };
      })
      .sort((a, b) => b.share - a.share);
    return widest;
  }

  tables(): Table[] {
    const all = Object.keys(methods) as Method[];
    return [
      this.matrix('family', Object.keys(families) as (keyof typeof families)[], all, 'families'),
      this.matrix('servers', serverCounts, compared, 'servers'),
      this.matrix('bytes', answerBytes, compared, 'bytes of an answer'),
      this.matrix('held', heldCounts, compared, 'connections held'),
      this.links(),
    ].filter(({ rows }) => rows.length > 0);
  }

  /** Methods by the values of one variable. */
  private matrix<Name extends keyof Variables>(
    name: Name,
    values: readonly Variables[Name][],
    rows: readonly Method[],
    title: string,
  ): Table {
    const cell = (method: Method, value: Variables[Name]): string => {
      const spread = this.spread({ ...base, [name]: value, method });
      return spread ? thousands(spread.median) : '';
    };
    return {
      title: `Thousands of instructions of the director for each request, by ${title}`,
      head: [
        'method',
        ...values.map((value) => (typeof value === 'number' ? grouped(value) : String(value))),
      ],
      rows: rows
        .map((method) => [method, ...values.map((value) => cell(method, value))])
        .filter((row) => row.some((text, column) => column > 0 && text !== '')),
    };
  }

  /** Packets and the cost of one, on either link. */
  private links(): Table {
    const each = (one: Case, link: 'requests' | 'answers'): string[] => {
      const packets = this.spread(one, (sample) => sample[link].packets)?.median ?? 0;
      const instructions = this.spread(one, (sample) => sample[link].instructions)?.median ?? 0;
      // A neighbour's question now and then is no traffic of requests.
      return packets < 1 ? ['0', ''] : [packets.toFixed(1), thousands(instructions / packets)];
    };
    const rows = [base.bytes, 1_000_000].flatMap((bytes) =>
      compared.map((method): Case => ({ ...base, bytes, method })),
    );
    return {
      title:
        'Packets that the director receives for each request, and thousands of instructions for each of them',
      head: ['bytes', 'method', 'requests: packets', 'each', 'answers: packets', 'each'],
      rows: rows
        .filter((one) => this.samples(one).length > 0)
        .map((one) => [grouped(one.bytes), one.method, ...each(one, 'requests'), ...each(one, 'answers')]),
    };
  }

  plot(): Plot {
    const panel = (name: 'bytes' | 'held', values: readonly number[], title: string, x: string) => ({
      title,
      x,
      series: compared.map((method) => ({
        name: method,
        colour: colours[method],
        points: values.flatMap((value) => {
          const y = this.spread({ ...base, [name]: value, method }, (one) => instructionsOf(one) / 1000);
          return y ? [{ x: value, y }] : [];
        }),
      })),
    });
    return {
      title: 'What forwarding methods cost the director',
      x: '',
      y: 'thousands of instructions for each request',
      panels: [
        panel('bytes', answerBytes, 'Length of the answer', 'bytes'),
        panel('held', heldCounts, 'Connections held', 'connections'),
      ],
    };
  }

  /** @throws Error if a case was not measured */
  writeDocuments(): void {
    const lacking = cases.find((one) => this.samples(one).length === 0);
    if (lacking) throw new Error(`'${nameOf(lacking)}' was not measured: the page takes whole runs`);
    writePage('lvs-methods.md', {
      runs: this.summary(),
      methods: this.tables()
        .map((table) => `${table.title}:\n\n${markdown(table)}`)
        .join('\n\n'),
    });
    writePlot('performance/methods.svg', this.plot());
  }

  summary(): string {
    const kernels = [...new Set(this.runs.map(({ kernel }) => kernel))].join(', ');
    const count = Math.min(...cases.map((one) => this.samples(one).length).filter((each) => each > 0));
    const widest = this.widest();
    const measured = `Kernel ${kernels}, emulated by QEMU; each case was measured in ${count} ${count === 1 ? 'guest' : 'guests'}.`;
    if (widest === undefined) return measured;
    const share = (100 * widest.share).toFixed(1);
    return `${measured} The figures are medians. Runs differ by at most ${share} % (${widest.name}).`;
  }
}

const colours: Readonly<Record<(typeof compared)[number], string>> = {
  NAT: '#d55e00',
  ipip: '#0072b2',
  gue: '#56b4e9',
  gre: '#009e73',
  DR: '#666666',
};
