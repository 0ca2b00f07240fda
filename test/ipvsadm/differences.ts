import type { Observation } from './record.js';
export const differences: ReadonlyMap<string, Partial<Observation>> = new Map();
