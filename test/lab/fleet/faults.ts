/**
 * What can go wrong in a fleet. Each fault begins, shows that the directors keep what they have, and ends, also where it fails; a new
 * release has to reach all of them afterwards.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Director } from './director.js';
import { cutOff, delay, directorNames, endDelay, reconnect } from './network.js';
import { PREFIX, QUOTA } from './store.js';
import type { FleetTestbed } from './testbed.js';

export interface FleetFault {
  readonly name: string;
  /** Whether the fault itself costs requests, with or without a fleet (default: none may fail). */
  readonly costsRequests?: boolean;
  play(fleet: FleetTestbed): Promise<unknown>;
}

/** Milliseconds for which tables are watched that are not to change. */
const QUIET = 5000;

const others = ({ directors }: FleetTestbed, one: Director): Director[] =>
  directors.filter((director) => director !== one);

/** All directors keep the tables that they have. */
async function staysAsItIs(fleet: FleetTestbed): Promise<void> {
  const counts = () => Promise.all(fleet.directors.map((director) => director.counts()));
  await fleet.untilTables();
  const before = await counts();
  await sleep(QUIET);
  assert.deepEqual(await counts(), before, fleet.logs());
}

/** A release that the first director refuses goes no further, and the tables stay. */
async function stopsAtItsFirstWave(fleet: FleetTestbed, release: number, reason: RegExp): Promise<void> {
  const { status, stdout, stderr } = await fleet.operator(
    ...['release', String(release), '--wave', 'lb1:1s', '--patience', '30', '--wait'],
  );
  assert.equal(status, 1, stdout + stderr);
  assert.match(stdout, /halted, wave 1 of 2 \(lb1\): lb1: /);
  assert.match(stdout, reason);
  await staysAsItIs(fleet);
}

const etcdKilled: FleetFault = {
  name: 'a member of etcd is killed during a release',
  async play(fleet) {
    const { cluster } = fleet.etcd;
    const member = fleet.any(cluster.members);
    await cluster.kill(member);
    try {
      await fleet.release();
      await fleet.untilTables();
    } finally {
      await cluster.revive();
    }
  },
};

const agentKilled: FleetFault = {
  name: 'an agent is killed, and a release made before it is back',
  async play(fleet) {
    const director = fleet.any(fleet.directors);
    await director.kill();
    try {
      await fleet.release(false);
      await fleet.untilTables(others(fleet, director));
    } finally {
      director.start();
    }
    await fleet.untilTables();
  },
};

const storeDown: FleetFault = {
  name: 'the store is down, and an agent starts without it',
  async play(fleet) {
    const { cluster } = fleet.etcd;
    await Promise.all(cluster.members.map((member) => cluster.kill(member)));
    try {
      const director = fleet.any(fleet.directors);
      await director.kill();
      const from = director.output.length;
      director.start();
      await director.says(/first application/, from);
      await staysAsItIs(fleet);
    } finally {
      await cluster.revive();
    }
  },
};

const compactedWhileCut: FleetFault = {
  name: 'a director is cut off, and etcd compacted during a release',
  async play(fleet) {
    const director = fleet.any(fleet.directors);
    await cutOff(director.host);
    try {
      await fleet.release(false);
      await fleet.untilTables(others(fleet, director));
      await fleet.etcd.compact();
    } finally {
      await reconnect(director.host);
    }
    await fleet.untilTables();
  },
};

const late: FleetFault = {
  name: 'two directors are 400 ms from the store',
  async play(fleet) {
    const late = fleet.directors.slice(0, 2);
    await Promise.all(late.map(({ host }) => delay(host, '400ms', '100ms')));
    try {
      await fleet.release();
      await fleet.untilTables();
    } finally {
      await Promise.all(late.map(({ host }) => endDelay(host)));
    }
  },
};

const prefixDeleted: FleetFault = {
  name: 'the prefix is deleted, and restored',
  async play(fleet) {
    const entries = await fleet.etcd.entries();
    await fleet.etcd.ctl(['del', '--prefix', PREFIX]);
    try {
      await staysAsItIs(fleet);
    } finally {
      for (const [key, value] of entries) await fleet.etcd.ctl(['put', key], value);
    }
  },
};

const documentTruncated: FleetFault = {
  name: 'a document in the store is truncated',
  async play(fleet) {
    const before = new Map(await fleet.etcd.entries());
    const { id } = await fleet.pushNext();
    const [key, value] =
      (await fleet.etcd.entries()).find(
        ([key]) => key.startsWith(`${PREFIX}documents/web.json/`) && !before.has(key),
      ) ?? assert.fail('there is no new document');
    await fleet.etcd.ctl(['put', key], value.slice(0, -20));
    try {
      await stopsAtItsFirstWave(fleet, id, /it is another text/);
    } finally {
      await fleet.etcd.ctl(['put', key], value);
    }
    await fleet.succeeds('rollback', '--wait');
  },
};

const wrongForTheKernel: FleetFault = {
  name: 'a release has a scheduler that no kernel has',
  async play(fleet) {
    const { id } = await fleet.push(fleet.current.size, 'wrrr');
    await stopsAtItsFirstWave(fleet, id, /Scheduler or persistence engine not found/);
    await fleet.succeeds('rollback', '--wait');
  },
};

const removesTooMuch: FleetFault = {
  name: 'a release removes three servers of four',
  async play(fleet) {
    const { id } = await fleet.push(5);
    await stopsAtItsFirstWave(fleet, id, /would remove \d+ of \d+ servers/);
    await fleet.succeeds('rollback', '--wait');
  },
};

const twoOperators: FleetFault = {
  name: 'two operators release at once',
  async play(fleet) {
    const releases = [await fleet.pushNext(), await fleet.push(17)];
    const results = await Promise.all(
      // A rollout whose wave has to be well for a time is not over when the second operator begins.
      releases.map(({ id }) => fleet.operator('release', String(id), '--wave', 'lb1:1s', '--wait')),
    );
    const winners = releases.filter((_, index) => results[index]?.status === 0);
    const told = results.map(({ status, stdout, stderr }) => `${status}: ${stdout}${stderr}`).join('\n');
    assert.equal(winners.length, 1, told);
    assert.deepEqual(results.map(({ status }) => status).sort(), [0, 2], told);
    fleet.current = winners[0] ?? fleet.current;
    await fleet.untilTables();
  },
};

/** What faketime(1) sets for its program; a process of its own in between would outlive SIGKILL. */
const clockAhead = (offset: string): NodeJS.ProcessEnv => ({
  LD_PRELOAD: '/usr/$LIB/faketime/libfaketime.so.1',
  FAKETIME: offset,
  FAKETIME_DONT_FAKE_MONOTONIC: '1',
});

const clocksApart: FleetFault = {
  name: 'the clocks of two directors are hours apart',
  async play(fleet) {
    const [one, other] = fleet.directors.slice(2) as [Director, Director];
    await Promise.all([one.kill(), other.kill()]);
    try {
      one.start(clockAhead('+20h'));
      other.start(clockAhead('+1h'));
      await fleet.untilWell();
      await fleet.release();
      await fleet.untilTables();
    } finally {
      await Promise.all([one.kill(), other.kill()]);
      one.start();
      other.start();
    }
  },
};

const full: FleetFault = {
  name: 'etcd is full, and an agent is killed meanwhile',
  async play(fleet) {
    const { etcd } = fleet;
    const filler = 'x'.repeat(1_000_000);
    const isFull = async (index: number): Promise<boolean> =>
      /space exceeded/.test((await etcd.tryCtl(['put', `/filler/${index}`], filler)).stderr);
    try {
      let puts = 0;
      while (!(await isFull(puts++))) assert.ok(puts < (2 * QUOTA) / filler.length, 'it takes everything');
      const director = fleet.any(fleet.directors);
      await director.kill();
      director.start();
      const refused = await fleet.operator('release', '--supersede');
      assert.equal(refused.status, 255, refused.stdout + refused.stderr);
      assert.match(refused.stderr, /space exceeded/);
      await staysAsItIs(fleet);
    } finally {
      await etcd.ctl(['del', '--prefix', '/filler/']);
      await etcd.compact();
      await etcd.ctl(['defrag']);
      await etcd.ctl(['alarm', 'disarm']);
    }
  },
};

const leaseExpired: FleetFault = {
  name: 'an agent is stopped for longer than its lease',
  async play(fleet) {
    const director = fleet.any(fleet.directors);
    director.pause();
    try {
      await sleep(45_000);
      const { stdout } = await fleet.operator('status');
      assert.match(stdout, new RegExp(`^ *${director.name} .* lost `, 'm'));
      await fleet.release();
      await fleet.untilTables(others(fleet, director));
    } finally {
      director.goOn();
    }
    await fleet.untilTables();
  },
};

const wrongPassword: FleetFault = {
  name: 'the password of the agents is changed',
  async play(fleet) {
    const { etcd } = fleet;
    const [first] = fleet.directors as [Director];
    const from = first.output.length;
    await etcd.ctl(['user', 'passwd', 'lvs-agent', '--interactive=false'], 'another-secret');
    try {
      // Tokens that members know would do for minutes.
      await etcd.restart();
      await first.says(/authentication failed|invalid user ID or password/, from);
      await staysAsItIs(fleet);
      for (const { output } of fleet.directors) assert.doesNotMatch(output, /(agent|another)-secret/);
    } finally {
      etcd.writePassword('agent', 'another-secret');
    }
  },
};

const certificateEnded: FleetFault = {
  name: 'the certificate of the clients ends',
  async play(fleet) {
    const { etcd } = fleet;
    const [first] = fleet.directors as [Director];
    const from = first.output.length;
    etcd.renewCertificate(-1);
    try {
      await etcd.restart();
      await first.says(/certificate/i, from);
      await staysAsItIs(fleet);
    } finally {
      etcd.renewCertificate(2);
    }
  },
};

const outOfEcmp: FleetFault = {
  name: 'each director in turn is taken out of ECMP',
  async play(fleet) {
    try {
      for (const name of directorNames) {
        await fleet.spread(directorNames.filter((other) => other !== name));
        await fleet.requireHeld();
        await sleep(1000);
      }
    } finally {
      await fleet.spread(directorNames);
    }
  },
};

/** Shows, too, that requests which nobody answers are noticed. */
const serviceRemoved: FleetFault = {
  name: 'another program removes a service',
  costsRequests: true,
  async play(fleet) {
    const director = fleet.any(fleet.directors);
    const before = await fleet.driftOn(director.name);
    director.pause();
    try {
      await director.removeWeb();
      await sleep(QUIET);
    } finally {
      director.goOn();
    }
    await fleet.until(async () => {
      const drift = await fleet.driftOn(director.name);
      return drift > before ? undefined : `the drift on ${director.name} is ${drift}, it was ${before}`;
    });
  },
};

export const fleetFaults: readonly FleetFault[] = [
  etcdKilled,
  agentKilled,
  storeDown,
  compactedWhileCut,
  late,
  prefixDeleted,
  documentTruncated,
  wrongForTheKernel,
  removesTooMuch,
  twoOperators,
  clocksApart,
  full,
  leaseExpired,
  wrongPassword,
  certificateEnded,
  outOfEcmp,
  serviceRemoved,
];
