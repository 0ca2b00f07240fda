/** Lines on logarithmic axes, several plots beside each other, as SVG: small enough to need no library. */
import type { Spread } from './statistics.js';

export interface Series {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly { readonly x: number; readonly y: Spread }[];
}

export interface Panel {
  readonly title: string;
  /** Of its own x axis (default: the plot's). */
  readonly x?: string;
  readonly series: readonly Series[];
}

export interface Plot {
  readonly title: string;
  readonly panels: readonly Panel[];
  readonly x: string;
  readonly y: string;
}

const panelWidth = 400;
const panelHeight = 300;
const margin = { left: 64, right: 24, top: 36, bottom: 48 };
const columns = 2;
const legendHeight = 32;

const round = (value: number): number => Math.round(10 * value) / 10;

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Decimal logarithms of its ends. */
interface Axis {
  readonly from: number;
  readonly to: number;
}

/** Room beside the outermost points, as a logarithm. */
const room = 0.1;

/** @throws RangeError for a value without a logarithm */
export function axisOf(values: readonly number[]): Axis {
  if (values.length === 0) throw new RangeError('nothing to draw');
  const wrong = values.find((value) => !(value > 0) || !Number.isFinite(value));
  if (wrong !== undefined) throw new RangeError(`${wrong} has no place on a logarithmic axis`);
  const close = {
    from: Math.log10(Math.min(...values)) - room,
    to: Math.log10(Math.max(...values)) + room,
  };
  // An axis has two labels at least.
  return decades(close).length > 1 ? close : { from: Math.floor(close.from), to: Math.ceil(close.to) };
}

/** The powers of ten on an axis. */
function decades({ from, to }: Axis): number[] {
  const first = Math.ceil(from);
  return Array.from({ length: Math.floor(to) - first + 1 }, (_, index) => first + index);
}

const place = ({ from, to }: Axis, value: number, length: number): number =>
  ((Math.log10(value) - from) / (to - from)) * length;

const text = (x: number, y: number, content: string, rest = ''): string =>
  `<text x="${round(x)}" y="${round(y)}"${rest}>${escaped(content)}</text>`;

/** 1, 10, 100, 1,000, ... */
const label = (power: number): string => (10 ** power).toLocaleString('en', { maximumFractionDigits: 6 });

function panelOf(panel: Panel, plot: Plot, xAxis: Axis, yAxis: Axis): string {
  const width = panelWidth - margin.left - margin.right;
  const height = panelHeight - margin.top - margin.bottom;
  const x = (value: number) => round(margin.left + place(xAxis, value, width));
  const y = (value: number) => round(margin.top + height - place(yAxis, value, height));
  const bottom = margin.top + height;
  const grid = [
    ...decades(xAxis).flatMap((power) => [
      `<path class="grid" d="M${x(10 ** power)} ${margin.top}V${bottom}"/>`,
      text(x(10 ** power), bottom + 16, label(power), ' text-anchor="middle"'),
    ]),
    ...decades(yAxis).flatMap((power) => [
      `<path class="grid" d="M${margin.left} ${y(10 ** power)}H${margin.left + width}"/>`,
      text(margin.left - 6, y(10 ** power) + 4, label(power), ' text-anchor="end"'),
    ]),
  ];
  const drawn = panel.series.flatMap(({ colour, points }) => [
    `<path d="${points.map((point, index) => `${index === 0 ? 'M' : 'L'}${x(point.x)} ${y(point.y.median)}`).join('')}" fill="none" stroke="${colour}" stroke-width="2"/>`,
    ...points.map(
      (point) =>
        `<path d="M${x(point.x)} ${y(point.y.least)}V${y(point.y.most)}" stroke="${colour}"/>` +
        `<circle cx="${x(point.x)}" cy="${y(point.y.median)}" r="3.5" fill="${colour}"/>`,
    ),
  ]);
  return [
    text(margin.left + width / 2, margin.top - 12, panel.title, ' text-anchor="middle" font-weight="bold"'),
    ...grid,
    ...drawn,
    text(margin.left + width / 2, bottom + 36, panel.x ?? plot.x, ' text-anchor="middle"'),
    text(
      0,
      0,
      plot.y,
      ` text-anchor="middle" transform="translate(14 ${round(margin.top + height / 2)}) rotate(-90)"`,
    ),
  ].join('\n');
}

/** All panels have the same axes, so that they compare. */
export function draw(plot: Plot): string {
  const points = plot.panels.flatMap(({ series }) => series.flatMap((one) => one.points));
  const xAxis = axisOf(points.map((point) => point.x));
  const yAxis = axisOf(points.flatMap(({ y }) => [y.least, y.most]));
  const width = Math.min(columns, plot.panels.length) * panelWidth;
  const height = legendHeight + Math.ceil(plot.panels.length / columns) * panelHeight;
  const names = new Map(
    plot.panels.flatMap(({ series }) => series.map(({ name, colour }) => [name, colour] as const)),
  );
  const legend = [...names].map(([name, colour], index) => {
    const left = margin.left + 130 * index;
    return `<path d="M${left} 18h24" stroke="${colour}" stroke-width="2"/><circle cx="${left + 12}" cy="18" r="3.5" fill="${colour}"/>${text(left + 30, 22, name)}`;
  });
  const panels = plot.panels.map((panel, index) => {
    const left = (index % columns) * panelWidth;
    const top = legendHeight + Math.floor(index / columns) * panelHeight;
    return `<g transform="translate(${left} ${top})">\n${panelOf(panel, plot, xAxis, yAxis)}\n</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(plot.title)}</title>`,
    '<style>.grid { stroke: #ddd; fill: none }</style>',
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    ...legend,
    ...panels,
    '</svg>',
    '',
  ].join('\n');
}
