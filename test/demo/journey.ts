// A connection's way: drawn for people, and compared with the way that it should have taken.
import { ethernetOf, ipsOf, transportOf } from '../support/cluster/headers.js';
import type { Leg } from './acts.js';
import { ladder } from './ladder.js';
import { type DirectorsWork, type Hop, workBetween } from './path.js';
import { stage } from './stage.js';

/** What is said of a packet that the director sends, below its addresses. */
const words: Readonly<Record<DirectorsWork, string>> = {
  destination: 'the director rewrote the destination',
  source: 'the director rewrote the source',
  mac: 'the director changed only the MAC',
  tunnel: 'put inside by the director, unchanged',
  other: 'changed in an unexpected way',
};

/** What the director did to the packet of a hop; undefined where it is not the director's. */
const workOf = (hops: readonly Hop[], index: number): DirectorsWork | undefined => {
  const [hop, before] = [hops[index], hops[index - 1]];
  return hop?.from === 'director' && before ? workBetween(before.arrived, hop.sent) : undefined;
};

export const drawn = (hops: readonly Hop[], hosts: readonly string[]): string =>
  ladder(
    hosts,
    hops.map((hop, index) => ({ from: hop.from, to: hop.to, lines: linesOf(hop, workOf(hops, index)) })),
  );

function linesOf({ sent }: Hop, work: DirectorsWork | undefined): string[] {
  const [outer, inner] = ipsOf(sent);
  const { sourcePort, destinationPort } = transportOf(sent);
  const ip = inner ?? outer;
  const ends = [`${ip?.source}:${sourcePort}`, `${ip?.destination}:${destinationPort}`];
  const [source, destination] = [work === 'source', work === 'destination'].map((changed, end) =>
    changed ? stage.mark(ends[end] ?? '') : ends[end],
  );
  const connection = `${source} → ${destination}`;
  const lines: Record<DirectorsWork, string[]> = {
    source: [connection],
    destination: [connection],
    other: [connection],
    mac: [connection, `to MAC ${stage.mark(ethernetOf(sent).destination)}`],
    tunnel: [stage.mark(`${outer?.source} → ${outer?.destination}`), `│ ${connection}`],
  };
  return work === undefined ? [connection] : [...lines[work], `└ ${words[work]}`];
}

/** In which ways the packets went astray; none when they went as they should. */
export function unlike(hops: readonly Hop[], path: readonly Leg[]): string[] {
  const told = (to: string, work: DirectorsWork | undefined) => (work ? `${to} (${words[work]})` : to);
  const [went, due] = [
    hops.map((hop, index) => told(hop.to, workOf(hops, index))),
    path.map(({ to, did }) => told(to, did)),
  ].map((legs) => legs.join(', '));
  return went === due ? [] : [`the packets went to ${went || 'nobody'}, not to ${due}`];
}
