/** Metrics over HTTP: /metrics, and /healthz for supervisors. */
import { UnavailableError } from '../../errors.js';
import { contentTypes, type ExpositionFormat } from '../../observe/metrics/exposition.js';
import { type HttpAnswer, type HttpHandler, plainAnswer } from '../../system/network/http-server.js';
import { failureText } from '../shared/reading-client.js';
import type { Exporter } from './exporter.js';

export function metricsHandler(exporter: Exporter): HttpHandler {
  return async (path, accept) => {
    if (path === '/healthz') return plainAnswer(200, 'ok');
    if (path !== '/metrics') return plainAnswer(404, 'there are /metrics and /healthz');
    return scraped(exporter, accepted(accept));
  };
}

async function scraped(exporter: Exporter, format: ExpositionFormat): Promise<HttpAnswer> {
  try {
    return { status: 200, type: contentTypes[format], body: await exporter.scrape(format) };
  } catch (error) {
    // Prometheus takes every other status than 200 for a failed scrape: `up` is 0, and no series goes on.
    return plainAnswer(error instanceof UnavailableError ? 503 : 500, failureText(error));
  }
}

/** Prometheus names OpenMetrics first where it takes it. */
const accepted = (accept: string): ExpositionFormat =>
  /application\/openmetrics-text/i.test(accept) ? 'openmetrics' : 'prometheus';
