/** YAML with exact 64-bit counters, as every reader of YAML 1.1 and 1.2 takes it. */
import { jsonString } from '../foreign-text.js';
import type { Json } from './json.js';

interface Layout {
  /** Maps of single values take one line, and maps in lists that hold no list. */
  readonly compact?: boolean;
  /** Lines of comment before an item of a list. */
  readonly commentsOn?: (item: object) => readonly string[];
}

/** The value as YAML, in blocks, without anchors. Members that are undefined are left out. */
export const toYaml = (value: Json, layout: Layout = {}): string =>
  `${(isCollection(value) ? block(value, layout) : [inline(value)]).join('\n')}\n`;

type List = readonly Json[];
type Collection = List | { readonly [key: string]: Json };

const isList = (value: Json): value is List => Array.isArray(value);

const isCollection = (value: Json): value is Collection => typeof value === 'object' && value !== null;

/** The lines of a collection. */
function block(value: Collection, layout: Layout): string[] {
  if (isList(value)) return value.length === 0 ? ['[]'] : value.flatMap((item) => itemLines(item, layout));
  const lines = membersOf(value).flatMap(([key, member]) => memberLines(key, member, layout));
  return lines.length === 0 ? ['{}'] : lines;
}

function itemLines(item: Json, layout: Layout): string[] {
  if (!isCollection(item)) return [`- ${inline(item)}`];
  const comments = layout.commentsOn?.(item).map((line) => `# ${line}`) ?? [];
  if (layout.compact && !hasMember(item, isList)) return [...comments, `- ${inline(item)}`];
  return [...comments, ...block(item, layout).map((line, index) => (index === 0 ? '- ' : '  ') + line)];
}

function memberLines(key: string, member: Json, layout: Layout): string[] {
  const name = inline(key);
  if (!isCollection(member) || membersOf(member).length === 0) return [`${name}: ${inline(member)}`];
  if (layout.compact && !hasMember(member, isCollection)) return [`${name}: ${inline(member)}`];
  return [`${name}:`, ...block(member, layout).map((line) => `  ${line}`)];
}

/** The value on one line. */
function inline(value: Json): string {
  if (typeof value === 'string') return scalar(value);
  if (!isCollection(value)) return String(value ?? null);
  if (isList(value)) return `[${value.map(inline).join(', ')}]`;
  const members = membersOf(value).map(([key, member]) => `${inline(key)}: ${inline(member)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

const membersOf = (value: Collection): [string, Json][] =>
  Object.entries(value).filter(([, member]) => member !== undefined);

const hasMember = (value: Collection, is: (member: Json) => boolean): boolean =>
  membersOf(value).some(([, member]) => is(member));

/** Words that no reader takes for anything but a string stand as they are; all others are quoted. */
const scalar = (text: string): string =>
  /^[a-z][\w.:/-]*[\w.]$/i.test(text) && !/^(?:true|yes|on|false|no|off|null|nan|inf)$/i.test(text)
    ? text
    : jsonString(text);
