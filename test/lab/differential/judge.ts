/**
 * Judges one case of test/ipvsadm/cases.ts: both programs do the same, or they differ as test/ipvsadm/differences.ts
 * says. That a table entry differs no longer is a problem too.
 */
import { type Case, splitLine } from '../../ipvsadm/cases.js';
import { type Difference, differences } from '../../ipvsadm/differences.js';
import type { Observation as Recorded } from '../../ipvsadm/record.js';
import { compareObservations, type Deviation, show, showCommand } from './compare.js';
import type { SideBySide } from './side-by-side.js';
import type { CommandLine, Observation, Trial } from './trial.js';

/** What plays cases: a SideBySide. */
export type Pair = Pick<SideBySide, 'play' | 'ask'>;

export class Judge {
  /** The differences that some case showed. */
  readonly shown = new Set<Difference>();
  /** Listings that were compared, by command line and state: what they show follows from the state. */
  private readonly listed = new Set<string>();

  constructor(private readonly pair: Pair) {}

  /** @returns the faults; empty if there are none */
  async problem(one: Case): Promise<string> {
    const trial = trialOf(one);
    const { ipvsadm, deviations } = await this.pair.play(trial);
    const [seen] = ipvsadm.observations as [Observation];
    const difference = differenceOf(one, seen);
    const problems = difference && (await this.documented(one, trial, difference));
    if (problems !== undefined) return report(trial, problems);
    if (deviations.length > 0) return report(trial, deviations.map(show));
    return report(trial, await this.listings(seen, one.after, JSON.stringify(ipvsadm.state)));
  }

  /** Listings of the table that both left alike. */
  private async listings(
    { status }: Observation,
    after: readonly string[],
    state: string,
  ): Promise<string[]> {
    if (status !== 0) return [];
    const problems: string[] = [];
    for (const text of after) {
      const key = text + state;
      if (this.listed.has(key)) continue;
      this.listed.add(key);
      problems.push(
        ...(await this.pair.ask({ words: splitLine(text) })).map((found) => `  ${text}:\n${show(found)}`),
      );
    }
    return problems;
  }

  /**
   * Do both what the table says, and is it a difference at all?
   * @returns undefined where the table says of this case that there is none
   */
  private async documented(one: Case, trial: Trial, difference: Difference): Promise<string[] | undefined> {
    const after = one.after.map((text): CommandLine => ({ words: splitLine(text) }));
    const commands = [...trial.commands, ...after];
    const { ipvsadm, lvsadm, deviations } = await this.pair.play({ ...trial, commands });
    const seen = recorded(one, ipvsadm.observations);
    const got = recorded(one, lvsadm.observations);
    const expected = { ...seen, ...difference.instead(seen) };
    if (difference.kernelDecides && got.status === 0) Object.assign(expected, { status: 0 });
    if (!difference.onlyInKernel && unlike(seen, expected).length === 0) return undefined;
    this.shown.add(difference);
    if (deviations.length === 0) return [`    differs no longer: '${difference.reason}'`];
    return unlike(expected, got).map((problem) => `  (${difference.reason})\n${show(problem)}`);
  }
}

/** What is shown otherwise than expected; listings after a refusal are nobody's concern. */
function unlike(expected: Recorded, got: Recorded): Deviation[] {
  const asObserved = ({ status, stdout }: Recorded): Observation => ({
    status: status ?? -1,
    stdout,
    stderr: '',
  });
  const found = compareObservations(asObserved(expected), asObserved(got));
  for (const [text, wanted] of Object.entries((expected.status === 0 && expected.after) || {})) {
    const listed = got.after?.[text] ?? '';
    if (wanted !== listed) found.push({ of: text, ipvsadm: wanted, lvsadm: listed });
  }
  return found;
}

const trialOf = ({ given, run, stdin, connections }: Case): Trial => ({
  given: given.map((text) => ({ words: splitLine(text) })),
  commands: [{ words: run, stdin, connections }],
});

/** Which difference a case shows can be told before its listings are there. */
function differenceOf(one: Case, seen: Observation): Difference | undefined {
  const guess = recorded(one, [seen, ...one.after.map(() => ({ status: 0, stdout: '', stderr: '' }))]);
  const text = one.run.map((word) => word || "''").join(' ');
  return differences.find(({ concerns }) => concerns(guess, text));
}

/** Observations in the form that the table of differences goes by. */
function recorded(one: Case, [seen, ...listings]: readonly Observation[]): Recorded {
  const { given, run, stdin, connections, after } = one;
  const { status = -1, stdout = '', stderr = '' } = seen ?? {};
  return {
    ...(given.length > 0 && { given }),
    run,
    ...(stdin !== undefined && { stdin }),
    ...(connections !== undefined && { connections }),
    // A signal ended it.
    status: status > 128 && status < 128 + 32 ? null : status,
    stdout,
    stderr,
    ...(status === 0 &&
      after.length > 0 && {
        after: Object.fromEntries(after.map((text, at) => [text, listings[at]?.stdout ?? ''])),
      }),
  };
}

const report = ({ given, commands }: Trial, problems: readonly string[]): string =>
  problems.length === 0 ? '' : [[...given, ...commands].map(showCommand).join('; '), ...problems].join('\n');
