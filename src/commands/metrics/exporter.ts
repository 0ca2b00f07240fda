/** Reads the table, and writes it as metrics. */
import type { Context } from '../../context.js';
import { cannot, UnavailableError } from '../../errors.js';
import { type ExpositionFormat, exposition, type MetricFamily } from '../../observe/metrics/exposition.js';
import { mergeExpositions, type NetnsExposition } from '../../observe/metrics/merge-expositions.js';
import { nodeExporterMetrics } from '../../observe/metrics/node-exporter.js';
import { metricsOf } from '../../observe/metrics/table-metrics.js';
import { sampleTable, type TableSample } from '../../observe/table/sample.js';
import { wholeText } from '../../system/files/files.js';
import { otherNamespaces } from '../../system/network/netns.js';
import { readTableStatus } from '../../system/table-status.js';
import { version } from '../../version.js';
import { outputsIn } from '../shared/namespaces.js';
import { failureText, ReadingClient } from '../shared/reading-client.js';

/** Milliseconds for each datagram of the kernel's: Prometheus gives up on a scrape after 10 s by default. */
const PATIENCE = 5000;

const TOTALS = '/proc/net/ip_vs_stats';

export type Compatibility = 'node_exporter';

export class Exporter {
  private readonly client: ReadingClient;
  private failures = 0;
  /** Readings that have begun, by format: requests that come meanwhile share them. */
  private readonly running = new Map<ExpositionFormat, Promise<Uint8Array>>();
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly context: Context,
    private readonly compatible: Compatibility | undefined,
    /** Milliseconds for each of the named network namespaces (default: they are not read). */
    private readonly elsewhere?: number,
    /** Called once with the reason of a reading that failed. */
    private readonly tell: (reason: string) => void = () => {},
    /** Further families of each reading. */
    private readonly others: () => Promise<readonly MetricFamily[]> | readonly MetricFamily[] = () => [],
  ) {
    this.client = new ReadingClient(context, PATIENCE);
  }

  /**
   * One reading of the table. Where the kernel has no IPVS it says so in `lvs_up`.
   * @throws LvsadmError where the kernel does not answer: there are no numbers then
   */
  scrape(format: ExpositionFormat): Promise<Uint8Array> {
    const running = this.running.get(format);
    if (running !== undefined) return running;
    const scrape = this.last.then(() => this.read(format)).finally(() => this.running.delete(format));
    this.running.set(format, scrape);
    this.last = scrape.catch(() => {});
    return scrape;
  }

  close(): void {
    this.client.close();
  }

  private async read(format: ExpositionFormat): Promise<Uint8Array> {
    const start = this.context.now();
    try {
      const sample = await this.client.ask(sampleTable).catch(unloaded);
      const families = [
        ...(await this.families(sample, (this.context.now() - start) / 1000)),
        ...(await this.others()),
      ];
      const own = exposition(families, format);
      return this.elsewhere === undefined ? own : await this.merged(own, format, this.elsewhere);
    } catch (error) {
      this.failures++;
      this.tell(failureText(error));
      throw error;
    }
  }

  /** With the metrics of all named namespaces, each read by a process there. */
  private async merged(own: Uint8Array, format: ExpositionFormat, patience: number): Promise<Uint8Array> {
    const compatible = this.compatible === undefined ? [] : ['--compatible', this.compatible];
    const words = ['metrics', '--format', format, ...compatible];
    const texts = await outputsIn(otherNamespaces(this.context.files), words, this.context, patience);
    const parts: NetnsExposition[] = [
      { netns: undefined, text: new TextDecoder().decode(own) },
      ...Array.from(texts, ([netns, text]) => ({ netns, text })),
    ];
    return new TextEncoder().encode(mergeExpositions(parts, format));
  }

  private async families(sample: TableSample | undefined, duration: number): Promise<MetricFamily[]> {
    if (this.compatible === undefined) {
      const count = sample && (await readTableStatus((path) => this.context.readFile(path)))?.['Conns'];
      const connections = count === undefined ? undefined : Number(count);
      return metricsOf(sample, { version, duration, failures: this.failures, connections });
    }
    if (sample === undefined) return [];
    const totals = await wholeText(this.context.readFile(TOTALS)).catch((error) => {
      throw cannot(`read ${TOTALS}`, error);
    });
    return nodeExporterMetrics(sample, totals);
  }
}

function unloaded(error: unknown): undefined {
  if (error instanceof UnavailableError && error.reason === 'no-ipvs') return undefined;
  throw error;
}
