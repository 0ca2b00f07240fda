/** -S loses no field: a table that -R made is saved as it was, in the words of `serviceRule` and `destinationRule`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parse, tokensOf } from '../../src/ipvsadm/grammar/parse.js';
import { destinationRule, serviceRule } from '../../src/ipvsadm/rules.js';
import type { Destination } from '../../src/model/destination.js';
import { destinationNumberNames, destinationNumbers, serviceSwitchNames } from '../../src/model/fields.js';
import type { Service } from '../../src/model/service.js';
import { destination, service } from '../support/arbitrary.js';
import { Refused } from '../support/fake-ipvs-rows.js';
import { world } from '../support/run.js';

const of = { fwmark: 7, family: 'inet' } as const;

/** A service and a server from options, as -A and -a read them. */
function serviceOf(options: string): Service {
  const command = parse(tokensOf(['-A', '-f', '7', ...options.split(' ')]));
  assert.ok(command.do === 'change' && 'service' in command.change);
  return command.change.service;
}
function serverOf(options: string): Destination {
  const command = parse(tokensOf(['-a', '-f', '7', '-r', '198.51.100.7', ...options.split(' ')]));
  assert.ok(command.do === 'change' && 'destination' in command.change);
  return command.change.destination;
}

/** What -S -n prints of a table of these rules. */
async function saved(...rules: readonly string[][]): Promise<string[]> {
  const { run } = world();
  const text = rules.map((words) => words.join(' ')).join('\n');
  assert.deepEqual(await run(['-R'], text), { status: 0, stdout: '', stderr: '' });
  return (await run(['-Sn'])).stdout.split('\n').slice(0, -1);
}

const plainService = serviceOf('-s wlc');
const plainServer = serverOf('-m');

test('a rule has the weight always, and no other number that is its default', async () => {
  const rules = await saved(serviceRule(plainService), destinationRule(of, plainServer));
  assert.deepEqual(rules, ['-A -f 7 -s wlc', '-a -f 7 -r 198.51.100.7:0 -m -w 1']);
});

for (const name of destinationNumberNames) {
  test(`the ${name} of a server is in its rule, and reads back`, () => {
    const { min, max, default: usual } = destinationNumbers[name];
    for (const value of [usual === min ? min + 1 : min, max]) {
      const server: Destination = { ...plainServer, [name]: value };
      const rule = destinationRule(of, server).join(' ');
      assert.deepEqual(serverOf(rule.slice('-a -f 7 -r 198.51.100.7:0 '.length)), server);
    }
  });
}

test('every number of a server is saved', async () => {
  // Each has its own value, and that of a lower threshold is below that of an upper one.
  const numbers = Object.fromEntries(destinationNumberNames.map((name, index) => [name, 1000 - index]));
  const server: Destination = { ...plainServer, ...numbers };
  const rule = destinationRule(of, server).join(' ');
  assert.deepEqual(serverOf(rule.slice('-a -f 7 -r 198.51.100.7:0 '.length)), server);
  assert.deepEqual(await saved(serviceRule(plainService), destinationRule(of, server)), [
    '-A -f 7 -s wlc',
    rule,
  ]);
});

for (const name of serviceSwitchNames) {
  test(`the switch ${name} of a service is saved, and reads back`, async () => {
    const switched: Service = { ...plainService, [name]: true };
    const rule = serviceRule(switched).join(' ');
    assert.deepEqual(serviceOf(rule.slice('-A -f 7 '.length)), switched);
    assert.deepEqual(await saved(serviceRule(switched)), [rule]);
  });
}

test('any table is saved in the words of its rules', async () => {
  await fc.assert(
    fc.asyncProperty(service, destination, async (virtual, server) => {
      const rules = [serviceRule(virtual), destinationRule(virtual.id, server)];
      const { run, ipvs } = world();
      try {
        ipvs.carryOut({ do: 'addService', service: virtual });
        ipvs.carryOut({ do: 'addDestination', of: virtual.id, destination: server });
      } catch (error) {
        // The kernel lacks the scheduler, takes IPv4 and IPv6 together through tunnels only, and so on.
        assert.ok(error instanceof Refused);
        fc.pre(false);
      }
      assert.equal((await run(['-Sn'])).stdout, rules.map((words) => `${words.join(' ')}\n`).join(''));
    }),
    { numRuns: 100 },
  );
});
