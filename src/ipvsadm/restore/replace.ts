/**
 * Replaces the table by the rules of an input. The table ends as it would after a clear and these rules, but what stays the same is not
 * touched: it keeps connections and counters, and no packet is dropped.
 */
import { Errno, KernelError } from '../../errors.js';
import type { IpvsClient } from '../../ipvs/client.js';
import { type Change, describeChange } from '../../model/change.js';
import { type Destination, destinationKey } from '../../model/destination.js';
import { type Service, serviceKey } from '../../model/service.js';
import { readState } from '../../plan/current.js';
import { diff } from '../../plan/diff.js';
import { stagesOf } from '../../plan/stages.js';
import type { Command } from '../grammar/command.js';
import type { Session } from '../name-lookup.js';
import type { Step } from './batches.js';
import { type Execute, endsInput, REFUSED, type Refused, report } from './execution.js';

/** A line that is a change, and its number. */
interface Line {
  readonly change: Change;
  readonly number: number;
}

type Item = Line | { readonly command: Command };

/**
 * Replaces a table that has services. Rules are the additions at the start of the input; lines after them are carried out one by one.
 * @returns the exit status of the last line
 */
export async function replace(steps: readonly Step[], session: Session, execute: Execute): Promise<number> {
  const items = await itemsOf(steps, session);
  const isRule = (item: Item): item is Line =>
    'change' in item && (item.change.do === 'addService' || item.change.do === 'addDestination');
  const start = items.findIndex((item) => !isClear(item));
  const rest = start < 0 ? [] : items.slice(start);
  const end = rest.findIndex((item) => !isRule(item));
  const rules = rest.slice(0, end < 0 ? undefined : end).filter(isRule);
  const client = await session.context.client();
  if (rules.length === 0) await client.apply({ do: 'flush' });
  let status = rules.length === 0 ? 0 : await reconcileWith(rules, client, session);
  for (const item of end < 0 ? [] : rest.slice(end)) {
    if ('change' in item) status = await carryOut(item, client, session);
    else {
      status = await execute(item.command, session);
      if (endsInput(item.command, status)) return status;
    }
  }
  return status;
}

const isClear = (item: Item): boolean => 'change' in item && item.change.do === 'flush';

async function itemsOf(steps: readonly Step[], session: Session): Promise<Item[]> {
  const items: Item[] = [];
  for (const step of steps) {
    if (step.do === 'command') items.push({ command: step.command });
    if (step.do !== 'changes') continue;
    for (let index = 0; index < step.changes.count; index++) {
      items.push({ change: await step.changes.change(index, session), number: step.changes.number(index) });
    }
  }
  return items;
}

async function carryOut(line: Line, client: IpvsClient, session: Session): Promise<number> {
  const [error] = await client.applyAll([line.change]);
  if (error === undefined) return 0;
  await report([{ ...line, error }], session);
  return REFUSED;
}

/** Makes the table as these rules make an empty one. A rule that the kernel refuses counts as missing, and the plan is made again. */
async function reconcileWith(rules: readonly Line[], client: IpvsClient, session: Session): Promise<number> {
  const refused = new Map<Line, KernelError>();
  for (let before = -1; before < refused.size; ) {
    before = refused.size;
    const table = new RulesTable(rules, new Map(refused));
    const current = await readState(client);
    for (const stage of stagesOf(diff(current, { services: table.services }))) {
      const errors = await client.applyAll(stage);
      for (const [index, change] of stage.entries()) {
        const [error, line] = [errors[index], table.lineOf(change)];
        if (error !== undefined && line !== undefined) refused.set(line, error);
      }
    }
    if (refused.size === before) {
      const all = rules.flatMap((line): Refused[] => {
        const error = refused.get(line) ?? table.refusals.get(line);
        return error === undefined ? [] : [{ ...line, error }];
      });
      await report(all, session);
      return all.at(-1)?.number === rules.at(-1)?.number ? REFUSED : 0;
    }
  }
  return 0;
}

/** The table that rules make of an empty one. */
class RulesTable {
  readonly services: { readonly service: Service; readonly destinations: Destination[] }[] = [];
  /** The rules that a kernel refuses, whatever they set: duplicates, and servers of services that do not exist. */
  readonly refusals = new Map<Line, KernelError>();
  private readonly byKey = new Map<string, { keys: Set<string>; destinations: Destination[] }>();
  private readonly lines = new Map<Service | Destination, Line>();

  /** @param missing rules that are known to be refused */
  constructor(rules: readonly Line[], missing: ReadonlyMap<Line, KernelError>) {
    for (const line of rules) {
      if (missing.has(line)) continue;
      const errno = this.add(line);
      if (errno === undefined) continue;
      const { change } = line;
      this.refusals.set(line, new KernelError(change.do, errno, describeChange(change)));
    }
  }

  /** The rule that a planned change comes from; undefined for a removal. */
  lineOf(change: Change): Line | undefined {
    if ('service' in change) return this.lines.get(change.service);
    return 'destination' in change ? this.lines.get(change.destination) : undefined;
  }

  private add(line: Line): number | undefined {
    const { change } = line;
    if (change.do === 'addService') {
      const { service } = change;
      const key = serviceKey(service.id);
      if (this.byKey.has(key)) return Errno.EEXIST;
      const destinations: Destination[] = [];
      this.byKey.set(key, { keys: new Set(), destinations });
      this.services.push({ service, destinations });
      this.lines.set(service, line);
    } else if (change.do === 'addDestination') {
      const { destination } = change;
      const service = this.byKey.get(serviceKey(change.of));
      if (service === undefined) return Errno.ESRCH;
      const key = destinationKey(destination.id);
      if (service.keys.has(key)) return Errno.EEXIST;
      service.keys.add(key);
      service.destinations.push(destination);
      this.lines.set(destination, line);
    }
    return undefined;
  }
}
