// The demo's story. Runs as root where IPVS is; ends with 1 when a request fails or a share is not what the weights say.
import { join } from 'node:path';
import { checkout } from '../lab/paths.js';
import { Network } from '../support/net/network.js';
import {
  endpointOf,
  picture,
  plan,
  port,
  type Server,
  serverNames,
  serverPort,
  service,
  vip,
} from './cluster.js';
import { stage } from './stage.js';

const lvsadm = join(checkout, 'dist/lvsadm.js');
const requests = 100;

/** A round robin goes on where it stood, so a share may be off by part of a round. */
const tolerance = 2;

interface Step {
  text: string;
  /** lvsadm's arguments, as typed. */
  commands: string[];
  /** The weights in force afterwards, of every server that the step's shares show; 0 for one that is gone. */
  weights: Partial<Record<Server, number>>;
}

const steps: Step[] = [
  {
    text: 'A virtual service, scheduled by weighted round robin, and its first real server',
    commands: [`-A -t ${service} -s wrr`, `-a -t ${service} -r ${endpointOf('alpha')} -m`],
    weights: { alpha: 1 },
  },
  {
    text: 'A second server takes half of the load',
    commands: [`-a -t ${service} -r ${endpointOf('beta')} -m`],
    weights: { alpha: 1, beta: 1 },
  },
  {
    text: 'And a third',
    commands: [`-a -t ${service} -r ${endpointOf('gamma')} -m`],
    weights: { alpha: 1, beta: 1, gamma: 1 },
  },
  {
    text: 'gamma is the stronger machine: three times the weight',
    commands: [`-e -t ${service} -r ${endpointOf('gamma')} -m -w 3`],
    weights: { alpha: 1, beta: 1, gamma: 3 },
  },
  {
    text: 'alpha retires; no client notices',
    commands: [`-d -t ${service} -r ${endpointOf('alpha')}`],
    weights: { alpha: 0, beta: 1, gamma: 3 },
  },
];

async function run(): Promise<string[]> {
  stage.title('lvsadm: load balancing in the Linux kernel, in a minute');
  stage.picture(picture);
  stage.say('Building it: a network namespace for each machine, cables and switches between them.');
  await using network = await Network.build(plan);
  stage.say('Starting a web server on each real server; it answers with its name.');
  const [client] = await Promise.all([
    network.host('client').agent(),
    ...serverNames.map(async (name) =>
      (await network.host(name).agent()).call('serveHttp', { name, port: serverPort }),
    ),
  ]);

  const director = async (args: string): Promise<void> => {
    stage.command('director', `lvsadm ${args}`);
    stage.output(await network.host('director').run(process.execPath, [lvsadm, ...args.split(' ')]));
  };

  const faults: string[] = [];
  for (const [index, { text, commands, weights }] of steps.entries()) {
    stage.step(index + 1, text);
    for (const command of commands) await director(command);
    stage.say(`\nThe client sends ${requests} requests to http://${vip}/ and counts who answers:\n`);
    const { answers, errors } = await client.call('ask', { address: vip, port, count: requests });
    const shares = (Object.keys(weights) as Server[]).map((server) => ({
      server,
      requests: answers.filter((name) => name === server).length,
    }));
    stage.shares(shares);
    await director('-Ln');
    const wrong = [...lost(errors), ...unfair(shares, weights)];
    for (const fault of wrong) stage.bad(fault);
    faults.push(...wrong);
  }
  return faults;
}

const lost = (errors: string[]): string[] =>
  errors.length === 0 ? [] : [`${errors.length} of ${requests} requests failed: ${errors[0]}`];

/** Servers whose share is not what their weight promises; none answers but those with a weight. */
function unfair(shares: { server: Server; requests: number }[], weights: Step['weights']): string[] {
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  return shares.flatMap(({ server, requests: got }) => {
    const due = (requests * (weights[server] ?? 0)) / total;
    return Math.abs(got - due) <= tolerance ? [] : [`${server} answered ${got} requests, not about ${due}`];
  });
}

const faults = await run();
if (faults.length === 0) {
  stage.good(`${steps.length * requests} requests, all answered, each server's share as its weight says.`);
} else {
  stage.bad(`${faults.length} of the things above went wrong.`);
  process.exitCode = 1;
}
