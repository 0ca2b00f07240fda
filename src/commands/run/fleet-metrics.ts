/** A director in its fleet, as metrics: `lvs_fleet_*`. */

import type { MemberState } from '../../fleet/member.js';
import type { Condition } from '../../fleet/member-ports.js';
import { labels, type MetricFamily } from '../../observe/metrics/exposition.js';

export function fleetMetrics(
  { node, isConnected, answerAge, last }: MemberState,
  { converged, drift, holds }: Condition,
): MetricFamily[] {
  const gauge = (name: string, help: string, value: number | undefined, of = ''): MetricFamily => ({
    name: `lvs_fleet_${name}`,
    type: 'gauge',
    help,
    samples: (add) => value !== undefined && add(of, value),
  });
  return [
    {
      name: 'lvs_fleet_node',
      type: 'info',
      help: 'Name of this director in its fleet.',
      samples: (add) => add(labels({ node }), 1),
    },
    gauge(
      'store_connected',
      'Whether the agent takes part in the fleet: its store answers.',
      Number(isConnected),
    ),
    gauge(
      'store_answer_age_seconds',
      'Time since the last renewal of the lease in the store.',
      answerAge === undefined ? undefined : answerAge / 1000,
    ),
    gauge('release', 'Number of the release that has been applied.', last?.release),
    gauge(
      'target',
      'Number of the target whose release has been applied; rollbacks count, too.',
      last?.sequence,
    ),
    gauge('converged', 'Whether the table is as the release says.', Number(converged)),
    gauge(
      'holds',
      'Servers that the fleet holds.',
      [...holds.values()].filter(({ ofFleet }) => ofFleet).length,
    ),
    {
      name: 'lvs_fleet_drift',
      type: 'counter',
      help: 'Differences from the release that another program made, as found since the agent started.',
      samples: (add) => add('', drift),
    },
  ];
}
