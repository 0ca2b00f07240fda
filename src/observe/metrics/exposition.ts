/**
 * Metrics as text: the Prometheus text format 0.0.4, and OpenMetrics 1.0, which differ in the names of families and in the last
 * line. Sources: prometheus.io/docs/instrumenting/exposition_formats, the OpenMetrics specification.
 */
import { printable } from '../../foreign-text.js';

export interface MetricFamily {
  /** Without `_total` and `_info`, which follow from the type. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'info';
  /** One sentence: meaning and unit. */
  readonly help: string;
  /** Calls `add` with the labels, as `labels` writes them, and the value of each sample. */
  samples(add: AddSample): void;
}

export type AddSample = (labels: string, value: number | bigint) => void;

export const expositionFormats = ['prometheus', 'openmetrics'] as const;
export type ExpositionFormat = (typeof expositionFormats)[number];

export const contentTypes: Readonly<Record<ExpositionFormat, string>> = {
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
};

const suffixes: Readonly<Record<MetricFamily['type'], string>> = {
  counter: '_total',
  gauge: '',
  info: '_info',
};

/** Characters that are encoded at once: a text of megabytes, made of small pieces, would take several times as long. */
const CHUNK = 32_768;

/** The families that have samples, in UTF-8. */
export function exposition(families: readonly MetricFamily[], format: ExpositionFormat): Uint8Array {
  const chunks: Uint8Array[] = [];
  let text = '';
  const flush = (): void => {
    chunks.push(utf8.encode(text));
    text = '';
  };
  for (const family of families) {
    const series = family.name + suffixes[family.type];
    let header = headerOf(family, series, format);
    family.samples((labels, value) => {
      text += `${header}${series}${labels} ${value}\n`;
      header = '';
      if (text.length > CHUNK) flush();
    });
  }
  if (format === 'openmetrics') text += '# EOF\n';
  flush();
  return Buffer.concat(chunks);
}

const utf8 = new TextEncoder();

const headerOf = ({ name, type, help }: MetricFamily, series: string, format: ExpositionFormat): string =>
  format === 'openmetrics'
    ? `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
    : `# HELP ${series} ${help}\n# TYPE ${series} ${type === 'info' ? 'gauge' : type}\n`;

/** `{service="tcp://192.0.2.10:80"}`; labels that are undefined are left out. */
export function labels(values: Readonly<Record<string, string | number | undefined>>): string {
  const pairs = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}="${escapedLabel(String(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

/** Kernels' names of schedulers and interfaces may hold anything. */
export const escapedLabel = (text: string): string => printable(text).replace(/[\\"]/g, '\\$&');
