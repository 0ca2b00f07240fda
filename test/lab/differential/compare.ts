/** Where two observations or states differ, in words. */
import { isDeepStrictEqual } from 'node:util';
import { phrasesIn } from './phrases.js';
import type { CommandLine, Observation, State } from './trial.js';

export interface Deviation {
  readonly of: string;
  readonly ipvsadm: unknown;
  readonly lvsadm: unknown;
}

/** What is compared of an observation. */
const aspects: Readonly<Record<string, (seen: Observation) => unknown>> = {
  status: ({ status }) => status,
  stdout: ({ stdout }) => comparable(stdout),
  phrases: ({ stderr }) => phrasesIn(stderr),
  // The words for mistakes are each program's own, but both have some, or none.
  'silence on stderr': ({ stderr }) => stderr === '',
};

/** Help and version begin alike; the rest is each program's own. */
const comparable = (text: string): string => text.replace(/^ipvsadm v1\.31 .*/s, 'ipvsadm v1.31\n');

export const compareObservations = (ipvsadm: Observation, lvsadm: Observation): Deviation[] =>
  Object.entries(aspects).flatMap(([name, of]) => deviation(name, of(ipvsadm), of(lvsadm)));

export const compareStates = (ipvsadm: State, lvsadm: State): Deviation[] =>
  deviation('state', ipvsadm, lvsadm);

const deviation = (of: string, ipvsadm: unknown, lvsadm: unknown): Deviation[] =>
  isDeepStrictEqual(ipvsadm, lvsadm) ? [] : [{ of, ipvsadm, lvsadm }];

export const show = ({ of, ipvsadm, lvsadm }: Deviation): string =>
  `    ${of}\n      ipvsadm: ${JSON.stringify(ipvsadm)}\n      lvsadm:  ${JSON.stringify(lvsadm)}`;

/** As it would be typed, nearly. */
export const showCommand = ({ words, stdin }: CommandLine): string =>
  ['ipvsadm', ...words.map((word) => (/^[\w.,:/[\]=@%+-]+$/.test(word) ? word : JSON.stringify(word)))].join(
    ' ',
  ) + (stdin === undefined ? '' : ` < ${JSON.stringify(stdin.slice(0, 500))}`);
