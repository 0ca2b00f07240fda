import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type ExpositionFormat,
  exposition,
  labels,
  type MetricFamily,
} from '../../../src/observe/metrics/exposition.js';

const families: readonly MetricFamily[] = [
  {
    name: 'a_packets',
    type: 'counter',
    help: 'Packets.',
    samples: (add) => add(labels({ x: 1 }), 2n ** 64n - 1n),
  },
  { name: 'a_weight', type: 'gauge', help: 'Weight.', samples: (add) => add('', 3) },
  { name: 'a_thing', type: 'info', help: 'A thing.', samples: (add) => add(labels({ name: 'b' }), 1) },
  { name: 'a_missing', type: 'gauge', help: 'Nothing.', samples: () => {} },
];

const textOf = (of: readonly MetricFamily[], format: ExpositionFormat): string =>
  new TextDecoder().decode(exposition(of, format));

test('the text format has suffixes in the names of families, and no info type', () => {
  assert.equal(
    textOf(families, 'prometheus'),
    [
      '# HELP a_packets_total Packets.',
      '# TYPE a_packets_total counter',
      'a_packets_total{x="1"} 18446744073709551615',
      '# HELP a_weight Weight.',
      '# TYPE a_weight gauge',
      'a_weight 3',
      '# HELP a_thing_info A thing.',
      '# TYPE a_thing_info gauge',
      'a_thing_info{name="b"} 1',
      '',
    ].join('\n'),
  );
});

test('OpenMetrics has suffixes in the names of samples only, and an end', () => {
  assert.equal(
    textOf(families, 'openmetrics'),
    [
      '# HELP a_packets Packets.',
      '# TYPE a_packets counter',
      'a_packets_total{x="1"} 18446744073709551615',
      '# HELP a_weight Weight.',
      '# TYPE a_weight gauge',
      'a_weight 3',
      '# HELP a_thing A thing.',
      '# TYPE a_thing info',
      'a_thing_info{name="b"} 1',
      '# EOF',
      '',
    ].join('\n'),
  );
});

test('a text of many chunks is whole', () => {
  const count = 20_000;
  const family: MetricFamily = {
    name: 'a_number',
    type: 'gauge',
    help: 'A number.',
    samples: (add) => {
      for (let index = 0; index < count; index++) add(labels({ name: `ä${index}` }), index);
    },
  };
  const lines = textOf([family], 'prometheus').trimEnd().split('\n');
  assert.deepEqual(lines.slice(0, 2), ['# HELP a_number A number.', '# TYPE a_number gauge']);
  assert.ok(lines.slice(2).every((line, index) => line === `a_number{name="ä${index}"} ${index}`));
  assert.equal(lines.length, count + 2);
});

test('labels are escaped, and left out where there is no value', () => {
  assert.equal(labels({ a: 'x"y\\z\n', b: undefined }), '{a="x\\"y\\\\z\\\\n"}');
  assert.equal(labels({ b: undefined }), '');
});
