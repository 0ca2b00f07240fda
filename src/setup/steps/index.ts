/** Every kind of step. */
import type { Machine } from '../../system/machine.js';
import { address } from './address.js';
import { defaultRoute } from './default-route.js';
import { guePort } from './gue-port.js';
import { link, up } from './links.js';
import { module } from './module.js';
import type { HELD, Step, StepKind, Was } from './step.js';
import { sysctl } from './sysctl.js';

const kinds: { readonly [K in Step['do']]: StepKind<Extract<Step, { do: K }>> } = {
  module,
  link,
  up,
  sysctl,
  address,
  guePort,
  defaultRoute,
};

/** The kind of a step; the table's type says that the two fit, which TypeScript cannot follow. */
const kindOf = (step: Step): StepKind<Step> => kinds[step.do] as StepKind<Step>;

/** Equal for steps that would change the same thing. */
export const stepKey = (step: Step): string => `${step.do} ${kindOf(step).key(step)}`;
export const describeStep = (step: Step): string => kindOf(step).describe(step);
export const stepCommand = (step: Step): string => kindOf(step).command(step);

export const look = (step: Step, machine: Machine): Promise<Was | typeof HELD> =>
  kindOf(step).look(step, machine);
export const apply = (step: Step, machine: Machine): Promise<string | undefined> =>
  kindOf(step).apply(step, machine);
export const canUndo = (step: Step): boolean => kindOf(step).undo !== undefined;
export const undo = async (step: Step, machine: Machine, was: Was): Promise<string | undefined> =>
  kindOf(step).undo?.(step, machine, was);
