/** What documents say of the director that they are read for: `only` with its labels, and `${NAME}` with its variables. */

import type { Problem } from '../errors.js';
import { quoted } from '../foreign-text.js';
import type { Path, Source } from './location.js';
import { described, list, type Optional, optional, record, text, union } from './shape.js';

/** A director, as far as documents can tell it from others. */
export interface Director {
  /** `site` is `eu1`. */
  readonly labels: Readonly<Record<string, string>>;
  /** `interface` is `eth1`. */
  readonly variables: Readonly<Record<string, string>>;
  /** The names of all directors of its fleet, if they are known. */
  readonly fleet?: ReadonlySet<string>;
}

export const noDirector: Director = { labels: {}, variables: {} };

const label = text("a label's value, such as eu1");

const labels = record(
  union([label, list(label, "a list of a label's values")], "a label's value such as eu1, or a list of them"),
  'labels of directors such as {site: eu1}, or {site: [eu1, eu2]}',
);

type Only = Readonly<Record<string, string | readonly string[]>>;

/** The key `only` of a document and of a service. */
export const only: Optional<Only> = optional(
  described(
    labels,
    'Labels that a director has to have for this to be meant for it, all of them (default: every director).',
  ),
);

/** Whether something is meant for a director. */
export const isFor = (wanted: Only | undefined, { labels }: Director): boolean =>
  Object.entries(wanted ?? {}).every(([name, value]) => {
    const own = Object.hasOwn(labels, name) ? labels[name] : undefined;
    return own !== undefined && (typeof value === 'string' ? [value] : value).includes(own);
  });

/** `${NAME}`, `${NAME:-DEFAULT}`; `$${` is a dollar sign and a brace. */
const REFERENCE = /\$\$\{|\$\{([A-Za-z_][\w-]*)(?::-([^}]*))?\}/g;

/**
 * A document with the values of variables in its texts. A text that is nothing but a reference becomes a number, true or false if the
 * value is one. @returns undefined where a variable has no value, which is reported
 */
export function withVariables(
  source: Source,
  { variables }: Director,
  report: (problem: () => Problem) => void,
): Source | undefined {
  let isWhole = true;
  const replaced = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string') return value.includes('${') ? replacedText(value, path) : value;
    if (Array.isArray(value)) return value.map((item, index) => replaced(item, [...path, index]));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, replaced(item, [...path, key])]),
    );
  };
  const replacedText = (value: string, path: Path): unknown => {
    const given = value.replace(
      REFERENCE,
      (reference, name: string | undefined, fallback: string | undefined) => {
        if (name === undefined) return '${';
        const own = Object.hasOwn(variables, name) ? variables[name] : fallback;
        if (own !== undefined) return own;
        isWhole = false;
        const told = `${quoted(reference)}: this director has no variable ${name}; --variable ${name}=VALUE gives it one`;
        report(() => ({ ...source.locate(path), text: told }));
        return '';
      },
    );
    return /^\$\{[^}]*\}$/.test(value) ? scalar(given) : given;
  };
  const value = replaced(source.value, []);
  return isWhole ? { value, locate: (path, what) => source.locate(path, what) } : undefined;
}

function scalar(text: string): string | number | boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?(?:0|[1-9]\d{0,14})$/.test(text) ? Number(text) : text;
}
