/** The specification of the protocol in the kernel's format, beside the tables that it is made of. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { root } from '../../scripts/build/project.js';
import { netlinkSpec, specFile } from '../../scripts/netlink-spec.js';
import { DestinationAttributes, ipvsSchema } from '../../src/ipvs/schema.js';

interface Attribute {
  readonly name: string;
  readonly value: number;
  readonly type: string;
  readonly enum?: string;
  readonly struct?: string;
  readonly 'nested-attributes'?: string;
}
interface Message {
  readonly value: number;
  readonly attributes: readonly string[];
}
interface Exchange {
  readonly request: Message;
  readonly reply?: Message;
}
interface Command {
  readonly name: string;
  readonly 'attribute-set': string;
  readonly do?: Exchange;
  readonly dump?: Exchange;
}
interface Spec {
  readonly definitions: readonly { readonly name: string; readonly type: string }[];
  readonly 'attribute-sets': readonly { readonly name: string; readonly attributes: readonly Attribute[] }[];
  readonly operations: { readonly list: readonly Command[] };
}

const spec = load(netlinkSpec()) as Spec;
const attributesOf = (name: string) =>
  spec['attribute-sets'].find((set) => set.name === name)?.attributes ?? [];

const exchanges = (command: Command): Exchange[] =>
  [command.do, command.dump].filter((each) => each !== undefined);

test('docs/ipvs-netlink.yaml is current: npm run netlink-spec writes it', () => {
  assert.equal(readFileSync(join(root, specFile), 'utf8'), netlinkSpec());
});

test('every name that the specification uses is defined in it', () => {
  const definitions = spec.definitions.map(({ name }) => name);
  const sets = spec['attribute-sets'].map(({ name }) => name);
  for (const { attributes } of spec['attribute-sets']) {
    for (const attribute of attributes) {
      for (const used of [attribute.enum, attribute.struct])
        assert.ok(used === undefined || definitions.includes(used), `${attribute.name}: ${used}`);
      assert.equal(attribute.type === 'nest', attribute['nested-attributes'] !== undefined, attribute.name);
      assert.ok(sets.includes(attribute['nested-attributes'] ?? 'cmd'), attribute.name);
    }
  }
  for (const command of spec.operations.list) {
    const known = attributesOf(command['attribute-set']).map(({ name }) => name);
    for (const { attributes } of exchanges(command).flatMap(({ request, reply }) => [
      request,
      ...(reply ? [reply] : []),
    ]))
      assert.deepEqual(
        attributes.filter((name) => !known.includes(name)),
        [],
        command.name,
      );
  }
});

test('numbers are those of the tables', () => {
  assert.deepEqual(
    attributesOf('dest').map(({ value }) => value),
    Object.values(DestinationAttributes.rows).map(([type]) => type),
  );
  const numbers = new Set(Object.values(ipvsSchema.operations).map(({ command }) => command));
  assert.deepEqual(
    new Set(
      spec.operations.list.flatMap((command) => exchanges(command).map(({ request }) => request.value)),
    ),
    numbers,
  );
  assert.deepEqual(
    spec.operations.list.filter(({ dump }) => dump !== undefined).map(({ name }) => name),
    ['get-service', 'get-dest', 'get-daemon'],
  );
});
