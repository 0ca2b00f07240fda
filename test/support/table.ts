/** An IPVS in memory that has a table. */
import assert from 'node:assert/strict';
import { IpvsClient } from '../../src/ipvs/client.js';
import type { State } from '../../src/model/state.js';
import { diff } from '../../src/plan/diff.js';
import { stagesOf } from '../../src/plan/steps.js';
import { FakeIpvs } from './fake-ipvs.js';

export const empty: State = { services: [], daemons: [], timeouts: { tcp: 1, tcpFin: 1, udp: 1 } };

export async function clientOf(table: State): Promise<IpvsClient> {
  const client = await IpvsClient.open(new FakeIpvs().open);
  const refusals = await client.applyAll(stagesOf(diff(empty, table)).flat());
  assert.ok(refusals.every((refusal) => refusal === undefined));
  return client;
}
