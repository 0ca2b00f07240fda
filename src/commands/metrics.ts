/** `lvsadm metrics`: the table for Prometheus. */
import { healthMetrics } from '../agent/reports/health-metrics.js';
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { expositionFormats, type MetricFamily } from '../observe/metrics/exposition.js';
import { writeWhole } from '../system/files/files.js';
import { type ListenAddress, serveHttp } from '../system/network/http-server.js';
import { defineCommand } from './command.js';
import { metricsHandler } from './metrics/endpoint.js';
import { Exporter } from './metrics/exporter.js';
import { AgentHealth } from './shared/agent/agent-health.js';
import { Interruption } from './shared/change/interruption.js';

/** Milliseconds to read another network namespace: Prometheus gives up on a scrape after 10 s by default, a timer does not. */
const OF_SCRAPE = 8000;
const OF_COMMAND = 60_000;

export const command = defineCommand({
  options: {
    write: {
      type: 'path',
      describe: 'write this file, as a whole or not at all: for the textfile collector of node_exporter',
      defaultText: 'standard output',
    },
    listen: {
      type: 'listen',
      describe: 'serve /metrics and /healthz there until SIGINT or SIGTERM',
      defaultText: 'write once',
    },
    compatible: {
      choices: ['node_exporter'],
      describe: "write exactly the series of node_exporter's ipvs collector",
      defaultText: 'series of services, servers, daemons and timeouts',
    },
    format: {
      choices: expositionFormats,
      default: 'prometheus',
      describe: 'text format; --listen answers with what the request accepts',
    },
    'all-netns': {
      type: 'flag',
      describe: 'the named network namespaces as well, with their names as the label netns',
    },
  },
  notes:
    'The module of the kernel is not loaded: without it lvs_up is 0, and there are no other series of the table. If the kernel does ' +
    'not answer, there is no output, the file of --write stays as it was, and --listen answers with status 500. --listen has neither ' +
    'TLS nor passwords: a reverse proxy has them.',
  examples: [
    ['lvsadm metrics --write /var/lib/prometheus/node-exporter/lvs.prom', 'for node_exporter, from a timer'],
    ['lvsadm metrics --listen 9700', 'http://127.0.0.1:9700/metrics'],
    ['lvsadm metrics --listen unix:/run/lvsadm-metrics.sock', 'for a reverse proxy on this machine'],
  ],
  async run(context, { write, listen, compatible, format, allNetns }) {
    if (listen && write !== undefined) throw new UsageError('cannot be combined with --listen', '--write');
    const tell = (text: string) => void context.err.write(`lvsadm: ${text}\n`);
    const exporter = new Exporter(
      context,
      compatible,
      allNetns ? (listen ? OF_SCRAPE : OF_COMMAND) : undefined,
      listen && ((reason) => tell(`scrape failed: ${reason}`)),
      compatible === undefined ? ofAgent(context, tell) : undefined,
    );
    try {
      if (listen) return await serve(context, exporter, listen, tell);
      const bytes = await exporter.scrape(format);
      if (write === undefined) await context.out.write(bytes);
      else writeWhole(write, bytes, context.files);
      return 0;
    } finally {
      exporter.close();
    }
  },
});

/** The metrics of health, where an agent runs. */
function ofAgent(context: Context, tell: (text: string) => void): () => Promise<readonly MetricFamily[]> {
  const health = new AgentHealth(context, tell);
  return async () => {
    const report = await health.read();
    return report === undefined ? [] : healthMetrics(report);
  };
}

/** Serves until the process is asked to stop, which is its regular end. */
async function serve(
  context: Context,
  exporter: Exporter,
  listen: ListenAddress,
  tell: (text: string) => void,
): Promise<number> {
  const interruption = new Interruption(context);
  const server = await serveHttp(listen, metricsHandler(exporter));
  tell(`serving ${server.url}${'path' in listen ? '' : '/metrics'}`);
  await interruption.asked();
  await server.close();
  return 0;
}
