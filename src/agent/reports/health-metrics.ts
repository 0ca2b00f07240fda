/** The health of servers as metrics: `lvs_health_*`. */
import { labels, type MetricFamily } from '../../observe/metrics/exposition.js';
import type { CheckHealth, HealthReport, ServerHealth } from './health-report.js';

type Labelled = (
  service: string,
  server: ServerHealth,
) => readonly (readonly [labels: string, value: number])[];

/** One of each kind: two with the same labels would be one series. */
const byKind = ({ checks }: ServerHealth): readonly CheckHealth[] => [
  ...new Map(checks.map((each) => [each.check, each])).values(),
];

export function healthMetrics({ services, punctuality }: HealthReport): MetricFamily[] {
  const family = (name: string, type: MetricFamily['type'], help: string, of: Labelled): MetricFamily => ({
    name: `lvs_health_${name}`,
    type,
    help,
    samples(add) {
      for (const { service, servers } of services)
        for (const server of servers) for (const [own, value] of of(service, server)) add(own, value);
    },
  });
  const names = (service: string, { server }: ServerHealth) => labels({ service, server });
  const total = (name: string, help: string, value: number): MetricFamily => ({
    name: `lvs_health_${name}`,
    type: 'counter',
    help,
    samples: (add) => add('', value),
  });
  return [
    family('up', 'gauge', 'Whether the server is up.', (service, server) => [
      [names(service, server), server.factors.health === 1 && !server.kept ? 1 : 0],
    ]),
    family(
      'floor_held',
      'gauge',
      'Whether the server is down, and in use because of the floor.',
      (service, server) => [[names(service, server), server.kept ? 1 : 0]],
    ),
    family('transitions', 'counter', 'Times that a check took the server down or up.', (service, server) =>
      byKind(server).map(({ check, transitions }) => [
        labels({ service, server: server.server, check }),
        transitions,
      ]),
    ),
    family('check_duration_seconds', 'gauge', 'Time of the last result of the check.', (service, server) =>
      byKind(server).flatMap(({ check, ms }) =>
        ms === null ? [] : [[labels({ service, server: server.server, check }), ms / 1000] as const],
      ),
    ),
    family(
      'check_not_run_seconds',
      'gauge',
      'Time for which this machine could not run the check; 0 while it runs.',
      (service, server) =>
        byKind(server).map(({ check, notRun }) => [
          labels({ service, server: server.server, check }),
          notRun ? notRun.age / 1000 : 0,
        ]),
    ),
    total('checks_started', 'Checks that were started.', punctuality.started),
    total('checks_not_run', 'Checks that this machine could not run.', punctuality.notRun),
    total('checks_late', 'Checks that were started more than 100 ms after they were due.', punctuality.late),
  ];
}
