/** Every check, and what all of them find. */
import type { MachineFacts, Scope } from '../facts/facts.js';
import * as arrival from './arrival.js';
import type { Check, Finding, Severity } from './check.js';
import * as forwarding from './forwarding.js';
import * as links from './links.js';
import * as netfilter from './netfilter.js';
import * as realServer from './real-server.js';
import * as services from './services.js';
import * as sync from './sync.js';

export const checks: readonly Check[] = [
  ...Object.values(realServer),
  ...Object.values(arrival),
  ...Object.values(forwarding),
  ...Object.values(links),
  ...Object.values(services),
  ...Object.values(sync),
  ...Object.values(netfilter),
];

const order: readonly Severity[] = ['error', 'warning', 'note'];

/** What is wrong, the worst first. */
export function examine(facts: MachineFacts, scope: Scope): Finding[] {
  const findings = checks
    .filter(({ roles }) => roles.some((role) => scope.roles.includes(role)))
    .flatMap(({ id, severity, find }) =>
      [...find(facts, scope)].map((found): Finding => ({ id, severity, ...found })),
    );
  return findings.sort((a, b) => order.indexOf(a.severity) - order.indexOf(b.severity));
}
