/** An IPVS in memory that has a table. */
import assert from 'node:assert/strict';
import type { IpvsClient } from '../../src/ipvs/client.js';
import type { State } from '../../src/model/state.js';
import { diff } from '../../src/plan/diff.js';
import { stagesOf } from '../../src/plan/stages.js';
import { FakeIpvs } from './fake-ipvs.js';
import { FakeOptions } from './fake-options.js';

export const empty: State = { services: [], daemons: [], timeouts: { tcp: 1, tcpFin: 1, udp: 1 } };

/** @param withOptions whether servers may be asked for by socket options as well */
export async function clientOf(table: State, withOptions = false): Promise<IpvsClient> {
  const ipvs = new FakeIpvs();
  const openOptions = withOptions ? () => new FakeOptions(ipvs) : undefined;
  const client = await ipvs.client({ openOptions });
  const refusals = await client.applyAll(stagesOf(diff(empty, table)).flat());
  assert.ok(refusals.every((refusal) => refusal === undefined));
  return client;
}
