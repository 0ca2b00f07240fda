/** Restores of a table that others change at the same time: what they did is planned for again, and no rule is lost. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse, tokensOf } from '../../../src/ipvsadm/grammar/parse.js';
import { splitRule } from '../../../src/ipvsadm/rules.js';
import type { FakeIpvs } from '../../support/fake-ipvs.js';
import { Refused } from '../../support/fake-ipvs-rows.js';
import { world, worldOf } from '../../support/run.js';

const before = '-A -t 192.0.2.9:80 -s rr\n';
const table = `-A -t 192.0.2.1:80 -s wlc
-a -t 192.0.2.1:80 -r 198.51.100.1:80 -m -w 1
-a -t 192.0.2.1:80 -r 198.51.100.2:80 -m -w 2
-A -t 192.0.2.2:80 -s rr
`;

async function inUse(rules = before) {
  const made = world();
  assert.equal((await made.run(['-R'], rules)).status, 0);
  return made;
}

function carryOut(ipvs: FakeIpvs, rule: string): void {
  const command = parse(tokensOf(splitRule(rule)));
  assert.ok(command.do === 'change');
  ipvs.carryOut(command.change);
}

/** Commands of linux/ip_vs.h. */
const commands = { addService: 1, addDestination: 5, editDestination: 6, deleteDestination: 7 };

/** Others carry out these rules right before a request with this command is, the first `times` times. */
function interfere(ipvs: FakeIpvs, command: number, rules: readonly string[], times = 1): void {
  const handle = ipvs.handle.bind(ipvs);
  let left = times;
  ipvs.handle = (asked, dump, payload) => {
    if (asked === command && !dump && left > 0) {
      left--;
      const interfering = ipvs.handle;
      ipvs.handle = handle;
      try {
        for (const rule of rules) carryOut(ipvs, rule);
      } catch (error) {
        assert.ok(error instanceof Refused);
      }
      ipvs.handle = interfering;
    }
    return handle(asked, dump, payload);
  };
}

const done = { status: 0, stdout: '', stderr: '' };

const races: Record<string, { old?: string; command: number; others: string[] }> = {
  'a service that another program adds first': {
    command: commands.addService,
    others: ['-A -t 192.0.2.1:80 -s sh'],
  },
  'a server that another program adds first': {
    command: commands.addDestination,
    others: ['-a -t 192.0.2.1:80 -r 198.51.100.1:80 -m -w 7'],
  },
  'a service that another program removes before its server comes': {
    command: commands.addDestination,
    others: ['-D -t 192.0.2.1:80'],
  },
  'a server that another program removes before it changes': {
    old: '-A -t 192.0.2.1:80 -s wlc\n-a -t 192.0.2.1:80 -r 198.51.100.1:80 -m -w 5\n',
    command: commands.editDestination,
    others: ['-d -t 192.0.2.1:80 -r 198.51.100.1:80'],
  },
  'a server that another program removes first': {
    old: '-A -t 192.0.2.1:80 -s wlc\n-a -t 192.0.2.1:80 -r 198.51.100.9:80 -m\n',
    command: commands.deleteDestination,
    others: ['-d -t 192.0.2.1:80 -r 198.51.100.9:80'],
  },
};

for (const [name, { old, command, others }] of Object.entries(races)) {
  test(`${name} is planned for again`, async () => {
    const made = await inUse(old);
    interfere(made.ipvs, command, others);
    assert.deepEqual(await made.replace(table), done);
    assert.equal((await made.run(['-Sn'])).stdout, table);
  });
}

test('two restores of the same rules at once end with these rules', async () => {
  const made = await inUse();
  const [one, other] = [worldOf(await made.ipvs.client()), worldOf(await made.ipvs.client())];
  const results = await Promise.all([one.replace(table), other.run(['-R'], `-C\n${table}`)]);
  assert.deepEqual(results, [done, done]);
  assert.equal((await made.run(['-Sn'])).stdout, table);
});

test('servers whose service others keep removing are reported, and all other rules are carried out', async () => {
  const made = await inUse('-A -t 192.0.2.9:80 -s rr\n');
  interfere(made.ipvs, commands.addDestination, ['-D -t 192.0.2.1:80'], 1000);
  const others = Array.from({ length: 300 }, (_, index) => `-A -t 192.0.2.2:${index + 1} -s rr\n`).join('');
  const { status, stderr } = await made.replace(table.replace(/-A -t 192.0.2.2:80 .*\n/, others));
  assert.equal(status, 0, 'the status is the last line’s');
  assert.equal(
    stderr,
    'Service not defined: TCP 192.0.2.1:80 -> 198.51.100.1:80 (line 2)\n' +
      'Service not defined: TCP 192.0.2.1:80 -> 198.51.100.2:80 (line 3)\n',
  );
  const saved = (await made.run(['-Sn'])).stdout;
  assert.equal(saved.replaceAll(/-A -t 192.0.2.9:80 .*\n/g, ''), others);
});
