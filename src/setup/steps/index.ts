/** Every kind of step. */
import type { Machine } from '../../system/machine.js';
import { address } from './address.js';
import { bootFile } from './boot-file.js';
import { defaultRoute } from './default-route.js';
import { guePort } from './gue-port.js';
import { module, sysctl } from './kernel.js';
import { link, up } from './links.js';
import type { ALREADY_SET, Previous, SetupStep, StepKind } from './step.js';

const kinds: { readonly [K in SetupStep['do']]: StepKind<Extract<SetupStep, { do: K }>> } = {
  module,
  link,
  up,
  sysctl,
  address,
  guePort,
  defaultRoute,
  bootFile,
};

/** TypeScript cannot see that a row of the table fits the steps that it is found by. */
const kindOf = (step: SetupStep): StepKind<SetupStep> => kinds[step.do] as StepKind<SetupStep>;

/** Equal for steps that change the same thing. */
export const stepKey = (step: SetupStep): string => `${step.do} ${kindOf(step).key(step)}`;
export const describeStep = (step: SetupStep): string => kindOf(step).describe(step);
export const stepCommand = (step: SetupStep): string => kindOf(step).command(step);

export const check = (step: SetupStep, machine: Machine): Promise<Previous | typeof ALREADY_SET> =>
  kindOf(step).check(step, machine);
export const apply = (step: SetupStep, machine: Machine): Promise<string | undefined> =>
  kindOf(step).apply(step, machine);
export const canUndo = (step: SetupStep): boolean => kindOf(step).undo !== undefined;
/** Why others may rely on a step by now; undefined if nothing says so. */
export const relianceOn = async (step: SetupStep, machine: Machine): Promise<string | undefined> =>
  kindOf(step).reliance?.(step, machine);
export const undo = async (
  step: SetupStep,
  machine: Machine,
  previous: Previous,
): Promise<string | undefined> => kindOf(step).undo?.(step, machine, previous);
