/** The drawing: axes, and points on them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { axisOf, draw } from './plot.js';

test('an axis has room for its values and at least two powers of ten, and refuses what has no logarithm', () => {
  const { from, to } = axisOf([100, 10_000]);
  assert.ok(from < 2 && from > 1.5 && to > 4 && to < 4.5, `${from} to ${to}`);
  assert.deepEqual(axisOf([20, 90]), { from: 1, to: 3 });
  for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => axisOf([1, wrong]), RangeError);
});

test('a plot draws each point where its values say', () => {
  const flat = (value: number) => ({ median: value, least: value, most: value });
  const svg = draw({
    title: 'x & y',
    x: 'a < b',
    y: 'ms',
    panels: [
      {
        title: 'one',
        series: [
          {
            name: 'ours',
            colour: '#123456',
            points: [
              { x: 10, y: flat(1) },
              { x: 1000, y: flat(100) },
            ],
          },
        ],
      },
    ],
  });
  const [, ...ends] =
    /<path d="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)" fill="none" stroke="#123456"/.exec(svg) ?? [];
  const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = ends.map(Number);
  assert.ok(x1 < x2 && y1 > y2, 'from the lower left to the upper right');
  // Both axes span two powers of ten and the same room beside them.
  const places = [...svg.matchAll(/<path class="grid" d="M([\d.]+) [\d.]+V/g)].map(([, x]) => Number(x));
  assert.deepEqual([places[0], places.at(-1)], [x1, x2]);
  assert.match(svg, />a &lt; b</);
  assert.match(svg, /<title>x &amp; y</);
  assert.equal(svg.match(/<circle/g)?.length, 3, 'two points and one in the legend');
});
