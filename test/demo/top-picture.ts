/** npm run picture: docs/top.svg, the screen of top over a table in memory. */
import { writeFileSync } from 'node:fs';
import { frame } from '../../src/commands/top/frame.js';
import { unicodeGlyphs } from '../../src/output/glyphs.js';
import { themeFor } from '../../src/output/theme.js';
import { Captured } from '../support/captured.js';
import { after, minute, stateAt } from '../support/top-state.js';
import { screenSvg } from './screen-svg.js';

export const pictureOfTop = 'docs/top.svg';

const size = { columns: 80, rows: 14 };

/** The bytes that top writes, as a picture. */
export async function drawTop(): Promise<string> {
  const theme = await themeFor(new Captured(true), {});
  const state = after(stateAt(size, await minute()), 'down');
  return screenSvg(frame(state, { theme, glyphs: unicodeGlyphs }), size.columns, 'lvsadm top');
}

if (import.meta.filename === process.argv[1]) writeFileSync(pictureOfTop, await drawTop());
