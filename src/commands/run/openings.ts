/** Where the agent listens: its control socket, for the questions of other commands, and its metrics. */
import type { Agent } from '../../agent/agent.js';
import { answerAnnouncing } from '../../agent/announce/announce-report.js';
import type { Announcer } from '../../agent/announce/announcer.js';
import { healthMetrics } from '../../agent/reports/health-metrics.js';
import { answerHealth, healthReport } from '../../agent/reports/health-report.js';
import { answerHolds } from '../../agent/reports/holds-report.js';
import type { Context } from '../../context.js';
import type { MetricFamily } from '../../observe/metrics/exposition.js';
import { type ListenAddress, serveHttp } from '../../system/network/http-server.js';
import { serveLines } from '../../system/network/line-socket.js';
import { metricsHandler } from '../metrics/endpoint.js';
import { Exporter } from '../metrics/exporter.js';
import { openStore } from '../shared/store.js';
import type { OpenListener } from './listeners.js';

export interface Answering {
  readonly agent: Agent;
  readonly announcer: Announcer;
  /** What is wrong with the agent itself. */
  problems(): readonly string[];
  /** Metrics beside those of the table and of health. */
  families(): readonly MetricFamily[];
}

export function openingsOf(
  context: Context,
  { metrics, runDir }: { readonly metrics: ListenAddress | undefined; readonly runDir: string | undefined },
  { agent, announcer, problems, families }: Answering,
): OpenListener[] {
  const answer = (question: string) =>
    answerAnnouncing(announcer, question) ??
    answerHolds(agent, question) ??
    answerHealth(agent, question, context.now(), problems());
  const control = () => serveLines(openStore(context, runDir).socketPath('agent'), answer, context.files);
  if (metrics === undefined) return [control];
  const warn = (reason: string): void => void context.err.write(`lvsadm: scrape failed: ${reason}\n`);
  const exporter = new Exporter(context, undefined, undefined, warn, () => [
    ...healthMetrics(healthReport(agent, undefined, context.now())),
    ...families(),
  ]);
  return [control, () => serveHttp(metrics, metricsHandler(exporter)), async () => exporter];
}
