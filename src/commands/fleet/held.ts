/** The holds of a fleet and of its directors, in `lvsadm fleet status`. */
import { holdOf, holdsDigest } from '../../fleet/fleet-holds.js';
import type { Fleet } from '../../fleet/operator.js';
import type { NodeReport } from '../../fleet/records.js';
import { printable } from '../../foreign-text.js';
import { type Hold, type Holds, holdKey, holdRecord, holdText, inForce, noHolds } from '../../model/hold.js';
import type { Json } from '../../output/json.js';

/** A line for each hold: those of the fleet with the number of directors that have them in force, then those of single directors. */
export function heldLines(fleet: Fleet, now: number): string[] {
  const { members, reports, holds, problems } = fleet;
  const current = inForce(holds, now);
  const directors = Array.from(members.keys(), (name) => takenOn(reports.get(name), current));
  const others = directors.filter((taken) => taken === 'others').length;
  const ofFleet = Array.from(current, ([key, hold]) => {
    const taken = directors.filter((taken) => taken !== 'others' && taken.has(key)).length;
    const unknown = others > 0 ? `, ${others} with other holds of the fleet` : '';
    return `${textOf(hold, now)}; on ${taken} of ${members.size} directors${unknown}`;
  });
  const own = [...members.keys()].flatMap((name) => {
    const report = reports.get(name) ?? {};
    const listed = ownHolds(report);
    const lines = listed.map((hold) => `${name}: ${textOf(hold, now)}`);
    const more = ownNumber(report) - listed.length;
    return more > 0 ? [...lines, `${name}: ${more} more servers held`] : lines;
  });
  return [...ofFleet, ...own, ...problems.map(({ message }) => message)].map(
    (line) => `${printable(line)}\n`,
  );
}

/** @param holds of a report, or of the fleet */
export const heldJson = (holds: Iterable<Hold>): Json[] =>
  Array.from(holds, (hold) => ({ service: hold.service, server: hold.server, ...holdRecord(hold) }));

type Reported = Pick<NodeReport, 'holds' | 'held' | 'ofFleet'>;

/** The holds that a director reports. @param current those of the fleet that are in force */
export function reportedHolds(report: Reported, current: Holds): Hold[] {
  const taken = takenOn(report, current);
  return [...(taken === 'others' ? [] : taken.values()), ...ownHolds(report)];
}

const ownHolds = ({ holds = [] }: Reported): Hold[] =>
  holds.filter(({ ofFleet }) => !ofFleet).map((entry) => ({ ...holdOf(entry), ofFleet: undefined }));

/** How many there are, those that are not listed among them. */
function ownNumber({ held = 0, holds = [], ofFleet }: Reported): number {
  const listedOfFleet = holds.filter((hold) => hold.ofFleet).length;
  return held - (ofFleet?.number ?? listedOfFleet);
}

/** The holds of the fleet that are in force on a director; `others`: not those that the store has now. */
function takenOn(report: Reported | undefined, current: Holds): Holds | 'others' {
  const { holds = [], held = 0, ofFleet } = report ?? {};
  if (ofFleet === undefined) {
    // An earlier lvsadm lists them, and not all if there are many.
    const listed = new Set(holds.filter((hold) => hold.ofFleet).map(holdKey));
    return held > holds.length ? 'others' : new Map([...current].filter(([key]) => listed.has(key)));
  }
  if (ofFleet.number === 0) return noHolds;
  // A director's own hold wins.
  const own = new Set(ownHolds(report ?? {}).map(holdKey));
  const expected = new Map([...current].filter(([key]) => !own.has(key)));
  return holdsDigest(expected.values()) === ofFleet.digest ? expected : 'others';
}

const textOf = (hold: Hold, now: number): string =>
  `${hold.server} of ${hold.service}: ${holdText(hold, now)}`;
