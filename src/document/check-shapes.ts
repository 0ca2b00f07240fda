/** Checks, agents and health in documents. */
import { type CheckKind, checkKindNames, optionsOfKind } from '../model/check.js';
import { healthOptions } from '../model/health.js';
import { type Given, type OptionValues, optionMembers } from './option-shapes.js';
import { boolean, described, lazy, object, oneOf, optional, type Shape, union } from './shape.js';

/** Options of a check, of one kind if it is there; `false`: no check. */
export type CheckValue = false | (OptionValues & { readonly kind?: CheckKind | undefined });

type Members = Readonly<Record<string, Shape<Given>>>;

const CHECK = 'a check such as {kind: http, path: /healthz}, or false for none';

const kind = described(oneOf(...checkKindNames), 'What is checked, and how.');

const known = new Map<CheckKind, { readonly members: Members; readonly shape: Shape<OptionValues> }>();

/** The options of a kind, none of them required: another layer may have them. */
export function checkShape(name: CheckKind) {
  let made = known.get(name);
  if (made === undefined) {
    const members = { kind: optional(kind), ...optionMembers(optionsOfKind(name)) };
    made = { members, shape: object(`a check such as {kind: ${name}}`, members) as Shape<OptionValues> };
    known.set(name, made);
  }
  return made;
}

/** The options of all kinds: without a kind in the same place another layer tells which of them are right. */
const anyKind = lazy(CHECK, () => object(CHECK, allMembers()) as Shape<OptionValues>);

function allMembers(): Members {
  const each = checkKindNames.map((name) => checkShape(name).members);
  const names = [...new Set(each.flatMap((members) => Object.keys(members)))];
  return Object.fromEntries(
    names.map((name) => [name, eitherOf(distinct(each.flatMap((members) => members[name] ?? [])))]),
  );
}

function eitherOf([first, ...others]: readonly [Shape<Given>, ...Shape<Given>[]]): Shape<Given> {
  if (others.length === 0) return first;
  return optional(union([first, ...others], [first, ...others].map(({ noun }) => noun).join(', or ')));
}

/** Shapes that say different things; there is at least one. */
const distinct = (shapes: readonly Shape<Given>[]) =>
  [...new Map(shapes.map((shape) => [shape.noun, shape])).values()] as [Shape<Given>, ...Shape<Given>[]];

const shapeFor = (value: unknown): Shape<OptionValues> => {
  const { kind: name } = value as { readonly kind?: CheckKind };
  return name !== undefined && checkKindNames.includes(name) ? checkShape(name).shape : anyKind;
};

const options: Shape<OptionValues> = {
  ...anyKind,
  fits: (value): value is OptionValues => anyKind.isKind(value) && shapeFor(value).fits(value),
  misfits: (value, path) => shapeFor(value).misfits(value, path),
  fitting: (value) => (anyKind.isKind(value) ? shapeFor(value).fitting(value) : undefined),
};

const none: Shape<false> = {
  ...boolean('false'),
  fits: (value): value is false => value === false,
  isKind: (value) => value === false,
  misfits: () => [],
  fitting: (value) => (value === false ? value : undefined),
  schema: (z) => z.literal(false),
};

export const check = described(
  union([none, options], CHECK) as Shape<CheckValue>,
  'How the servers are checked. Options that are missing are those of the service, then those of defaults.check.',
);

const AGENT = 'an agent such as {port: 8900}';

export const agent = described(
  lazy(AGENT, () => {
    const { port, ...others } = optionsOfKind('agent');
    const required = port && optionMembers({ port: { ...port, required: true } }, true);
    return object(AGENT, { ...optionMembers(others), ...required }) as Shape<OptionValues>;
  }),
  "HAProxy's agent check: the server tells its state, or its share of the weight.",
);

const HEALTH = 'settings such as {floor: 50%, slowStart: 60s}';

export const health = described(
  lazy(HEALTH, () => object(HEALTH, optionMembers(healthOptions)) as Shape<OptionValues>),
  'What the results of checks do to the weights.',
);
