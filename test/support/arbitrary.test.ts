/** The generators of property tests are as wide as the model: a field that they leave out would be lost without a failure. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { serviceFlag } from '../../src/ipvs/codes.js';
import { daemonBody, destinationBody, serviceBody } from '../../src/ipvs/convert.js';
import { DaemonAttributes, DestinationAttributes, ServiceAttributes } from '../../src/ipvs/schema.js';
import { tunnelTypes } from '../../src/model/destination.js';
import {
  destinationCounts,
  destinationNumberNames,
  destinationNumbers,
  serviceSwitchNames,
} from '../../src/model/fields.js';
import { schedulers } from '../../src/model/schedulers.js';
import * as arbitrary from './arbitrary.js';
import { state } from './arbitrary-state.js';

const sampleOf = <T>(from: fc.Arbitrary<T>): T[] => fc.sample(from, { numRuns: 500, seed: 1 });

const tables = sampleOf(state());
const generators = {
  'arbitrary.ts': {
    services: sampleOf(arbitrary.service),
    destinations: sampleOf(arbitrary.destination),
  },
  'arbitrary-state.ts': {
    services: tables.flatMap(({ services }) => services.map(({ service }) => service)),
    destinations: tables.flatMap(({ services }) => services.flatMap(({ destinations }) => destinations)),
  },
};

/** Attributes that the kernel reports and nobody sets. */
const reported: readonly string[] = ['stats', 'stats64', ...destinationCounts];

/** Names of the attributes that have fewer than two values among these bodies. */
function constant(attributes: { readonly rows: object }, bodies: readonly object[]): string[] {
  return Object.keys(attributes.rows).filter((name) => {
    const values = bodies.map((body) => JSON.stringify((body as Readonly<Record<string, unknown>>)[name]));
    return !reported.includes(name) && new Set(values).size < 2;
  });
}

for (const [file, { services, destinations }] of Object.entries(generators)) {
  describe(`the generators of ${file}`, () => {
    test('give every attribute of a service two values', () => {
      assert.deepEqual(constant(ServiceAttributes, services.map(serviceBody)), []);
    });

    test('give every attribute of a server two values', () => {
      assert.deepEqual(constant(DestinationAttributes, destinations.map(destinationBody)), []);
    });

    test('reach the least, the default and the most of every number of a server', () => {
      for (const name of destinationNumberNames) {
        const { min, max, default: usual } = destinationNumbers[name];
        const seen = new Set(destinations.map((one) => one[name]));
        assert.deepEqual(
          [min, usual, max].filter((value) => !seen.has(value)),
          [],
          name,
        );
      }
    });

    test('set and clear every switch of a service, and every bit of its flags', () => {
      for (const name of serviceSwitchNames) {
        assert.equal(new Set(services.map((one) => one[name])).size, 2, name);
      }
      for (const [name, bit] of Object.entries(serviceFlag)) {
        const states = services.map((one) => ((serviceBody(one).flags?.bits ?? 0) & bit) !== 0);
        assert.equal(new Set(states).size, 2, name);
      }
    });

    test('make every kind of tunnel', () => {
      const seen = new Set(destinations.map(({ tunnel: { type, checksum } }) => `${type} ${checksum}`));
      for (const [type, { checksums }] of Object.entries(tunnelTypes)) {
        for (const checksum of checksums) assert.ok(seen.has(`${type} ${checksum}`), `${type} ${checksum}`);
      }
    });
  });
}

test('a random daemon has two values of every attribute', () => {
  assert.deepEqual(constant(DaemonAttributes, sampleOf(arbitrary.daemon).map(daemonBody)), []);
});

test('a random service has every scheduler', () => {
  const seen = new Set(generators['arbitrary.ts'].services.map(({ scheduler }) => scheduler));
  assert.deepEqual(
    schedulers.filter((scheduler) => !seen.has(scheduler)),
    [],
  );
});
