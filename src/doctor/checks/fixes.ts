/** Ways to mend, as steps with their commands, or as commands alone. */

import { destinationRule, serviceWords } from '../../ipvsadm/rules.js';
import { type Destination, destinationKey } from '../../model/destination.js';
import { stepCommand } from '../../setup/steps/index.js';
import type { SetupStep } from '../../setup/steps/step.js';
import { sysctlName } from '../../system/sysctl.js';
import type { MachineFacts } from '../facts/facts.js';
import type { Fix, Observation } from './check.js';
import type { Server } from './table.js';

/** A step that --fix may carry out. */
export const safe = (step: SetupStep): Fix => ({ command: stepCommand(step), step });

export const setTo = (path: string, value: string): Fix => safe({ do: 'sysctl', path, value });

/** A command that somebody has to think about first. */
export const byHand = (command: string, on?: string): Fix => ({ command, ...(on !== undefined && { on }) });

export const seen = (source: string, value: string | number): Observation => ({
  source,
  value: String(value),
});

/** A setting of the snapshot as an observation. */
export const setting = ({ settings }: MachineFacts, path: string): Observation =>
  seen(sysctlName(path), settings[path] ?? 'missing');

/** `lvsadm -d ...`: takes the server away. */
export const remove = ({ service, server }: Server): Fix =>
  byHand(['lvsadm', '-d', ...serviceWords(service.id), '-r', destinationKey(server.id)].join(' '));

/** `lvsadm -e ...` with everything that the server is, because -e takes what is left out for its default. */
export const edit = ({ service, server }: Server, change: Partial<Destination>): Fix =>
  byHand(['lvsadm', '-e', ...destinationRule(service.id, { ...server, ...change }).slice(1)].join(' '));
