/**
 * The keys of a fleet in its store, version 1. docs/fleet.md describes them.
 *
 * - `layout`: version, and the identity of the fleet
 * - `documents/NAME/DIGEST`: a text, which never changes
 * - `releases/ID`: which documents, by digest; never changes
 * - `target`: the release to run, and its rollout
 * - `members/NAME`: a director that belongs to the fleet, whether it runs or not
 * - `nodes/NAME`: the report of a director that runs, under its lease
 * - `holds/SERVICE SERVER`: a hold for all directors; both names as in a URI
 * - `pruned`: when documents were removed last; a push compares with it
 * - `conductor`: the director that opens waves, under its lease
 */
import { ValueError } from '../errors.js';

export const LAYOUT_VERSION = 1;

export const LAYOUT = 'layout';
export const TARGET = 'target';
export const CONDUCTOR = 'conductor';
export const RELEASES = 'releases/';
export const DOCUMENTS = 'documents/';
export const MEMBERS = 'members/';
export const NODES = 'nodes/';
export const HOLDS = 'holds/';
export const PRUNED = 'pruned';

/** Digits of a release's number in its key, so that keys are in the order of numbers. */
const DIGITS = 8;

export const LARGEST_RELEASE = 10 ** DIGITS - 1;

export const releaseKey = (id: number): string => RELEASES + String(id).padStart(DIGITS, '0');
export const documentKey = (name: string, digest: string): string => `${DOCUMENTS}${name}/${digest}`;
export const memberKey = (name: string): string => MEMBERS + name;
export const nodeKey = (name: string): string => NODES + name;
/** @param key of `holdKey` */
export const fleetHoldKey = (key: string): string => HOLDS + encodeURIComponent(key);

/** The last part of a key: `d1` of `nodes/d1`. */
export const nameIn = (key: string): string => key.slice(key.lastIndexOf('/') + 1);

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** @throws ValueError */
export function nodeName(text: string): string {
  if (NAME.test(text) && text.length <= 63) return text;
  throw new ValueError('node', text, 'a name of at most 63 letters, digits, dots, dashes and underscores');
}

/** @throws ValueError */
export function documentName(text: string): string {
  if (NAME.test(text) && text.length <= 128) return text;
  throw new ValueError(
    'document',
    text,
    'a file name of at most 128 letters, digits, dots, dashes and underscores',
  );
}
