/**
 * ipvsadm's grammar on a real kernel: each recorded command line of the real ipvsadm once more, by lvsadm, with the kernel
 * to say what it refuses and what the table then holds. All in this process, because one process for each of some 6,000
 * command lines would take most of an hour here; what a process adds is for other suites.
 */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { IpvsClient } from '../../../src/ipvs/client.js';
import type { Change } from '../../../src/model/change.js';
import { openNodeSocket } from '../../../src/netlink/socket-node.js';
import { groups } from '../../ipvsadm/cases.js';
import type { Observation } from '../../ipvsadm/record.js';
import { recorded, replay } from '../../ipvsadm/replay.js';
import { worldOf } from '../../support/run.js';

let client: IpvsClient;

before(async () => {
  client = patient(await IpvsClient.open(openNodeSocket));
});

after(() => client.close());

/** An empty table; daemons and timeouts only where the last command line may have touched them. */
async function resetAfter(last: Observation | undefined): Promise<void> {
  await client.apply({ do: 'flush' });
  const touched = [last?.stdin ?? '', ...(last?.given ?? []), ...(last?.run ?? [])].join(' ');
  if (last !== undefined && !/--(set|start-daemon)/.test(touched)) return;
  for (const { state } of await client.daemons()) await client.apply({ do: 'stopDaemon', daemon: { state } });
  await client.apply({ do: 'setTimeouts', timeouts: { tcp: 900, tcpFin: 120, udp: 300 } });
}

/**
 * The client, in less of a hurry: a kernel (6.1) that is told to stop a daemon whose thread has not yet run does not
 * answer for more than 30 seconds.
 */
function patient(client: IpvsClient): IpvsClient {
  return Object.assign(Object.create(client) as IpvsClient, {
    async apply(change: Change): Promise<void> {
      if (change.do === 'stopDaemon') await setTimeout(100);
      await client.apply(change);
    },
  });
}

/** Newer kernels have the scheduler twos, and refuse thresholds above 2147483647, which the recorded one took. */
const dependsOnKernel = ({ run }: Observation): boolean =>
  run.some((word) => /^-s=twos$|^-[xy]=(2147483648|429496729[45])$/.test(word));

describe('command lines of ipvsadm', () => {
  for (const group of Object.keys(groups)) {
    test(group, async () => {
      const problems: string[] = [];
      let last: Observation | undefined;
      for (const seen of recorded(group)) {
        if (dependsOnKernel(seen)) continue;
        await resetAfter(last);
        last = seen;
        const { problem } = await replay(seen, worldOf(client)).catch((cause) => {
          throw new Error(`ipvsadm ${seen.run.join(' ')}`, { cause });
        });
        if (problem !== '') problems.push(problem);
      }
      assert.equal(problems.length, 0, `${problems.length} problems:\n${problems.join('\n')}`);
    });
  }
});
