/** Settings of the snapshot, and what the kernel makes of two that belong together. */
import { interfaceSetting } from '../../system/sysctl.js';
import type { MachineFacts } from './facts.js';

/** A number; undefined where the kernel has no such setting. */
export function numberOf({ settings }: Pick<MachineFacts, 'settings'>, path: string): number | undefined {
  const value = settings[path];
  return value === undefined ? undefined : Number(value);
}

/** The larger of `all` and the interface's own, which is what counts for most IPv4 settings. */
export function largerOf(
  facts: Pick<MachineFacts, 'settings'>,
  device: string,
  name: string,
): number | undefined {
  const values = ['all', device].map((of) => numberOf(facts, interfaceSetting('ipv4', of, name)));
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

export const vs = (name: string): string => `net/ipv4/vs/${name}`;
