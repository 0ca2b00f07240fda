/** The holds of operators, in `lvsadm status`: those of servers that the table lacks, too. */
import { destinationKey } from '../../model/destination.js';
import { type Hold, holdKey, holdRecord, holdText } from '../../model/hold.js';
import { formatService } from '../../model/service-uri.js';
import type { StatusFacts } from './facts.js';
import type { Row, Section } from './section.js';

export const holds: Section = {
  title: 'Holds',
  member: 'holds',
  rows: (facts) => {
    const held = [...facts.holds.values()];
    if (held.length === 0) return [];
    const absent = absentFrom(facts);
    return [
      ['servers held', String(held.length)],
      ...held.map((hold): Row => [hold.server, holdRow(hold, absent(hold), facts)]),
    ];
  },
  json: (facts) => {
    const absent = absentFrom(facts);
    return Array.from(facts.holds.values(), (hold) => ({
      service: hold.service,
      server: hold.server,
      ...holdRecord(hold),
      present: !absent(hold),
    }));
  },
};

const holdRow = (hold: Hold, isAbsent: boolean, { time }: StatusFacts): string =>
  `${hold.service}, ${isAbsent ? 'not in the table, ' : ''}${holdText(hold, time)}`;

/** Whether the table lacks a server that is held. */
function absentFrom({ machine: { ipvs } }: StatusFacts): (hold: Hold) => boolean {
  const present = new Set(
    (ipvs?.services ?? []).flatMap(({ id: of, destinations }) =>
      destinations.map(({ id }) => holdKey({ service: formatService(of), server: destinationKey(id) })),
    ),
  );
  return (hold) => !present.has(holdKey(hold));
}
