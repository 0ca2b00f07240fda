/** The prober: checks servers as packets of the director reach them, in a namespace in which no virtual address is local. */
import { HostError, LvsadmError, TransportError } from '../../errors.js';
import { familyOf } from '../../model/address.js';
import type { Check } from '../../model/check.js';
import type { Files } from '../../system/files/files.js';
import type { Machine } from '../../system/machine.js';
import { inputLines } from '../../system/programs/worker.js';
import type { CheckTarget } from '../checks/check.js';
import { type CheckResult, runCheck } from '../run-check.js';
import { largestBelow, passesWhole, START } from './echo.js';
import {
  type Answered,
  type Asked,
  type FurtherFacts,
  type PathFacts,
  type PathQuestion,
  type Questions,
  READY,
} from './messages.js';
import { received, receivedSince } from './received.js';
import { PathRoutes, type Way } from './routes.js';

/**
 * Answers questions until the end of standard input.
 * @throws LvsadmError if the namespace cannot be prepared, TransportError if there can be no more ways in it
 */
export async function runPathWorker(
  machine: Machine,
  files: Files,
  write: (text: string) => Promise<void> | void,
): Promise<void> {
  const routes = await PathRoutes.prepare(machine);
  const worker = new PathWorker(routes, files);
  await write(`${READY}\n`);
  await new Promise<void>((resolve, reject) => {
    const answer = async (line: string): Promise<void> =>
      write(`${JSON.stringify(await worker.answer(JSON.parse(line)))}\n`);
    inputLines((line) => void answer(line).catch(reject)).then(resolve);
  });
}

class PathWorker {
  constructor(
    private readonly routes: PathRoutes,
    private readonly files: Files,
  ) {}

  /** @throws TransportError */
  async answer(asked: Asked): Promise<Answered> {
    const { id } = asked;
    try {
      return { id, answer: await this.answerTo(asked) };
    } catch (error) {
      if (error instanceof TransportError) throw error;
      if (!(error instanceof LvsadmError)) return { id, bug: bugOf(error) };
      const { attempted, reason } =
        error instanceof HostError ? error : { attempted: 'send to the server', reason: error.message };
      return { id, failure: { attempted, reason } };
    }
  }

  private async answerTo({ ask, question }: Asked): Promise<Questions[keyof Questions]['answer']> {
    if (ask === 'check') return this.check(question);
    if (ask === 'explain') return this.explain(question);
    if (ask === 'prepare') await this.routes.to(question);
    else if (ask === 'keep') await this.routes.keep(question);
    else await this.routes.openLeg(question);
    return null;
  }

  private async check({ path, check, port }: PathQuestion): Promise<CheckResult> {
    return runFrom(await this.routes.to(path), path.vip, check, port);
  }

  private async explain({ path, check, port, size: bytes }: PathQuestion): Promise<PathFacts> {
    const { routes, files } = this;
    const { vip, server, tunnel } = path;
    const way = await routes.to(path);
    await routes.sendIcmpBy(way, path);
    const before = received(files);
    const result = await runFrom(way, vip, check, port);
    const came = receivedSince(before, received(files));
    const further = result.ok ? undefined : await this.further({ path, check, port }, way);
    const target = { address: vip, port: 0, bind: way.source };
    const size = result.ok && bytes !== undefined ? await sized(target, bytes, check.timeout) : undefined;
    const isOnLink = tunnel === undefined || routes.isOnLink(server);
    const mac = isOnLink ? await routes.macOf(server) : undefined;
    const answersArp = mac !== undefined && familyOf(vip) === 'inet' && (await routes.macOf(vip)) === mac;
    return {
      result,
      received: came,
      isNeighbour: isOnLink ? mac !== undefined : undefined,
      answersArp,
      size,
      further,
    };
  }

  private async further(
    { path: { server, vip }, check, port }: PathQuestion,
    way: Way,
  ): Promise<FurtherFacts> {
    const bind = this.routes.sourceFor(server);
    const echo = await runCheck(echoFor(check), { address: vip, port: 0, bind: way.source });
    const before = received(this.files);
    const own = await runCheck(check, { address: server, port, bind });
    const { answers } = receivedSince(before, received(this.files));
    return { echo: echo.ok, own, isReachable: own.ok || answers > 0 };
  }
}

const bugOf = (error: unknown): { readonly message: string; readonly stack: string | undefined } =>
  error instanceof Error
    ? { message: String(error), stack: error.stack }
    : { message: String(error), stack: undefined };

async function sized(target: CheckTarget, bytes: number, timeout: number): Promise<PathFacts['size']> {
  const passes = (size: number): Promise<boolean> => passesWhole(target, size, timeout);
  if (await passes(bytes)) return { bytes, passed: true };
  return { bytes, passed: false, largest: await largestBelow(bytes, passes) };
}

/** Runs a check from a port that leads to the server. */
const runFrom = (way: Way, address: string, check: Check, port: number): Promise<CheckResult> =>
  way.withPort((bindPort) => runCheck(check, { address, port, bind: way.source, bindPort }));

const echoFor = ({ every, timeout, rise, fall, jitter }: Check): Check => ({
  kind: 'icmp',
  every,
  timeout: timeout + START,
  rise,
  fall,
  jitter,
});
