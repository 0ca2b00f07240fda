/** The prober as its starter sees it: makes the namespace and the leg, asks, and hears answers. */
import { errnoText, HostError, KernelError } from '../../errors.js';
import type { Leg } from '../../model/check.js';
import type { ServerPath } from '../../model/server-path.js';
import type { Machine } from '../../system/machine.js';
import type { Worker, WorkerEvents } from '../../system/programs/worker.js';
import { type Answered, type Questions, READY } from './messages.js';
import { LEG } from './routes.js';

/** What a prober needs of the process. */
export interface ProberPorts {
  readonly machine: Machine;
  /** Starts the program of the prober in a network namespace of its own. @throws HostError */
  start(events: WorkerEvents): Promise<Worker>;
}

/** What becomes of a prober, for the one who started it. */
export interface ProberLife {
  /** Called once, when it answers no more, or could not be started. */
  ended?(): void;
  /** Ends it. */
  readonly stop?: AbortSignal;
}

/** Milliseconds until a prober must be ready. */
const START_LIMIT = 30_000;

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

export class Prober {
  private worker: Worker | undefined;
  private readonly waiting = new Map<number, Waiting>();
  /** Servers to which there are ways. */
  private readonly prepared = new Set<string>();
  private asked = 0;
  private failure: HostError | undefined;

  private readonly stop = (): void => this.end();

  private constructor(private readonly life: ProberLife) {}

  /**
   * @param server an address that the leg leads to
   * @throws HostError if there can be no namespace, or no leg
   */
  static async start(leg: Leg, server: string, ports: ProberPorts, life: ProberLife = {}): Promise<Prober> {
    const prober = new Prober(life);
    const late = setTimeout(() => prober.end(notReady()), START_LIMIT);
    life.stop?.addEventListener('abort', prober.stop);
    try {
      const process = await prober.startWorker(ports);
      await prober.open(leg, server, process, ports.machine);
      return prober;
    } catch (error) {
      prober.end();
      throw error;
    } finally {
      clearTimeout(late);
    }
  }

  /** @throws HostError if the question cannot be answered, or the prober has ended */
  ask<K extends keyof Questions>(
    ask: K,
    question: Questions[K]['question'],
  ): Promise<Questions[K]['answer']> {
    return new Promise((resolve, reject) => {
      if (this.failure !== undefined) return reject(this.failure);
      const id = ++this.asked;
      this.waiting.set(id, { resolve: resolve as Waiting['resolve'], reject });
      this.worker?.send(JSON.stringify({ id, ask, question }));
    });
  }

  /** Makes the way to a server, unless there is one. @throws HostError */
  async prepare(path: ServerPath): Promise<void> {
    const key = JSON.stringify(path);
    if (this.prepared.has(key)) return;
    await this.ask('prepare', path);
    this.prepared.add(key);
  }

  /** Removes the ways to all other servers. @throws HostError */
  async keep(paths: readonly ServerPath[]): Promise<void> {
    const keys = new Set(paths.map((path) => JSON.stringify(path)));
    const gone = [...this.prepared].filter((key) => !keys.has(key));
    for (const key of gone) this.prepared.delete(key);
    if (gone.length > 0) await this.ask('keep', paths);
  }

  /** Ends the namespace, and with it everything in it. */
  end(reason = new HostError('ask the prober', 'it has ended')): void {
    this.worker?.end();
    this.fail(reason);
  }

  /** @returns the number of its process, once its namespace is ready */
  private async startWorker({ start }: ProberPorts): Promise<number> {
    const ready = new Promise((resolve, reject) => this.waiting.set(0, { resolve, reject }));
    // It may fail before it is waited for.
    ready.catch(() => {});
    this.worker = await start({
      line: (line) => this.hearLine(line),
      ended: (error) => this.fail(error),
    });
    // It may have been ended meanwhile.
    if (this.failure !== undefined) throw this.failure;
    await ready;
    return this.worker.process;
  }

  private async open(leg: Leg, server: string, process: number, machine: Machine): Promise<void> {
    const route = await machine.route();
    const own = new Set((await route.addresses()).map(({ address }) => address));
    for (const each of leg.address) {
      const [address = ''] = each.split('/');
      if (own.has(address)) throw new HostError(`use the address ${address}`, 'this machine has it already');
    }
    const device = leg.device ?? (await deviceTo(server, machine));
    await explained(`make a ${leg.link} link beside ${device}`, () =>
      route.createLinkBeside({ name: LEG, kind: leg.link, device, process }),
    );
    await this.ask('open', leg);
  }

  private hearLine(line: string): void {
    const answered = line === READY ? { id: 0, answer: null } : parsed(line);
    if (answered === undefined) this.end(new HostError('ask the prober', 'its answer is not JSON'));
    else this.hear(answered);
  }

  private hear(answered: Answered): void {
    const waiting = this.waiting.get(answered.id);
    this.waiting.delete(answered.id);
    if ('answer' in answered) waiting?.resolve(answered.answer);
    else if ('bug' in answered) waiting?.reject(Object.assign(new Error(answered.bug.message), answered.bug));
    else waiting?.reject(new HostError(answered.failure.attempted, answered.failure.reason));
  }

  private fail(error: HostError): void {
    if (this.failure !== undefined) return;
    this.failure = error;
    this.life.stop?.removeEventListener('abort', this.stop);
    this.life.ended?.();
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }
}

function parsed(line: string): Answered | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

const notReady = (): HostError =>
  new HostError('start the prober', `it was not ready within ${START_LIMIT / 1000} s`);

/** The link that packets to an address leave by. @throws HostError */
async function deviceTo(address: string, machine: Machine): Promise<string> {
  const attempted = `find the way to ${address}`;
  const route = await machine.route();
  const { type, device } = await explained(attempted, () => route.wayTo(address));
  if (type === 'unicast' && device !== undefined) return device;
  throw new HostError(
    attempted,
    type === 'local' ? 'it is an address of this machine' : 'no route leads there',
  );
}

/** @throws HostError with the refusal of the kernel as its reason */
async function explained<T>(attempted: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    throw new HostError(attempted, error.detail ?? errnoText(error.errno), { cause: error });
  }
}
