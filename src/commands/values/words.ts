/** Values that are words, or lists of them. */
import { UsageError } from '../../errors.js';
import { nodeName } from '../../fleet/layout.js';
import type { WaveRequest } from '../../fleet/rollout.js';
import { parseStoreAddress } from '../../fleet/store-url.js';
import { quoted } from '../../foreign-text.js';
import { LONGEST_REASON } from '../../model/hold.js';
import { type Grouping, groupingNames } from '../../observe/connections/keys.js';
import { connectionStates } from '../../observe/connections/selection.js';
import { type EventSection, eventSections } from '../../observe/table/event.js';
import { nearest } from '../../suggest.js';
import { seconds } from './numbers.js';

/** `65000:1`, or `65000:1:2` of a large community. */
export function community(text: string, argument: string): string {
  const numbers = /^\d{1,10}(?::\d{1,10}){1,2}$/.test(text) ? text.split(':').map(Number) : [];
  const most = numbers.length === 2 ? 0xffff : 0xffff_ffff;
  if (numbers.length > 0 && numbers.every((number) => number <= most)) return numbers.join(':');
  throw new UsageError(`${quoted(text)} is not a community such as 65000:1, or 65000:1:2`, argument);
}

export function storeName(text: string): string {
  parseStoreAddress(text);
  return text;
}

/** `lb1,lb2`, `25%`, `25%:60s`: the time is in seconds if it has no unit. */
export function wave(text: string, argument: string): WaveRequest {
  const [, who = '', time] = /^([^:]*)(?::(.*))?$/.exec(text) ?? [];
  const wait = time === undefined ? 0 : Math.round(seconds(time, argument) * 1000);
  const [, percent] = /^(\d{1,3})%$/.exec(who) ?? [];
  if (percent === undefined) return { nodes: who.split(',').map(nodeName), wait };
  if (Number(percent) >= 1 && Number(percent) <= 100) return { percent: Number(percent), wait };
  throw new UsageError(`${quoted(text)} is not a share from 1% to 100%`, argument);
}

export function pair(text: string, argument: string): readonly [string, string] {
  const [, name, value] = /^([A-Za-z_][\w.-]{0,62})=(.*)$/s.exec(text) ?? [];
  if (name !== undefined && value !== undefined && value.length <= 1000) return [name, value];
  throw new UsageError(`${quoted(text)} is not a name and a value such as site=eu1`, argument);
}

/** Not looked for along PATH: what runs as root should be the same program wherever it is started. */
export function programPath(text: string, argument: string): string {
  if (text.includes('/')) return text;
  throw new UsageError(`${quoted(text)} is not a path such as /usr/local/bin/on-change`, argument);
}

/** `services,weights` */
export function sections(text: string, argument: string): readonly EventSection[] {
  return text.split(',').map((word) => {
    const found = eventSections.find((section) => section === word);
    if (found !== undefined) return found;
    const problem = `${quoted(word)} is not one of ${eventSections.join(', ')}`;
    throw new UsageError(problem, argument, nearest(word, eventSections));
  });
}

export function reason(text: string, argument: string): string {
  if (new TextEncoder().encode(text).length <= LONGEST_REASON) return text;
  throw new UsageError(`longer than ${LONGEST_REASON} bytes`, argument);
}

/** States with commas between them, in capitals or not. */
export function states(text: string, argument: string): ReadonlySet<string> {
  return new Set(
    text.split(',').map((word) => {
      const state = word.toUpperCase();
      if (connectionStates.includes(state)) return state;
      throw new UsageError(
        `${quoted(word)} is not a state, such as ESTABLISHED, SYN_RECV or TIME_WAIT`,
        argument,
        nearest(state, connectionStates),
      );
    }),
  );
}

/** `client`, `client/24`, `server`. */
export function grouping(text: string, argument: string): Grouping {
  const [, word, digits] = /^([a-z]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const by = groupingNames.find((name) => name === word);
  const prefix = digits === undefined ? undefined : Number(digits);
  if (by !== undefined && (prefix === undefined || (by === 'client' && prefix <= 128))) return { by, prefix };
  throw new UsageError(
    `${quoted(text)} is not one of ${groupingNames.join(', ')}, or client/24 for networks`,
    argument,
    nearest(word ?? text, groupingNames),
  );
}
