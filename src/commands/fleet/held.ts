/** The holds of a fleet and of its directors, in `lvsadm fleet status`. */
import { holdOf } from '../../fleet/fleet-holds.js';
import type { Fleet } from '../../fleet/operator.js';
import type { NodeReport } from '../../fleet/records.js';
import { printable } from '../../foreign-text.js';
import { type Hold, holdKey, holdRecord, holdText, inForce } from '../../model/hold.js';
import type { Json } from '../../output/json.js';

/** A line for each hold: those of the fleet with the number of directors that have them in force, then those of single directors. */
export function heldLines(fleet: Fleet, now: number): string[] {
  const { members, holds, problems } = fleet;
  const ofFleet = Array.from(inForce(holds, now), ([key, hold]) => {
    const taken = [...members.keys()].filter((name) => hasTaken(fleet.reports.get(name), key));
    return `${textOf(hold, now)}; on ${taken.length} of ${members.size} directors`;
  });
  const own = [...members.keys()].flatMap((name) => {
    const { holds = [], held = 0 } = fleet.reports.get(name) ?? {};
    const lines = ownHolds(holds).map((hold) => `${name}: ${textOf(hold, now)}`);
    return held > holds.length ? [...lines, `${name}: ${held - holds.length} more servers held`] : lines;
  });
  return [...ofFleet, ...own, ...problems.map(({ message }) => message)].map(
    (line) => `${printable(line)}\n`,
  );
}

/** @param holds of a report, or of the fleet */
export const heldJson = (holds: Iterable<Hold>): Json[] =>
  Array.from(holds, (hold) => ({ service: hold.service, server: hold.server, ...holdRecord(hold) }));

/** The holds that a director reports. */
export const reportedHolds = ({ holds = [] }: Pick<NodeReport, 'holds'>): Hold[] =>
  holds.map((entry) => ({ ...holdOf(entry), ofFleet: entry.ofFleet }));

const ownHolds = (holds: NonNullable<NodeReport['holds']>): Hold[] =>
  reportedHolds({ holds }).filter(({ ofFleet }) => !ofFleet);

const hasTaken = (report: NodeReport | undefined, key: string): boolean =>
  report?.holds?.some((hold) => hold.ofFleet === true && holdKey(hold) === key) ?? false;

const textOf = (hold: Hold, now: number): string =>
  `${hold.server} of ${hold.service}: ${holdText(hold, now)}`;
