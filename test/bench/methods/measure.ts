// Runs in the guest: measures the cases whose name contains the argument, and writes lines of JSON.
import { release } from 'node:os';
import type { Change } from '../../../src/model/change.js';
import type { ServiceId } from '../../../src/model/service.js';
import type { Agent } from '../../support/net/agent.js';
import { Network } from '../../support/net/network.js';
import { answerBytes, type Case, cases, families, methods, nameOf, requestsOf } from './cases.js';
import { HeldConnections } from './held.js';
import { addressOf, complete, links, plan, serverNames, vips } from './network.js';
import { type CpuTime, ownThread, threadsForAll } from './own-thread.js';
import type { Cost, Line, Sample } from './report.js';

const parallel = 4;

const [, , part = ''] = process.argv;
const chosen = cases.filter((one) => nameOf(one).includes(part));
const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

await using network = await Network.build(plan);
await complete(network);
const agent = (name: string) => network.host(name).agent();
const servers = serverNames.slice(0, Math.max(...chosen.map((one) => one.servers)));
await Promise.all(servers.map(async (name) => serve(name, await agent(name))));
const [client, director] = [await agent('client'), await agent('director')];
const threads: Record<keyof typeof links, CpuTime> = {
  requests: await ownThread(network, 'director', links.requests),
  answers: await ownThread(network, 'director', links.answers),
};
await threadsForAll(network, plan);
const held = await HeldConnections.begin(network);

write({ kernel: release() });
for (const [index, one] of chosen.entries()) {
  say(`${index + 1} of ${chosen.length}: ${nameOf(one)}`);
  await held.grow(one.held);
  write(
    await measure(one).then(
      (costs) => ({ ...one, ...costs }),
      (error: Error) => ({ case: one, problem: error.message }),
    ),
  );
}

function write(line: Line): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function serve(name: string, server: Agent): Promise<void> {
  // serveHttp puts the name and a line feed in front.
  const padding = (bytes: number) => bytes - name.length - 1;
  for (const bytes of answerBytes)
    await server.call('serveHttp', { name, port: portOf(bytes), padding: padding(bytes) });
}

function portOf(bytes: number): number {
  return 8000 + answerBytes.findIndex((one) => bytes <= one);
}

async function measure(one: Case): Promise<Omit<Sample, keyof Case>> {
  const id = {
    protocol: 'tcp',
    address: vips[families[one.family].service],
    port: portOf(one.bytes),
  } as const;
  for (const change of tableOf(id, one)) await director.call('applyChanges', [change]);
  const ask = async (count: number): Promise<void> => {
    const { errors } = await client.call('ask', { address: id.address, port: id.port, count, parallel });
    if (errors.length > 0) throw new Error(errors[0]);
  };
  // Neighbours, routes and the code of all are known afterwards.
  await ask(2 * one.servers);
  const requests = requestsOf(one);
  const before = await costs();
  await ask(requests);
  const after = await costs();
  await director.call('applyChanges', [{ do: 'deleteService', id }]);
  const spent = (link: keyof typeof links): Cost => ({
    instructions: (after[link].instructions - before[link].instructions) / requests,
    packets: (after[link].packets - before[link].packets) / requests,
  });
  return { requests: spent('requests'), answers: spent('answers') };
}

/** What the director has received on each link so far, and has spent on it. */
async function costs(): Promise<Record<keyof typeof links, Cost>> {
  const devices = await director.call('read', '/proc/net/dev');
  const cost = async (link: keyof typeof links): Promise<Cost> => {
    // Bytes, then packets.
    const [, packets] = new RegExp(`^ *${links[link]}: *\\d+ +(\\d+)`, 'm').exec(devices) ?? [];
    return { instructions: await threads[link](), packets: Number(packets) };
  };
  return { requests: await cost('requests'), answers: await cost('answers') };
}

function tableOf(id: ServiceId & { port: number }, one: Case): Change[] {
  const { method, tunnel } = methods[one.method];
  return [
    { do: 'addService', service: { id, scheduler: 'rr', schedulerFlags: [], onePacket: false } },
    ...serverNames.slice(0, one.servers).map(
      (name): Change => ({
        do: 'addDestination',
        of: id,
        destination: {
          id: { address: addressOf(name, families[one.family].server, one.method), port: id.port },
          method,
          weight: 1,
          upperThreshold: 0,
          lowerThreshold: 0,
          tunnel,
        },
      }),
    ),
  ];
}
