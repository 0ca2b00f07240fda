// Announcing: which addresses are on the announced device, and which linger on lo, over devices in memory.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  type AnnounceMemory,
  announceKind,
  type LocalAddress,
} from '../../src/agent/announce/announce-memory.js';
import { answerAnnouncing } from '../../src/agent/announce/announce-report.js';
import type { Vip } from '../../src/agent/announce/announced-vips.js';
import { vipsOf } from '../../src/agent/announce/announced-vips.js';
import { Announcer } from '../../src/agent/announce/announcer.js';
import type { AddressPorts } from '../../src/agent/announce/own-addresses.js';
import { type AgentEvent, eventText } from '../../src/agent/reports/event.js';
import { HostError } from '../../src/errors.js';
import { documentOf } from '../support/agent-farm.js';
import { ManualClock } from '../support/manual-clock.js';

const LINGER = 10_000;

/** Devices in memory, and an announcer that can be killed between any two steps. */
class Devices {
  readonly clock = new ManualClock();
  readonly present = new Set<string>();
  memory: AnnounceMemory = { own: [], isWithdrawn: false };
  readonly events: AgentEvent[] = [];
  readonly errors: unknown[] = [];
  /** Each change of a device: `+192.0.2.10 lvs0`. */
  readonly changes: string[] = [];
  /** When an address left the announced device last. */
  private readonly withdrawn = new Map<string, number>();
  failure: HostError | undefined;
  /** The device that the agent has made. */
  marked: string | undefined;
  /** Why nothing can be remembered. */
  diskFailure: string | undefined;
  /** Times that addresses were read. */
  reads = 0;
  /** What others do between a look and an addition. */
  meanwhile = (): void => {};
  announcer: Announcer;
  private life = 0;
  /** Steps until the process is killed. */
  private steps = Number.POSITIVE_INFINITY;

  constructor(
    private device: string | undefined = 'lvs0',
    private readonly linger = LINGER,
  ) {
    this.announcer = this.born();
  }

  on(device: string): string[] {
    return [...this.present]
      .filter((key) => key.endsWith(` ${device}`))
      .map((key) => key.split(' ')[0] as string)
      .sort();
  }

  told(): string[] {
    return this.events.map(eventText);
  }

  async settle(vips: readonly Vip[], isComplete = true): Promise<void> {
    this.announcer.settle(vips.map((each) => ({ ...each, isComplete })));
    await this.clock.pass(0);
  }

  /** Kills the process after so many steps, which a later one of its own may be. */
  killAfter(steps: number): void {
    this.steps = steps;
  }

  /** As after kill -9 and a start. */
  restart(device = this.device): void {
    void this.announcer.stop();
    this.steps = Number.POSITIVE_INFINITY;
    this.device = device;
    this.announcer = this.born();
  }

  private born(): Announcer {
    const life = ++this.life;
    /** Nothing comes back to a process that is dead. */
    const step = async <T>(work: () => T): Promise<T> => {
      if (life !== this.life || this.steps-- <= 0) return new Promise(() => {});
      if (this.failure !== undefined) throw this.failure;
      return work();
    };
    const keyOf = ({ address, device }: LocalAddress): string => `${address} ${device}`;
    const addresses: AddressPorts = {
      read: () => {
        this.reads++;
        return step(() =>
          [...this.present].map((key) => {
            const [address = '', device = ''] = key.split(' ');
            return { address, device, isMarked: device === this.marked };
          }),
        );
      },
      prepare: () => step(() => {}),
      add: (added) =>
        step(() => {
          const key = keyOf(added);
          this.meanwhile();
          if (this.present.has(key)) return false;
          this.present.add(key);
          this.changes.push(`+${key}`);
          return true;
        }),
      remove: (gone) => step(() => this.remove(gone)),
    };
    return new Announcer(
      {
        clock: this.clock,
        addresses,
        remember: async (memory) => {
          if (this.diskFailure !== undefined) return this.diskFailure;
          if (life === this.life && this.steps-- > 0) this.memory = JSON.parse(JSON.stringify(memory));
          return undefined;
        },
        tell: (event) => this.events.push(event),
        fail: (error) => this.errors.push(error),
      },
      { device: this.device, linger: this.linger },
      this.memory,
    );
  }

  private remove({ address, device }: LocalAddress): void {
    if (!this.present.delete(`${address} ${device}`)) return;
    this.changes.push(`-${address} ${device}`);
    if (device !== 'lo') this.withdrawn.set(address, this.clock.now());
    else
      assert.ok(
        this.clock.now() - (this.withdrawn.get(address) ?? Number.NEGATIVE_INFINITY) >= this.linger,
        `${address} left lo early`,
      );
  }
}

const vip = (address: string, isWanted: boolean | undefined, reason = 'test'): Vip => ({
  address,
  isWanted,
  reason,
  isComplete: true,
});

const A = '192.0.2.10';
const B = '2001:db8::10';

describe('the announcer', () => {
  test('puts wanted addresses on the device, and withdraws one before it leaves the machine', async () => {
    const devices = new Devices();
    await devices.settle([vip(A, true), vip(B, true)]);
    assert.deepEqual(devices.on('lvs0'), [A, B]);
    await devices.settle([vip(A, false, 'tcp://192.0.2.10:80 has lost its quorum'), vip(B, true)]);
    assert.deepEqual([devices.on('lvs0'), devices.on('lo')], [[B], [A]]);
    assert.deepEqual(devices.changes.slice(2), [`+${A} lo`, `-${A} lvs0`]);
    await devices.clock.pass(LINGER - 1);
    assert.deepEqual(devices.on('lo'), [A]);
    await devices.clock.pass(1);
    assert.deepEqual(devices.on('lo'), []);
    assert.deepEqual(devices.told(), [
      `${A} vip: announced: test`,
      `${B} vip: announced: test`,
      `${A} vip: withdrawn: tcp://192.0.2.10:80 has lost its quorum`,
    ]);
  });

  test('an address is in use until the linger time after its withdrawal, also if it never came to lo', async () => {
    const devices = new Devices();
    devices.present.add(`${B} eth0`);
    await devices.settle([vip(A, true), vip(B, true)]);
    const inUse = () => [...devices.announcer.inUse].sort();
    assert.deepEqual(inUse(), [A, B]);
    await devices.settle([]);
    assert.deepEqual(devices.on('lvs0'), []);
    await devices.clock.pass(LINGER - 1);
    assert.deepEqual(inUse(), [A, B]);
    await devices.clock.pass(1);
    assert.deepEqual(inUse(), []);
  });

  test('addresses of the documents on a device that the agent has made are its own, also if the memory was lost', async () => {
    const devices = new Devices();
    devices.marked = 'lvs0';
    await devices.settle([vip(A, true), vip(B, true)]);
    devices.present.add('192.0.2.99 lvs0');
    devices.memory = { own: [], isWithdrawn: false };
    devices.restart();
    await devices.settle([vip(A, false), vip(B, true)]);
    assert.deepEqual(devices.on('lvs0'), ['192.0.2.99', B]);
    assert.deepEqual(devices.memory.own.map(({ address, device }) => `${address} ${device}`).sort(), [
      `${A} lo`,
      `${B} lvs0`,
    ]);
    assert.ok(!devices.told().some((line) => line.includes('lvsadm has not put it there')));
  });

  test('announces nothing before the table is complete, and withdraws all the same', async () => {
    const devices = new Devices();
    await devices.settle([vip(A, true)], false);
    assert.deepEqual(devices.on('lvs0'), []);
    await devices.settle([vip(A, true)]);
    await devices.settle([vip(A, true), vip(B, true)], false);
    assert.deepEqual(devices.on('lvs0'), [A]);
    await devices.settle([vip(A, false), vip(B, true)], false);
    assert.deepEqual(devices.on('lvs0'), []);
    await devices.settle([vip(A, true), vip(B, true)]);
    assert.deepEqual(devices.on('lvs0'), [A, B]);
    devices.restart();
    await devices.settle([vip(A, true), vip(B, false)], false);
    assert.deepEqual(devices.on('lvs0'), [A]);
  });

  test('an address comes back although another one lacks a service', async () => {
    const devices = new Devices();
    const refused = { ...vip(B, true), isComplete: false };
    for (const isWanted of [true, false, true]) {
      devices.announcer.settle([vip(A, isWanted), refused]);
      await devices.clock.pass(0);
      assert.deepEqual(devices.on('lvs0'), isWanted ? [A] : []);
    }
    assert.deepEqual(
      [devices.announcer.isReady, devices.announcer.addresses[1]?.reason],
      [false, 'the kernel has not taken all of its services'],
    );
  });

  test('leaves an address whose quorum is not known yet as it is', async () => {
    const devices = new Devices();
    await devices.settle([vip(A, true), vip(B, undefined)]);
    devices.restart();
    await devices.settle([vip(A, undefined), vip(B, undefined)]);
    assert.deepEqual([devices.on('lvs0'), devices.on('lo')], [[A], []]);
  });

  test('never touches addresses that it has not put there', async () => {
    const devices = new Devices();
    for (const key of [`${A} lvs0`, '192.0.2.99 lvs0', `${B} lo`]) devices.present.add(key);
    await devices.settle([vip(A, true), vip(B, true)]);
    await devices.settle([vip(A, false), vip(B, false)]);
    await devices.clock.pass(2 * LINGER);
    assert.deepEqual([devices.on('lvs0'), devices.on('lo')], [[A, '192.0.2.99'], [B]]);
    assert.deepEqual(
      devices.told().filter((line) => line.startsWith('problem')),
      [`problem: ${A} stays on lvs0: lvsadm has not put it there`],
    );
  });

  test('an address that somebody else adds at the same moment is not taken for its own', async () => {
    const devices = new Devices();
    devices.meanwhile = () => devices.present.add(`${A} lvs0`);
    await devices.settle([vip(A, true)]);
    assert.deepEqual(devices.memory.own, []);
    await devices.settle([vip(A, false)]);
    assert.deepEqual(devices.on('lvs0'), [A]);
  });

  test('an address that another device has needs no place on lo', async () => {
    const devices = new Devices();
    devices.present.add(`${A} eth0`);
    await devices.settle([vip(A, true)]);
    await devices.settle([vip(A, false)]);
    assert.deepEqual([devices.on('lo'), devices.on('eth0')], [[], [A]]);
  });

  test('stopped, it leaves all addresses; without a device, those of the run before are withdrawn', async () => {
    const devices = new Devices();
    await devices.settle([vip(A, true)]);
    await devices.announcer.stop();
    assert.deepEqual(devices.on('lvs0'), [A]);
    devices.restart();
    Object.assign(devices, { device: undefined });
    devices.restart();
    await devices.settle([vip(A, true)]);
    assert.deepEqual([devices.on('lvs0'), devices.on('lo')], [[], [A]]);
  });

  test('an operator withdraws all addresses, over a restart, until they are restored', async () => {
    const devices = new Devices();
    await devices.settle([vip(A, true)]);
    const ask = async (action: string) => {
      const question = JSON.stringify({ version: 1, about: 'vips', action });
      return JSON.parse((await answerAnnouncing(devices.announcer, question)) ?? '');
    };
    assert.deepEqual((await ask('withdraw')).withdrawn, true);
    await devices.clock.pass(0);
    assert.deepEqual(devices.on('lvs0'), []);
    devices.restart();
    await devices.settle([vip(A, true)]);
    assert.deepEqual(devices.on('lvs0'), []);
    assert.deepEqual(await ask('show'), {
      version: 1,
      agent: true,
      device: 'lvs0',
      ready: true,
      withdrawn: true,
      busy: false,
      vips: [
        { vip: A, wanted: false, announced: false, lingering: true, reason: 'withdrawn by lvsadm announce' },
      ],
    });
    await ask('restore');
    await devices.clock.pass(0);
    assert.deepEqual(devices.on('lvs0'), [A]);
    for (const other of [
      '{"version":1}',
      '{"version":2,"about":"vips"}',
      '{"version":1,"about":"vips","action":"x"}',
      '{',
    ])
      assert.equal(answerAnnouncing(devices.announcer, other), undefined);
  });

  test('a withdrawal that cannot be remembered is done, and answered with an error', async () => {
    const devices = new Devices();
    await devices.settle([vip(A, true)]);
    devices.diskFailure = 'cannot write announce.json: no space left on device';
    const answer = await answerAnnouncing(
      devices.announcer,
      '{"version":1,"about":"vips","action":"withdraw"}',
    );
    assert.deepEqual(JSON.parse(answer ?? ''), {
      version: 1,
      error: 'done, but the next start will not know it: cannot write announce.json: no space left on device',
    });
    await devices.clock.pass(0);
    assert.deepEqual(devices.on('lvs0'), []);
  });

  test('a device that refuses is told once, and tried again', async () => {
    const devices = new Devices();
    devices.failure = new HostError('use lvs0', 'there is none');
    await devices.settle([vip(A, true)]);
    await devices.clock.pass(3500);
    devices.failure = undefined;
    await devices.clock.pass(1000);
    assert.deepEqual(devices.on('lvs0'), [A]);
    assert.deepEqual(devices.told(), [
      'problem: cannot use lvs0: there is none',
      `${A} vip: announced: test`,
    ]);
    assert.deepEqual(devices.errors, []);
  });

  test('an address that cannot leave lo is tried again after pauses', async () => {
    const devices = new Devices();
    await devices.settle([vip(A, true)]);
    await devices.settle([vip(A, false)]);
    await devices.clock.pass(LINGER - 1);
    devices.failure = new HostError('read addresses', 'too many open files');
    const before = devices.reads;
    await devices.clock.pass(5001);
    assert.ok(devices.reads - before <= 7, `${devices.reads - before} reads in 5 s`);
    devices.failure = undefined;
    await devices.clock.pass(1000);
    assert.deepEqual(devices.on('lo'), []);
  });

  test('an address that somebody removes comes back at the next look', async () => {
    const devices = new Devices();
    await devices.settle([vip(A, true)]);
    devices.present.clear();
    await devices.settle([vip(A, true)]);
    assert.deepEqual(devices.on('lvs0'), [A]);
  });
});

const addresses = [A, B, '192.0.2.11', '192.0.2.12'];
const wishes = fc.dictionary(fc.constantFrom(...addresses), fc.constantFrom(true, false, undefined), {
  noNullPrototype: true,
});
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ settle: wishes, isComplete: fc.constantFrom(true, true, false) }) },
  { weight: 2, arbitrary: fc.record({ pass: fc.integer({ min: 0, max: 15_000 }) }) },
  { weight: 2, arbitrary: fc.record({ killAfter: fc.integer({ min: 0, max: 9 }) }) },
  { weight: 1, arbitrary: fc.record({ restartOn: fc.constantFrom('lvs0', 'lvs1') }) },
  { weight: 1, arbitrary: fc.record({ hold: fc.boolean() }) },
);

test('whatever happens, the device has exactly the wanted addresses in the end, and lo none', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 15 }),
      fc.subarray(addresses),
      fc.subarray(addresses.flatMap((each) => [`${each} lvs0`, `${each} lo`])),
      async (steps, last, foreign) => {
        const devices = new Devices();
        for (const key of foreign) devices.present.add(key);
        for (const each of steps) {
          if ('settle' in each)
            await devices.settle(
              Object.entries(each.settle).map(([address, isWanted]) => vip(address, isWanted)),
              each.isComplete,
            );
          else if ('pass' in each) await devices.clock.pass(each.pass);
          else if ('killAfter' in each) devices.killAfter(each.killAfter);
          else if ('hold' in each) await devices.announcer.hold(each.hold);
          else devices.restart(each.restartOn);
        }
        devices.restart('lvs0');
        await devices.announcer.hold(false);
        await devices.settle(addresses.map((address) => vip(address, last.includes(address))));
        const lingering = devices.on('lo');
        await devices.clock.pass(2 * LINGER);
        const foreignOn = (device: string): string[] =>
          foreign.filter((key) => key.endsWith(` ${device}`)).map((key) => key.split(' ')[0] as string);
        assert.deepEqual(devices.on('lvs0'), [...new Set([...foreignOn('lvs0'), ...last])].sort());
        assert.deepEqual(devices.on('lvs1'), []);
        assert.deepEqual(devices.on('lo'), foreignOn('lo').sort(), `before: ${lingering}`);
        assert.deepEqual(devices.errors, []);
      },
    ),
    { numRuns: 300 },
  ));

describe('virtual addresses', () => {
  const services = async () => {
    const check = { kind: 'tcp' };
    const servers = ['198.51.100.1'];
    const { services = [] } = await documentOf({
      services: [
        { service: 'tcp://192.0.2.10:80', check, servers },
        { service: 'tcp://192.0.2.10:443', check, servers },
        { service: 'udp://192.0.2.10:53', servers },
        { service: 'tcp://192.0.2.11:80', servers },
        { service: 'fwmark://7', check: { kind: 'tcp', port: 80 }, servers },
        { service: 'tcp://[2001:db8::10]:80', check, servers: ['2001:db8::1'] },
      ],
    });
    return services;
  };
  const wanted = (vips: readonly Vip[]) => vips.map(({ address, isWanted }) => [address, isWanted]);

  test('are wanted while each of their checked services has its quorum', async () => {
    const all = await services();
    const of = (http?: boolean, https?: boolean) =>
      vipsOf(
        all,
        new Map(
          Object.entries({ 'tcp://192.0.2.10:80': http, 'tcp://192.0.2.10:443': https }).flatMap(
            ([name, has]) => (has === undefined ? [] : [[name, has] as const]),
          ),
        ),
        new Set(),
      )[0];
    assert.deepEqual(of(true, true), vip(A, true, 'its services have their quorums'));
    assert.deepEqual(of(true, false), vip(A, false, 'tcp://192.0.2.10:443 has lost its quorum'));
    assert.deepEqual(of(undefined, false), vip(A, false, 'tcp://192.0.2.10:443 has lost its quorum'));
    assert.deepEqual(of(true), vip(A, undefined, 'tcp://192.0.2.10:443 has not been checked yet'));
  });

  test('that nobody checks are wanted; services of firewall marks have none', async () => {
    assert.deepEqual(wanted(vipsOf(await services(), new Map(), new Set())), [
      [A, undefined],
      ['192.0.2.11', true],
      [B, undefined],
    ]);
  });
});

test('the memory loses its addresses, and not the withdrawal, at a reboot', () => {
  const memory: AnnounceMemory = { own: [{ address: A, device: 'lvs0' }], isWithdrawn: true };
  const stored = JSON.parse(JSON.stringify(announceKind('first').format(memory)));
  assert.deepEqual(announceKind('first').parse(stored), memory);
  assert.deepEqual(announceKind('second').parse(stored), { own: [], isWithdrawn: true });
  assert.throws(() => announceKind('first').parse({ own: [{ address: 1 }], isWithdrawn: true }), Error);
});
