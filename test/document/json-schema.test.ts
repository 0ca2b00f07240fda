// The JSON Schema that editors check documents with.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { documentJsonSchema } from '../../src/document/schema.js';
import { documentOf } from '../../src/document/write.js';
import { state } from '../support/arbitrary-state.js';

interface Schema {
  readonly type?: string;
  readonly pattern?: string;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly anyOf?: readonly Schema[];
}

/** Whether each text in a value matches a pattern of the schema, where there is one. */
function fits(value: unknown, { type, pattern, items, properties, anyOf }: Schema): boolean {
  if (anyOf) return anyOf.some((schema) => fits(value, schema));
  if ((type === 'string') !== (typeof value === 'string') && type !== undefined) return false;
  if (typeof value === 'string') return pattern === undefined || new RegExp(pattern, 'u').test(value);
  if (Array.isArray(value)) return items === undefined || value.every((item) => fits(item, items));
  if (typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([key, member]) => fits(member, properties?.[key] ?? {}));
}

const schema = (await documentJsonSchema()) as Schema;
const withService = (service: string, servers: unknown[] = []) => ({ services: [{ service, servers }] });

test('every document that export writes fits', () =>
  fc.assert(fc.property(state(), (table) => assert.ok(fits(documentOf(table), schema)))));

for (const service of [
  'TCP://192.0.2.1:80',
  'udp://[2001:db8::1]:domain',
  'sctp://www.example.com:5060',
  'fwmark://7/inet6',
]) {
  test(`${service} fits`, () => assert.ok(fits(withService(service), schema)));
}

for (const service of [
  'garbage',
  'http://192.0.2.1:80',
  'tcp://192.0.2.1',
  'tcp://2001:db8::1:80',
  'fwmark://x',
  'tcp:// :80',
  '',
]) {
  test(`'${service}' as a service does not`, () => assert.ok(!fits(withService(service), schema)));
}

for (const server of [
  '198.51.100.1',
  '198.51.100.1:80',
  '2001:db8::1',
  '[2001:db8::1]:http',
  'web.example',
]) {
  test(`${server} fits as a server`, () =>
    assert.ok(fits(withService('fwmark://7', [server, { server }]), schema)));
}

for (const server of ['', 'a b', 'tcp://198.51.100.1', '[2001:db8::1', '198.51.100.1:']) {
  test(`'${server}' as a server does not`, () =>
    assert.ok(
      !fits(withService('fwmark://7', [server]), schema) &&
        !fits(withService('fwmark://7', [{ server }]), schema),
    ));
}

test('an interface with a slash does not', () =>
  assert.ok(!fits({ sync: { master: { interface: 'a/b' } } }, schema)));
