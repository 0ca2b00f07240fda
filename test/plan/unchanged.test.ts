// Services that are matched as unchanged while the table is read make no difference to a plan.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDocuments } from '../../src/document/load.js';
import { documentOf } from '../../src/document/write.js';
import { destinationNumbers } from '../../src/model/fields.js';
import type { DesiredState, ServerReader, ServiceState, State } from '../../src/model/state.js';
import { planJson, renderPlan } from '../../src/output/plan.js';
import { plainTheme } from '../../src/output/theme.js';
import { readState } from '../../src/plan/current.js';
import { diff } from '../../src/plan/diff.js';
import { stagesOf } from '../../src/plan/stages.js';
import { state } from '../support/arbitrary-state.js';
import { FakeIpvs } from '../support/fake-ipvs.js';

const noNames = { addresses: async () => [], ports: async () => assert.fail('there are no names') };

/** What the document of a state asks for, as it is when it has been read. */
const desiredBy = (table: State): Promise<DesiredState> =>
  parseDocuments([{ file: 'f', text: JSON.stringify(documentOf(table)) }], noNames);

/** Two tables that have much in common: the second has some services of the first as they are, or nearly. */
const related = fc
  .tuple(state(), state(), fc.infiniteStream(fc.nat({ max: 3 })))
  .map(([one, other, fates]) => {
    const near = ({ service, destinations }: ServiceState): ServiceState[] => {
      const [first, ...rest] = destinations;
      const fate = fates.next().value;
      if (fate === 0 || first === undefined) return [{ service, destinations }];
      if (fate === 1) return [{ service, destinations: rest }];
      if (fate === 2) return [{ service, destinations: [{ ...first, weight: 5 }, ...rest] }];
      return [{ service: { ...service, scheduler: 'lc' }, destinations }];
    };
    return [
      one,
      { ...one, daemons: [], timeouts: other.timeouts, services: one.services.flatMap(near) },
    ] as const;
  });

test('a plan with services that were matched as unchanged is the plan made object by object', async () => {
  let matched = 0;
  await fc.assert(
    fc.asyncProperty(related, async ([current, wanted]) => {
      const desired = await desiredBy(wanted);
      const client = await new FakeIpvs().client();
      const empty = { services: [], daemons: [], timeouts: await client.timeouts() };
      await client.applyAll(stagesOf(diff(empty, current)).flat());
      const read = await readState(client, { desired: desired.services });
      matched += read.services.filter((service) => desired.services?.includes(service)).length;
      const quick = diff(read, desired);
      const whole = diff(await readState(client), desired);
      assert.equal(renderPlan(quick, plainTheme), renderPlan(whole, plainTheme));
      assert.deepEqual(planJson(quick), planJson(whole));
      assert.deepEqual(stagesOf(quick), stagesOf(whole));
    }),
    { numRuns: 500 },
  );
  assert.ok(matched > 50, `${matched} services were matched`);
});

test('a server that a dump repeats stands for no other', async () => {
  const text = JSON.stringify({
    services: [{ service: 'tcp://192.0.2.1:80', servers: ['198.51.100.1:80', '198.51.100.2:80'] }],
  });
  const desired = await parseDocuments([{ file: 'f', text }], noNames);
  const [service] = desired.services ?? [];
  const table = (...lastBytes: number[]): ServerReader => {
    let last = 0;
    return {
      count: lastBytes.length,
      seek: (index) => {
        last = lastBytes[index] as number;
      },
      get bytes() {
        return Uint8Array.of(198, 51, 100, last);
      },
      family: 'inet',
      address: () => 0,
      port: () => 80,
      method: () => 'dr',
      number: (field) => destinationNumbers[field].default,
    };
  };
  assert.equal(service?.matchUnchanged?.(table(1, 1), 0), undefined);
  assert.equal(service?.matchUnchanged?.(table(2, 1), 0), service);
});
