/** Documents: YAML, JSON and rules of random tables, damaged as text and as values. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { documentOf } from '../../../src/document/write.js';
import { toYaml } from '../../../src/output/yaml.js';
import { state } from '../../support/arbitrary-state.js';
import { run } from '../machine.js';
import { keepsPromises, told } from '../promises.js';
import { type Edit, edited, edits, word } from '../words.js';
import { sampled, target } from './target.js';

/** A value in place of another one, or a key beside the others, at a place from 0 to 1 of all places. */
interface Replacement {
  readonly at: number;
  readonly value: unknown;
  readonly key?: string | undefined;
}

interface Case {
  readonly document: ReturnType<typeof documentOf>;
  readonly replacements: readonly Replacement[];
  readonly format: 'yaml' | 'json';
  readonly edits: readonly Edit[];
  readonly command: readonly string[];
}

const value: fc.Arbitrary<unknown> = fc.oneof(
  word,
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1.5, 1e300, 2 ** 53, [], {}, [[]], [null], {
    constructor: 1,
  }),
  fc.jsonValue({ maxDepth: 3 }),
);

const replacement: fc.Arbitrary<Replacement> = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  value,
  key: fc.option(fc.oneof(word, fc.constantFrom('services', 'server', 'weight', 'defaults', 'sync')), {
    nil: undefined,
  }),
});

/** Every object and list below a value, itself included. */
function containers(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  return [value, ...Object.values(value).flatMap(containers)];
}

function replaceIn(document: unknown, { at, value, key }: Replacement): void {
  const all = containers(document);
  const container = all[Math.min(Math.floor(at * all.length), all.length - 1)] as Record<string, unknown>;
  const keys = Object.keys(container);
  const name = key ?? keys[Math.floor((at * 1000) % keys.length)] ?? 'x';
  if (Array.isArray(container)) container.splice(Math.floor(at * container.length), 1, value);
  else
    Object.defineProperty(container, name, { value, enumerable: true, configurable: true, writable: true });
}

function textOf({ document, replacements, format, edits }: Case): string {
  const damaged: unknown = structuredClone(document);
  // Values are put into the document, where another replacement may change them.
  for (const each of replacements) replaceIn(damaged, structuredClone(each));
  // A damaged document has no form that toYaml knows; as JSON it is YAML as well.
  const whole =
    replacements.length === 0 && format === 'yaml'
      ? toYaml(document, { compact: true })
      : JSON.stringify(damaged, undefined, 1);
  return edited(whole, edits);
}

/** Mistakes that are told of one input, and the line that counts the others. */
const MISTAKES = 21;

export const documents = target<Case>(
  'documents',
  fc.record({
    document: sampled(state(3).map(documentOf), 1000),
    replacements: fc.oneof(fc.constant([]), fc.array(replacement, { minLength: 1, maxLength: 3 })),
    format: fc.constantFrom('yaml', 'json'),
    edits: fc.oneof(fc.constant([]), edits),
    command: fc.constantFrom(
      ['diff'],
      ['diff', '--prune'],
      ['apply'],
      ['apply', '--prune', '--allow-empty', '--json'],
    ),
  }),
  async (one) => {
    const ran = await run({ words: [...one.command, '-f', '-'], stdin: textOf(one) });
    keepsPromises(ran);
    if (ran.status === 2) assert.ok(told(ran).length <= MISTAKES, `${told(ran).length} lines`);
    if (ran.status === 2) assert.equal(ran.changes, 0, `a refused document changed the table: ${ran.err}`);
    if (one.replacements.length + one.edits.length === 0) assert.notEqual(ran.status, 2, ran.err);
  },
);
