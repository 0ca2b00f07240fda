/** What `lvsadm probe` found: a line for each server, or an object. */
import type { PathFacts } from '../../health/path/messages.js';
import { type Verdict, verdictOf } from '../../health/path/verdict.js';
import { familyOf } from '../../model/address.js';
import type { ServerPath } from '../../model/server-path.js';
import type { Json } from '../../output/json.js';

/** A server of the service. */
export interface Probed {
  /** `198.51.100.7:80` */
  readonly server: string;
  /** Undefined for a server that packets of the director do not reach as the virtual address. */
  readonly found: { readonly path: ServerPath; readonly facts: PathFacts } | undefined;
  /** Why it was not probed. */
  readonly skipped?: string | undefined;
}

/** Whether the server answers as it should; so does one that was not probed. */
export const isSound = ({ found }: Probed): boolean =>
  found === undefined || verdictOf(found.facts, found.path) === 'answered';

export function probedText({ server, found, skipped }: Probed): string {
  if (found === undefined) return `${server}: not probed: ${skipped}\n`;
  const { facts, path } = found;
  return `${server}: ${words[verdictOf(facts, path)](facts, path)}\n`;
}

export function probedJson({ server, found, skipped }: Probed): Json {
  if (found === undefined) return { server, verdict: 'not-probed', reason: skipped };
  const { facts, path } = found;
  const { result, further } = facts;
  return {
    server,
    verdict: verdictOf(facts, path),
    ms: Number(result.ms.toFixed(1)),
    reason: result.reason,
    largest: facts.size && (facts.size.passed ? facts.size.bytes : (facts.size.largest ?? null)),
    echo: further?.echo,
    ownAddress: further && (further.own.ok ? 'answered' : further.own.reason),
  };
}

const words: Readonly<Record<Verdict, (facts: PathFacts, path: ServerPath) => string>> = {
  answered: ({ result }, { vip }) => `answered as ${vip} in ${result.ms.toFixed(1)} ms`,
  'answers-arp': (facts, path) =>
    `${words.answered(facts, path)}, but it also answers ARP for ${path.vip}: clients may come past the director (arp_ignore)`,
  'too-large': (facts, path) => {
    const { bytes, largest } = facts.size ?? {};
    const passed = largest === undefined ? 'nor did a small one' : `${largest} did`;
    return `${words.answered(facts, path)}, but an echo request of ${bytes} bytes did not pass, ${passed}`;
  },
  unexpected: ({ result }, { vip }) => `answers as ${vip}, but: ${result.reason}`,
  filtered: ({ result }, { vip }) =>
    `answers echo requests as ${vip}, but not the check: ${result.reason}: packet filter, or the service does not listen there`,
  forwards: (_, { vip }) => `no answer as ${vip}: it forwards the packets, so the VIP is missing there`,
  'no-tunnel': (_, { vip, tunnel }) =>
    `no answer as ${vip}: it refuses the ${tunnel?.type} packets by ICMP, so the tunnel device is missing there, or down`,
  refused: ({ result }, { vip }) => `no answer as ${vip}: it refuses the packets by ICMP: ${result.reason}`,
  'no-answer': ({ further }, { vip, server, tunnel }) => {
    const own = further?.own.ok ? 'answers' : `says: ${further?.own.reason}`;
    const causes =
      tunnel === undefined
        ? 'VIP missing there, or packet filter'
        : 'VIP or tunnel device missing there, rp_filter of the tunnel device, or packet filter';
    return `no answer as ${vip}, though ${server} ${own}: ${causes}`;
  },
  silent: ({ further }, { vip, server }) =>
    `no answer as ${vip}, and none of ${server}, though the machine is up: ${further?.own.reason}: packet filter, or the service is down`,
  unreachable: ({ isNeighbour }, { server }) => {
    const asked = familyOf(server) === 'inet' ? 'ARP' : 'neighbour discovery';
    return `not reachable at all: ${isNeighbour === false ? `no answer to ${asked} for ${server}` : `no answer of ${server}`}`;
  },
};
