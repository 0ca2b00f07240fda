// The agent: a server dies and leaves the table while requests go on, comes back slowly; all die, and the floor holds.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lvsadm } from '../lab/distribution.js';
import { sharesOf } from '../support/cluster/shares.js';
import type { Program } from '../support/net/program.js';
import { type Server, serverNames, servers } from './cluster.js';
import type { Machines } from './machines.js';
import { stage } from './stage.js';

const vip = '192.0.2.105';
const requests = 24;

const document = `services:
  - service: tcp://${vip}:80
    scheduler: wrr
    check: { kind: http, every: 1s, timeout: 3s, fall: 2, rise: 2 }
    health: { floor: 50%, slowStart: 20s }
    servers:
      - { server: ${servers.alpha}, weight: 10 }
      - { server: ${servers.beta}, weight: 10 }
      - { server: ${servers.gamma}, weight: 10, method: tun }
`;

/** The web server's port is closed, as if nobody listened. */
const close =
  'nft add table inet closed; add chain inet closed in { type filter hook input priority 0; }; ' +
  'add rule inet closed in tcp dport 80 reject with tcp reset';
const open = 'nft delete table inet closed';

export async function agentAct(machines: Machines, number: number): Promise<void> {
  stage.act(number, 'The agent: servers that die, and a table that heals itself');
  const directory = mkdtempSync(join(tmpdir(), 'demo-'));
  try {
    await setUp(machines);
    const file = join(directory, 'web.yaml');
    writeFileSync(file, document);
    stage.say('\nA document says how the servers are checked:\n');
    stage.picture(document);
    const agent = machines.start('director', lvsadm, `run -f ${file} --state-dir ${directory}`);
    stage.command('director', 'lvsadm run -f web.yaml &');
    await agent.says('applied:');
    await play(machines, agent);
    await agent.end('SIGTERM');
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function setUp(machines: Machines): Promise<void> {
  await machines.everywhere(['alpha', 'beta'], `real-server up --method dr --vip ${vip}`);
  await machines.everywhere(['gamma'], `real-server up --method tun --vip ${vip}`);
  await machines.everywhere(['director'], `director up --vip ${vip} --interface lan --method dr`);
}

async function play(machines: Machines, agent: Program): Promise<void> {
  await ask(machines, serverNames);

  stage.say('\nThe web server on alpha dies:');
  let from = agent.output.length;
  await machines.run('alpha', close);
  await agent.says('weight: 10 -> 0', from);
  tell(agent, from);
  const without = await ask(machines, ['beta', 'gamma']);
  machines.claim((without['alpha'] ?? 0) === 0, 'alpha still gets requests');

  stage.say('\nIt is there again. Its weight rises, so that it does not get everything at once:');
  from = agent.output.length;
  await machines.run('alpha', open);
  await agent.says('down -> up', from);
  await sleep(3000);
  const rising = await ask(machines, serverNames);
  machines.claim((rising['alpha'] ?? 0) < requests / 3, 'alpha has its whole share at once');
  await health(machines);
  await agent.says('-> 10:', from);
  await ask(machines, serverNames);

  stage.say('\nAll of them die at once. Or do they? It may be the network of the director:');
  from = agent.output.length;
  for (const name of serverNames) await machines.run(name, close);
  await agent.says('network: lost', from);
  await agent.says(/(state: up -> down.*){3}/s, from);
  const { output } = await health(machines);
  machines.claim(output.includes('kept'), 'the floor keeps no server');
  stage.say('The floor keeps those that failed last. They answer again, and get requests at once:');
  for (const name of serverNames) await machines.run(name, open);
  await ask(machines);
}

/** What the agent has written, without the times of day. */
function tell(agent: Program, from: number): void {
  stage.quiet(agent.output.slice(from).replaceAll(/^\S+ /gm, ''));
}

const health = (machines: Machines) => machines.ask('director', 'health');

/** @param names those that have to answer, each of them */
async function ask(machines: Machines, names: readonly Server[] = []): Promise<Record<string, number>> {
  stage.say(`\nThe client sends ${requests} requests to http://${vip}/:`);
  const { answers, errors } = await machines.requests(vip, requests);
  const shares = sharesOf(answers);
  stage.shares(serverNames.map((server) => ({ server, requests: shares[server] ?? 0 })));
  machines.claim(errors.length === 0, `${errors.length} of ${requests} requests failed: ${errors[0]}`);
  for (const name of names) machines.claim((shares[name] ?? 0) > 0, `${name} answered no request`);
  return shares;
}
