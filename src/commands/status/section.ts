/** A section of `lvsadm status`: its rows for people, and its member of the JSON object. */
import type { Json } from '../../output/json.js';
import { vsSetting } from '../../system/vs-settings.js';
import type { StatusFacts } from './facts.js';

export type Row = readonly [term: string, text: string];

export interface Section {
  readonly title: string;
  /** Its member of the JSON object. */
  readonly member: string;
  rows(facts: StatusFacts): Row[];
  json(facts: StatusFacts): Json;
}

/** Settings of IPVS that the kernel has and that are not empty. */
export const settingRows = ({ settings }: StatusFacts['machine'], names: readonly string[]): Row[] =>
  names.flatMap((name) => {
    const value = settings[vsSetting(name)];
    return value === undefined || value === '' ? [] : [[name, value.replaceAll('\t', ' ')] as const];
  });
