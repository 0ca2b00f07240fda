// YAML with counters of any size, and with text of others.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { load } from 'js-yaml';
import type { Json } from '../../src/output/json.js';
import { toYaml } from '../../src/output/yaml.js';

const key = fc.stringMatching(/^[a-z][A-Za-z]{0,8}$/);

const { value } = fc.letrec<{ value: Json; leaf: Json }>((tie) => ({
  leaf: fc.oneof(fc.string({ unit: 'binary' }), fc.integer(), fc.boolean(), fc.constant(null)),
  value: fc.oneof(
    { maxDepth: 4 },
    tie('leaf'),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}));

test('a reader of YAML gets the value back, in either layout', () =>
  fc.assert(
    fc.property(value, fc.boolean(), (written, compact) =>
      assert.deepEqual(load(toYaml(written, { compact })), written),
    ),
  ));

test('no text controls a terminal', () =>
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) =>
      assert.match(toYaml({ interface: text, list: [text] }), /^(?:[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\n)*$/u),
    ),
  ));

test('unprintable characters of names are escapes', () => {
  assert.equal(toYaml({ interface: 'eth\u202e0\u200b' }), 'interface: "eth\\u202e0\\u200b"\n');
  assert.equal(toYaml(['\u009b31m']), '- "\\u009b31m"\n');
});

test('a counter keeps all its digits, undefined members are left out, empty things stay short', () => {
  assert.equal(
    toYaml({ services: [{ bytes: 18446744073709551615n, aa: undefined, bb: null, cc: [], dd: {} }] }),
    'services:\n  - bytes: 18446744073709551615\n    bb: null\n    cc: []\n    dd: {}\n',
  );
});

test('the compact layout has a line for each map without lists', () => {
  const servers = [{ server: 'a:80', tunnel: { type: 'gue' } }];
  assert.equal(
    toYaml(
      { timeouts: { tcp: 9 }, sync: {}, services: [{ service: 'web', flags: ['p', 'q'], servers }] },
      { compact: true },
    ),
    'timeouts: { tcp: 9 }\nsync: {}\nservices:\n  - service: web\n    flags: ["p", "q"]\n    servers:\n      - { server: a:80, tunnel: { type: gue } }\n',
  );
});
