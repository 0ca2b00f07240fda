/** An agent that has its documents from the store of a fleet. */
import type { Context } from '../../context.js';
import type { Director } from '../../document/audience.js';
import { HostError, UsageError } from '../../errors.js';
import { FleetMember, type MemberState } from '../../fleet/member.js';
import type { Condition, LastGood } from '../../fleet/member-ports.js';
import { type Holds, noHolds } from '../../model/hold.js';
import { version } from '../../version.js';
import { clockOf } from '../announce/announcing.js';
import type { Values } from '../command.js';
import { directorFor } from '../fleet/directors.js';
import { directorOf, type directorOptions } from '../shared/fleet/audience.js';
import { openFleetStore, type StoreValues } from '../shared/fleet/fleet-store.js';
import { fleetHoldsKind } from '../shared/holds/holds.js';
import { FleetDocuments, lastGoodKind } from './fleet-documents.js';
import { StateFile } from './state-file.js';

export interface FleetAgentValues extends StoreValues, Values<typeof directorOptions> {
  readonly node: string | undefined;
  readonly storePrograms: boolean;
  readonly stateDir: string | undefined;
}

export interface FleetAgentPorts {
  condition(): Condition;
  /** Called when the holds of the fleet have been read. */
  holdsRead(): void;
  /** Takes a line for the log. */
  tell(line: string): void;
}

export class FleetAgent {
  readonly documents: FleetDocuments;
  /** Of the fleet; undefined until its store has been read: then those of an earlier run hold. */
  holds: Holds | undefined;
  private member: FleetMember | undefined;
  private readonly lastGood: StateFile<LastGood | undefined>;
  private readonly lastHolds: StateFile<Holds>;
  private readonly node: string;
  private readonly director: Director;

  /**
   * @param wake asks for a look at the documents at once
   * @throws UsageError, ValueError, HostError for a store that cannot be opened as it is named
   */
  constructor(
    private readonly context: Context,
    private readonly values: FleetAgentValues,
    wake: () => void,
  ) {
    if (values.node === undefined)
      throw new UsageError('missing: it names this director in the fleet', '--node');
    this.node = values.node;
    this.director = directorOf(values);
    this.documents = new FleetDocuments(
      context,
      directorFor(this.node, this.director),
      values.storePrograms,
      wake,
    );
    this.lastGood = new StateFile(context, values.stateDir, lastGoodKind);
    this.lastHolds = new StateFile(context, values.stateDir, fleetHoldsKind);
    // Mistakes are told at the start; a file that cannot be read now may be there later.
    try {
      openFleetStore(values, context).close();
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
    }
  }

  /** Why the last release, or the holds, are not kept for a restart. */
  get problems(): readonly string[] {
    return [this.lastGood.problem, this.lastHolds.problem].filter((each) => each !== undefined);
  }

  /** Waits for the disk, at the end of the process. */
  readonly idle = (): Promise<unknown> => Promise.all([this.lastGood.idle(), this.lastHolds.idle()]);

  /** Undefined before it runs. */
  get state(): MemberState | undefined {
    return this.member?.state;
  }

  /** Whether the documents come from a store. @throws UsageError unless the command line, or the environment, names one of both */
  static isWanted({ store }: StoreValues, file: readonly string[], { env }: Context): boolean {
    if (file.length === 0 && !(store ?? env['LVSADM_STORE']))
      throw new UsageError(
        'missing: the documents, or the store of a fleet by --store or LVSADM_STORE',
        '--file',
      );
    if (store !== undefined && file.length > 0)
      throw new UsageError('cannot be combined with --file', '--store');
    return file.length === 0;
  }

  /** Forgets the holds of a fleet that this director is no longer in. */
  static leave(context: Context, stateDir: string | undefined): void {
    const file = new StateFile(context, stateDir, fleetHoldsKind);
    if (file.read().size > 0) void file.write(noHolds);
  }

  /** Resolves when it is stopped. @throws errors that are bugs */
  async run(stop: AbortSignal, { condition, holdsRead, tell }: FleetAgentPorts): Promise<void> {
    const { context, values, node, director, documents, lastGood, lastHolds } = this;
    this.member = new FleetMember(
      {
        connect: () => openFleetStore(values, context),
        node,
        member: director,
        version,
        clock: clockOf(context),
        random: Math.random,
        date: () => context.date().toISOString(),
        apply: (texts, cause, stop) => documents.apply(texts, cause, stop),
        condition,
        remember: lastGood.write,
        takeHolds: (holds) => {
          this.holds = holds;
          void lastHolds.write(holds);
          holdsRead();
        },
        tell,
      },
      lastGood.read(),
      lastHolds.read(),
    );
    await this.member.run(stop);
  }
}
