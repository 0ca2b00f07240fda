/** What is to be done to a machine. */
import type { Step } from './steps/step.js';

export interface Plan {
  readonly steps: readonly Step[];
  /** What is worth knowing, one line each. */
  readonly notes: readonly string[];
}
