// What export writes reads back as the same state: as YAML, as JSON, and as saved rules where those have words for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDocuments } from '../../src/document/load.js';
import { documentOf } from '../../src/document/write.js';
import { destinationRule, serviceRule } from '../../src/ipvsadm/rules.js';
import type { DesiredState, State } from '../../src/model/state.js';
import { toYaml } from '../../src/output/yaml.js';
import { normal, servicesOfRules, state } from '../support/arbitrary-state.js';

const noNames = {
  addresses: async () => assert.fail('there are no names to look up'),
  ports: async () => assert.fail('there are no names to look up'),
};

const parse = (text: string) => parseDocuments([{ file: 'export', text }], noNames);

/** Desired state that says everything, as a state. */
function whole({ services = [], daemons = [], timeouts }: DesiredState): State {
  assert.ok(timeouts?.tcp && timeouts.tcpFin && timeouts.udp, 'every timeout is said');
  const { tcp, tcpFin, udp } = timeouts;
  return {
    services: services.map(({ service, destinations }) => {
      assert.ok(destinations, 'the servers are said, even where there are none');
      return { service, destinations };
    }),
    daemons,
    timeouts: { tcp, tcpFin, udp },
  };
}

test('a state written as YAML reads back the same', () =>
  fc.assert(
    fc.asyncProperty(state(), async (original) => {
      const read = await parse(toYaml(documentOf(original), { compact: true }));
      assert.deepEqual(normal(whole(read)), normal(original));
    }),
  ));

test('a state written as JSON reads back the same', () =>
  fc.assert(
    fc.asyncProperty(state(), async (original) => {
      const read = await parse(JSON.stringify(documentOf(original)));
      assert.deepEqual(normal(whole(read)), normal(original));
    }),
  ));

test('the order of a table does not show in its document', () =>
  fc.assert(
    fc.property(state(), (original) => {
      const turned = {
        ...original,
        services: original.services.toReversed(),
        daemons: original.daemons.toReversed(),
      };
      assert.equal(
        toYaml(documentOf(turned), { compact: true }),
        toYaml(documentOf(original), { compact: true }),
      );
    }),
  ));

test('services and servers saved as rules read back the same', () =>
  fc.assert(
    fc.asyncProperty(state(), async (original) => {
      const services = servicesOfRules(original);
      fc.pre(services.length > 0);
      const text = services
        .flatMap(({ service, destinations }) => [
          serviceRule(service),
          ...destinations.map((destination) => destinationRule(service.id, destination)),
        ])
        .map((words) => words.join(' '))
        .join('\n');
      const read = await parse(text);
      assert.equal(read.daemons, undefined);
      assert.equal(read.timeouts, undefined);
      const { timeouts } = original;
      const saved = whole({ ...read, daemons: [], timeouts });
      assert.deepEqual(normal(saved), normal({ services, daemons: [], timeouts }));
    }),
  ));
