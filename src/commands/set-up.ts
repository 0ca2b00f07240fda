/** What `real-server` and `director` have in common: a plan that is carried out, undone, shown or printed. */
import { UsageError } from '../errors.js';
import type { Context } from '../context.js';
import { carryOut, type Outcome, undoAll } from '../host/carry-out.js';
import { Journal, journalPath } from '../host/journal.js';
import type { Machine } from '../host/machine.js';
import { configFiles } from '../host/persist.js';
import type { Plan } from '../host/real-server.js';
import { describeStep, look, stepCommand } from '../host/steps/index.js';
import { HELD, type Step } from '../host/steps/step.js';
import { canonicalAddress } from '../model/address.js';

export type Role = 'real-server' | 'director';
