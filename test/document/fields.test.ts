// Every row of the tables of fields is a key of documents, is exported, compared and written as JSON.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDocuments } from '../../src/document/load.js';
import { documentJsonSchema } from '../../src/document/schema.js';
import { documentOf } from '../../src/document/write.js';
import {
  destinationNumberNames,
  destinationNumbers,
  serviceSwitches,
  serviceSwitchNames,
} from '../../src/model/fields.js';
import type { DesiredService, ServiceState } from '../../src/model/state.js';
import { planJson } from '../../src/output/plan.js';
import { toYaml } from '../../src/output/yaml.js';
import { diff } from '../../src/plan/diff.js';

const noNames = {
  addresses: async () => assert.fail('there are no names to look up'),
  ports: async () => assert.fail('there are no names to look up'),
};

const service = 'udp://192.0.2.1:53';
const server = '198.51.100.1:53';
const timeouts = { tcp: 900, tcpFin: 120, udp: 300 };

async function read(text: string): Promise<DesiredService> {
  const { services = [] } = await parseDocuments([{ file: 'f', text }], noNames);
  return services[0] ?? assert.fail('there is no service');
}

const stateOf = ({ service: one, destinations }: DesiredService): ServiceState => ({
  service: one,
  destinations: destinations ?? assert.fail('there are no servers'),
});

/** The texts that export writes of a service: YAML and JSON. */
function exported(desired: DesiredService): string[] {
  const document = documentOf({ services: [stateOf(desired)], daemons: [], timeouts });
  return [toYaml(document, { compact: true }), JSON.stringify(document)];
}

const planned = (before: DesiredService, after: DesiredService): string =>
  JSON.stringify(
    planJson(diff({ services: [stateOf(before)], daemons: [], timeouts }, { services: [after] })),
  );

interface JsonSchema {
  readonly description?: string;
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly minimum?: number;
  readonly maximum?: number;
}

const defaultsOf = async (kind: 'service' | 'server'): Promise<JsonSchema['properties']> => {
  const schema = (await documentJsonSchema()) as JsonSchema;
  return schema.properties['defaults']?.properties[kind]?.properties ?? {};
};

for (const name of destinationNumberNames) {
  const { min, max, default: usual, about } = destinationNumbers[name];
  // The lower threshold is at most the upper one.
  const others = name === 'lowerThreshold' ? { upperThreshold: max } : {};
  const withNumber = (value?: number) =>
    read(JSON.stringify({ services: [{ service, servers: [{ server, ...others, [name]: value }] }] }));

  test(`${name} of a server is read, exported and compared`, async () => {
    const before = await withNumber();
    const after = await withNumber(max);
    assert.equal(before.destinations?.[0]?.[name], usual);
    assert.equal(after.destinations?.[0]?.[name], max);
    for (const text of exported(after)) assert.equal((await read(text)).destinations?.[0]?.[name], max);
    assert.ok(planned(before, after).includes(JSON.stringify({ field: name, from: usual, to: max })));
    assert.ok(!planned(after, after).includes(name));
  });

  test(`${name} of a server has its range and description in the schema`, async () => {
    const { [name]: schema } = await defaultsOf('server');
    assert.deepEqual([schema?.minimum, schema?.maximum, schema?.description], [min, max, about]);
    await assert.rejects(withNumber(max + 1), new RegExp(`is not a whole number from ${min} to ${max}`));
  });
}

for (const name of serviceSwitchNames) {
  test(`${name} of a service is read, exported and compared`, async () => {
    const withSwitch = (value?: boolean) =>
      read(JSON.stringify({ services: [{ service, [name]: value, servers: [server] }] }));
    const before = await withSwitch();
    const after = await withSwitch(true);
    assert.deepEqual([before.service[name], after.service[name]], [false, true]);
    for (const text of exported(after)) assert.equal((await read(text)).service[name], true);
    assert.ok(planned(before, after).includes(JSON.stringify({ field: name, from: false, to: true })));
    assert.equal((await defaultsOf('service'))[name]?.description, serviceSwitches[name].about);
  });
}
