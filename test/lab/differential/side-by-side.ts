/**
 * Both programs on one kernel, one after the other in one network namespace, each from the same table. Not at the same
 * time in two namespaces: the kernel numbers the services of all namespaces through while it dumps those of one, so that
 * changes elsewhere make entries come twice or not at all.
 */
import { isDeepStrictEqual } from 'node:util';
import { bystander } from './bystander.js';
import { compareObservations, compareStates, type Deviation } from './compare.js';
import { Kernel } from './kernel.js';
import { Lvsadm } from './lvsadm.js';
import { ipvsadm } from './shell-program.js';
import type { CommandLine, Observation, Outcome, Program, State, Trial } from './trial.js';

export interface Comparison {
  readonly ipvsadm: Outcome;
  readonly lvsadm: Outcome;
  readonly deviations: readonly Deviation[];
}

/** What is compared, if not the real ipvsadm with lvsadm in this process. */
export interface Programs {
  readonly ipvsadm?: Program;
  readonly lvsadm?: Program;
}

export class SideBySide {
  /** Makes the tables that both start from. */
  private readonly preparer = new Lvsadm();
  /** What was prepared last, and the state that it led to. */
  private prepared: { readonly given: string; readonly state: State } | undefined;

  private constructor(
    readonly ipvsadm: Program,
    readonly lvsadm: Program,
    readonly kernel: Kernel,
    /** The kernel's state as it was read last. */
    private now: State,
    private readonly endBystander: () => Promise<void>,
  ) {}

  static async open(programs: Programs = {}): Promise<SideBySide> {
    const kernel = await Kernel.open();
    const reference = programs.ipvsadm ?? ipvsadm();
    return new SideBySide(
      reference,
      programs.lvsadm ?? new Lvsadm(),
      kernel,
      await kernel.state(),
      await bystander(),
    );
  }

  async play(trial: Trial): Promise<Comparison> {
    const first = await this.observe(this.lvsadm, trial);
    const asked = !first.every(refused) || trial.commands.some(({ stdin }) => stdin !== undefined);
    const lvsadm = { observations: first, state: asked ? await this.read() : this.now };
    const ipvsadm = { observations: await this.observe(this.ipvsadm, trial), state: await this.read() };
    const deviations = ipvsadm.observations.flatMap((seen, at) =>
      compareObservations(seen, lvsadm.observations[at] as Observation),
    );
    return { ipvsadm, lvsadm, deviations: [...deviations, ...compareStates(ipvsadm.state, lvsadm.state)] };
  }

  /** A command line that changes nothing, by both on the table as it stands. */
  async ask(command: CommandLine): Promise<Deviation[]> {
    const lvsadm = await this.lvsadm.run(command);
    return compareObservations(await this.ipvsadm.run(command), lvsadm);
  }

  /** A table that the last command lines left as it was need not be made again: most of them are refused. */
  async prepare(given: readonly CommandLine[]): Promise<void> {
    const wanted = JSON.stringify(given);
    if (this.prepared?.given === wanted && isDeepStrictEqual(this.now, this.prepared.state)) return;
    await this.kernel.reset(this.now);
    for (const command of given) {
      const { status, stderr } = await this.preparer.run(command);
      if (mentions(command, '--start-daemon')) this.kernel.daemonStarted();
      if (status !== 0) throw new Error(`cannot prepare: ${command.words.join(' ')}: ${stderr}`);
    }
    this.prepared = { given: wanted, state: await this.read() };
  }

  async close(): Promise<void> {
    await this.kernel.reset(this.now);
    this.kernel.close();
    await this.endBystander();
    for (const program of [this.preparer, this.lvsadm, this.ipvsadm]) await program.close();
  }

  private async observe(program: Program, { given, commands }: Trial): Promise<Observation[]> {
    await this.prepare(given);
    const observations: Observation[] = [];
    for (const command of commands) {
      if (mentions(command, '--stop-daemon')) await this.kernel.daemonsRun();
      observations.push(await program.run(command));
      if (mentions(command, '--start-daemon')) this.kernel.daemonStarted();
    }
    return observations;
  }

  private async read(): Promise<State> {
    this.now = await this.kernel.state();
    return this.now;
  }
}

/**
 * ipvsadm's exit status for words that make no sense: who refuses them has not asked the kernel, unless other lines came before.
 * If it has all the same, the reading after the other's turn shows it.
 */
const refused = ({ status }: Observation): boolean => status === 2;

const mentions = ({ words }: CommandLine, option: string): boolean =>
  words.some((word) => word.startsWith(option));
