// Runs where IPVS is: measures every method with every number of servers, in rounds, and writes what it saw as JSON.
import { release } from 'node:os';
import type { Change } from '../../../src/model/change.js';
import { plainTunnel } from '../../../src/model/destination.js';
import type { ServiceId } from '../../../src/model/service.js';
import { Network } from '../../support/net/network.js';
import { addressOf, answers, directorAddress, plan, type ServerName, serverNames } from './network.js';
import { type CpuTime, ownThread } from './own-thread.js';

export const methods = ['nat', 'tun', 'dr'] as const;
export const serverCounts = [1, 2, 4] as const;

export interface Sample {
  method: (typeof methods)[number];
  servers: number;
  kilobytes: number;
  /** Of the director, microseconds. */
  cpuPerRequest: number;
  requestsPerSecond: number;
}

export interface Report {
  kernel: string;
  requests: number;
  samples: Sample[];
}

const vips = { nat: '10.0.0.101', tun: '10.0.0.102', dr: '10.0.0.103' } as const;
const requests = 60;
const parallel = 4;

const [rounds = '5'] = process.argv.slice(2);
const say = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

await using network = await Network.build(plan);
const agent = (name: string) => network.host(name).agent();
const lvsadm = async (name: string, words: string): Promise<void> => {
  const { status, out, err } = await (await agent(name)).call('lvsadm', ...words.split(' '));
  if (status !== 0) throw new Error(`${name}: lvsadm ${words}: ${out}${err}`);
};

await Promise.all(
  serverNames.map(async (name) => {
    for (const { port, kilobytes } of answers)
      await (await agent(name)).call('serveHttp', { name, port, padding: kilobytes * 1024 });
  }),
);
const [client, director] = await Promise.all([agent('client'), agent('director')]);
for (const method of methods)
  await lvsadm('director', `director up --vip ${vips[method]} --interface lan --method ${method}`);
const cpuTime = await ownThread(network, network.portOf('director', 'lan'));

const samples: Sample[] = [];
for (let round = 1; round <= Number(rounds); round += 1) {
  say(`round ${round} of ${rounds}`);
  // Interleaved: what the machine does besides meets all alike.
  for (const servers of serverCounts)
    for (const method of methods)
      samples.push(...(await measure(method, serverNames.slice(0, servers), cpuTime)));
}
const report: Report = { kernel: release(), requests, samples };
process.stdout.write(`${JSON.stringify(report)}\n`);

async function measure(
  method: Sample['method'],
  servers: readonly ServerName[],
  cpu: CpuTime,
): Promise<Sample[]> {
  const vip = vips[method];
  const words =
    method === 'nat' ? `--method nat --gateway ${directorAddress}` : `--method ${method} --vip ${vip}`;
  await Promise.all(servers.map((name) => lvsadm(name, `real-server up ${words}`)));
  const measured: Sample[] = [];
  for (const { port, kilobytes } of answers) {
    const id = { protocol: 'tcp', address: vip, port } as const;
    await director.call('applyChanges', tableOf(id, method, servers));
    // Once before it counts: neighbours, routes and code are known then.
    await client.call('ask', { address: vip, port, count: 8, parallel });
    const before = await cpu();
    const { errors, elapsed } = await client.call('ask', { address: vip, port, count: requests, parallel });
    const spent = (await cpu()) - before;
    if (errors.length > 0) throw new Error(`${method}, ${servers.length} servers: ${errors[0]}`);
    if (spent === 0) throw new Error("the director's thread did nothing: the packets went another way");
    measured.push({
      method,
      servers: servers.length,
      kilobytes,
      cpuPerRequest: spent / 1000 / requests,
      requestsPerSecond: (requests / elapsed) * 1000,
    });
  }
  await director.call('applyChanges', [{ do: 'flush' }]);
  await Promise.all(servers.map((name) => lvsadm(name, 'real-server down')));
  return measured;
}

function tableOf(
  id: ServiceId & { port: number },
  method: Sample['method'],
  servers: readonly ServerName[],
): Change[] {
  return [
    { do: 'addService', service: { id, scheduler: 'rr', schedulerFlags: [], onePacket: false } },
    ...servers.map(
      (name): Change => ({
        do: 'addDestination',
        of: id,
        destination: {
          id: { address: addressOf(name), port: id.port },
          method,
          weight: 1,
          upperThreshold: 0,
          lowerThreshold: 0,
          tunnel: plainTunnel,
        },
      }),
    ),
  ];
}
