/** The metrics of several network namespaces as one text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exposition, labels, type MetricFamily } from '../../../src/observe/metrics/exposition.js';
import { mergeExpositions } from '../../../src/observe/metrics/merge-expositions.js';

const family = (
  name: string,
  samples: readonly (readonly [string, number | bigint])[],
  type: MetricFamily['type'] = 'gauge',
): MetricFamily => ({
  ...{ name, type, help: `About ${name}.` },
  samples: (add) => {
    for (const [of, value] of samples) add(of, value);
  },
});

const web = labels({ service: 'tcp://192.0.2.10:80' });
const strange = labels({ service: 'a b{c}' });
const up = family('lvs_up', [['', 1]]);

const text = (format: 'prometheus' | 'openmetrics', ...families: readonly MetricFamily[]): string =>
  new TextDecoder().decode(exposition(families, format));

test('each family comes once, with the samples of all namespaces, told apart by their label', () => {
  const own = text('prometheus', up, family('lvs_conns', [[web, 2n ** 64n - 1n]], 'counter'));
  const blue = text(
    'prometheus',
    up,
    family('lvs_weight', [[strange, 7]]),
    family('lvs_conns', [[web, 3]], 'counter'),
  );
  const parts = [
    { netns: undefined, text: own },
    { netns: 'blue', text: blue },
    { netns: 'a"b', text: text('prometheus', up) },
  ];
  assert.equal(
    mergeExpositions(parts, 'prometheus'),
    `# HELP lvs_up About lvs_up.
# TYPE lvs_up gauge
lvs_up 1
lvs_up{netns="blue"} 1
lvs_up{netns="a\\"b"} 1
# HELP lvs_conns_total About lvs_conns.
# TYPE lvs_conns_total counter
lvs_conns_total{service="tcp://192.0.2.10:80"} 18446744073709551615
lvs_conns_total{netns="blue",service="tcp://192.0.2.10:80"} 3
# HELP lvs_weight About lvs_weight.
# TYPE lvs_weight gauge
lvs_weight{netns="blue",service="a b{c}"} 7
`,
  );
});

test('OpenMetrics ends once', () => {
  const parts = [undefined, 'blue'].map((netns) => ({ netns, text: text('openmetrics', up) }));
  assert.equal(
    mergeExpositions(parts, 'openmetrics'),
    '# HELP lvs_up About lvs_up.\n# TYPE lvs_up gauge\nlvs_up 1\nlvs_up{netns="blue"} 1\n# EOF\n',
  );
});

test('one namespace alone is what it was', () => {
  const own = text('openmetrics', up, family('lvs_conns', [[web, 5]], 'counter'));
  assert.equal(mergeExpositions([{ netns: undefined, text: own }], 'openmetrics'), own);
});
