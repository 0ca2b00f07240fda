/** The words of `npm run bench`. */
import { parseArgs } from 'node:util';

export interface Options {
  readonly help: boolean;
  /** Part of the names of the cases to measure. */
  readonly only: readonly string[];
  /** Instead of each case's own number. */
  readonly rounds: number | undefined;
  /** One round, and no long cases. */
  readonly quick: boolean;
  /** File for every measurement, as JSON. */
  readonly json: string | undefined;
  /** File with the measurements of an earlier run, to be shown instead of measuring. */
  readonly from: string | undefined;
  readonly writeDocs: boolean;
  readonly list: boolean;
  /** Profile the largest cases as well. */
  readonly profile: boolean;
}

export const usage = `npm run bench -- [OPTION...]

  --only PATTERN   only cases whose name contains it; may be repeated
  --list           the names of the cases
  --rounds N       rounds of each case (default: 3 to 7)
  --quick          one round, and no long cases
  --profile        also show where the time of the largest cases goes
  --json FILE      also write every measurement to a file
  --from FILE      measure nothing, show a file that --json wrote
  --write-docs     put what needs a kernel into docs/performance.md
`;

/** @throws Error that says what is wrong with the words */
export function readOptions(words: readonly string[]): Options {
  const { values } = parseArgs({
    args: attached(words),
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      only: { type: 'string', multiple: true, default: [] },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      json: { type: 'string' },
      from: { type: 'string' },
      'write-docs': { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      profile: { type: 'boolean', default: false },
    },
  });
  const { help, only, quick, json, from, list, 'write-docs': writeDocs } = values;
  if (writeDocs && (quick || only.length > 0))
    throw new Error('--write-docs takes a whole run: neither --quick nor --only go with it');
  return {
    help,
    only,
    rounds: roundsOf(values.rounds, quick),
    quick,
    json,
    from,
    writeDocs,
    list,
    profile: values.profile,
  };
}

/** Attaches the pattern of --only to it: the names of many cases begin with a dash. */
export const attached = (words: readonly string[]): string[] =>
  words.flatMap((word, index) => {
    if (words[index - 1] === '--only') return [];
    return word === '--only' && index + 1 < words.length ? [`--only=${words[index + 1]}`] : [word];
  });

function roundsOf(word: string | undefined, quick: boolean): number | undefined {
  if (word === undefined) return quick ? 1 : undefined;
  if (!/^[1-9]\d*$/.test(word)) throw new Error(`--rounds is '${word}': expected a number from 1 on`);
  return Number(word);
}
