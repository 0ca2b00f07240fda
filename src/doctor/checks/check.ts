/** Checks, their findings, and the ways to fix them. */
import { destinationRule, serviceRule, serviceWords } from '../../ipvsadm/rules.js';
import { type Destination, destinationKey } from '../../model/destination.js';
import type { Service } from '../../model/service.js';
import { stepCommand } from '../../setup/steps/index.js';
import type { SetupStep } from '../../setup/steps/step.js';
import { sysctlName } from '../../system/sysctl.js';
import type { MachineFacts, Scope } from '../facts/facts.js';
import { nameOf, type ServerEntry, serversOf } from './table.js';

/** `error`: requests fail. `warning`: some do, or will. `note`: nothing is wrong. */
export type Severity = 'error' | 'warning' | 'note';

export interface Observation {
  /** A file, a table, a setting, an address. */
  readonly source: string;
  readonly value: string;
}

export interface Fix {
  /** Command for a shell. */
  readonly command: string;
  /** Another machine on which to run it. */
  readonly on?: string | undefined;
  /** The command as a step for --fix: easily undone, and no risk to anything that works. */
  readonly step?: SetupStep | undefined;
}

export interface Finding {
  /** The check's id; docs/doctor.md has a section for each. */
  readonly id: string;
  readonly severity: Severity;
  /** A VIP, a service, a server, a link. */
  readonly subject: string;
  readonly observed: readonly Observation[];
  /** What fails, and why. */
  readonly why: string;
  /** To be run in this order. */
  readonly fixes: readonly Fix[];
}

export interface Check {
  readonly id: string;
  readonly severity: Severity;
  find(facts: MachineFacts, scope: Scope): Iterable<Found>;
}

/** A finding without id, and without the severity of its check. */
export type Found = Omit<Finding, 'id' | 'severity'> & { readonly severity?: Severity };

/** A director's check that looks at one server at a time. */
export interface ServerCheck extends Omit<Check, 'find'> {
  find(entry: ServerEntry, facts: MachineFacts, scope: Scope): Omit<Found, 'subject'> | undefined;
}

/** The check of all servers in scope; each finding's subject is the server. */
export const serverCheck = ({ id, severity, find }: ServerCheck): Check => ({
  id,
  severity,
  *find(facts, scope) {
    for (const entry of serversOf(facts, scope)) {
      const found = find(entry, facts, scope);
      if (found !== undefined) yield { subject: nameOf(entry), ...found };
    }
  },
});

export const seen = (source: string, value: string | number): Observation => ({
  source,
  value: String(value),
});

/** A setting of the snapshot as an observation. */
export const seenSetting = ({ settings }: MachineFacts, path: string): Observation =>
  seen(sysctlName(path), settings[path] ?? 'missing');

/** A fix that --fix may apply. */
export const safeFix = (step: SetupStep): Fix => ({ command: stepCommand(step), step });

export const setSetting = (path: string, value: string): Fix => safeFix({ do: 'sysctl', path, value });

/** A fix for the administrator to decide on. */
export const manualFix = (command: string, on?: string): Fix => ({
  command,
  ...(on !== undefined && { on }),
});

/** `lvsadm -d ...` */
export const removeServer = ({ service, server }: ServerEntry): Fix =>
  manualFix(['lvsadm', '-d', ...serviceWords(service.id), '-r', destinationKey(server.id)].join(' '));

/** `lvsadm -a ...` with every setting of the server. */
export const addServer = ({ service, server }: ServerEntry): Fix =>
  manualFix(['lvsadm', ...destinationRule(service.id, server)].join(' '));

/** `lvsadm -e ...` with every setting of the server, because -e resets the ones that it does not name. */
export const editServer = ({ service, server }: ServerEntry, change: Partial<Destination>): Fix =>
  manualFix(['lvsadm', '-e', ...destinationRule(service.id, { ...server, ...change }).slice(1)].join(' '));

/** `lvsadm -E ...` with every setting of the service. */
export const editService = (service: Service, change: Partial<Service>): Fix =>
  manualFix(['lvsadm', '-E', ...serviceRule({ ...service, ...change }).slice(1)].join(' '));
