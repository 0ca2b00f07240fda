// The picture of top in the documentation.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { screenSvg } from './screen-svg.js';
import { drawTop, pictureOfTop } from './top-picture.js';

test('docs/top.svg is what npm run picture draws of the screen now', async () => {
  assert.equal(readFileSync(pictureOfTop, 'utf8'), await drawTop());
});

test('a picture has the text of the screen at its columns, with its colours', () => {
  const svg = screenSvg(['a \x1b[31m\x1b[1m<b>\x1b[22m\x1b[39m', '\x1b[7m> c \x1b[27m'], 10, 'x & y');
  const drawn = svg.split('\n').filter((line) => /^<(text|rect class="bar")/.test(line));
  assert.equal(drawn.length, 4);
  assert.match(drawn[0] ?? '', /^<text x="12.0" .*>a<\/text>$/);
  assert.match(drawn[1] ?? '', /^<text class="red bold" x="28.8" .* textLength="25.2" .*>&lt;b&gt;<\/text>$/);
  assert.equal(drawn[2], '<rect class="bar" x="12.0" y="30" width="33.6" height="18"/>');
  assert.match(drawn[3] ?? '', /^<text class="inverse" .*>&gt; c<\/text>$/);
  assert.match(svg, /<title>x &amp; y<\/title>/);
  assert.throws(() => screenSvg(['\x1b[35mx'], 10, ''), /no colour has the number 35/);
});
