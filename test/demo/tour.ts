// The demo's story. Runs as root where IPVS is; ends with 1 when anything that it says did not come true.

import { ethernetOf, ipsOf } from '../support/cluster/headers.js';
import { sharesOf } from '../support/cluster/shares.js';
import type { Packet } from '../support/net/packet.js';
import { type Act, acts } from './acts.js';
import { agentAct } from './agent.js';
import { client, picture, type Server, serverNames, servers } from './cluster.js';
import { drawn, unlike } from './journey.js';
import { Machines } from './machines.js';
import { firstClientPort, openingOf } from './path.js';
import { stage } from './stage.js';
import { trouble } from './trouble.js';

const requests = 24;

async function play(machines: Machines, act: Act, number: number): Promise<void> {
  const { vip, weights, flag, scheduler, serverPort } = act;
  const names = Object.keys(weights) as Server[];
  stage.act(number, act.title);
  stage.say(`${act.idea}\n`);

  stage.say('The director takes the VIP in, and learns of the service and its servers:');
  await machines.everywhere(['director'], `director up --vip ${vip} --interface lan --method ${act.method}`);
  await machines.director(`-A -t ${vip}:80 -s ${scheduler}`);
  for (const name of names) {
    const weight = weights[name] === 1 ? '' : ` -w ${weights[name]}`;
    await machines.director(`-a -t ${vip}:80 -r ${servers[name]}:${serverPort} ${flag}${weight}`);
  }
  stage.say(`\n${act.need}`);
  await machines.everywhere(names, `real-server up ${act.realServer}`);

  stage.say(`\nThe client sends ${requests} requests to http://${vip}/ and counts who answers:`);
  const { answers, errors } = await machines.requests(vip, requests);
  machines.claim(errors.length === 0, `${errors.length} of ${requests} requests failed: ${errors[0]}`);
  checkShares(machines, weights, sharesOf(answers));
  stage.shares(names.map((server) => ({ server, requests: sharesOf(answers)[server] ?? 0 })));

  stage.say(`\nThe way of one connection to ${act.witness} and back, as captured just now:\n`);
  await showWay(machines, act);

  stage.say("\nThe director's table, and its connections:");
  await machines.director(`-Ln -t ${vip}:80`);
  await machines.director('-Lcn', (table) => excerpt(table, vip));

  stage.say('\nEverything back:');
  await machines.everywhere(names, 'real-server down');
  await machines.turnPage();
}

/** Requests are a multiple of a round, so shares are exact. */
function checkShares(machines: Machines, weights: Act['weights'], shares: Record<string, number>): void {
  const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
  for (const name of serverNames) {
    const due = (requests * (weights[name] ?? 0)) / total;
    const got = shares[name] ?? 0;
    machines.claim(got === due, `${name} answered ${got} requests, not ${due}`);
  }
}

/** Draws the way that the packets took, and holds it against the way that they should have taken. */
async function showWay(machines: Machines, act: Act): Promise<void> {
  const { witness, path, lesson } = act;
  const port = firstClientPort(await machines.packets(witness === 'gamma' ? 'gamma far' : `${witness} lan`));
  const hops = openingOf(await machines.packets(), port, 'client', machines.hostOf);
  stage.picture(drawn(hops, ['client', 'director', witness]));
  for (const fault of unlike(hops, path)) machines.claim(false, fault);

  const atDirector = await machines.packets('director lan');
  const arriving = atDirector.filter(
    (packet) => machines.hostOf(ethernetOf(packet).destination) === 'director',
  );
  const through = arriving.filter(isAnswer).length;
  const due = act.method === 'nat';
  machines.claim(due === through > 0, `${through} packets of answers passed the director`);
  stage.say(
    `${lesson}\nCaptured at the director: ${arriving.length - through} packets of requests, ${through} of answers.`,
  );
}

const isAnswer = (packet: Packet): boolean => ipsOf(packet).at(-1)?.destination === client;

/** The heading and the first few of a VIP's connections. */
function excerpt(table: string, vip: string): string {
  const [title = '', heading = '', ...rows] = table.trimEnd().split('\n');
  const own = rows.filter((row) => row.includes(` ${vip}:`));
  const shown = own.slice(0, 3);
  return [title, heading, ...shown, `... and ${own.length - shown.length} more`]
    .map((row) => `${row}\n`)
    .join('');
}

stage.title('lvsadm: the three ways of load balancing in the Linux kernel');
stage.say(`A virtual service is one address, the VIP, that many machines stand behind. The
client knows only that; the director has it, and gives each connection to one of
the real servers. How packets get there, and answers back: there are three ways.\n`);
stage.picture(picture);
stage.say('Building this: a network namespace for each machine, cables and switches');
stage.say('between them, a web server on each real server that answers with its name.');
await using machines = await Machines.build();
for (const [index, act] of acts.entries()) await play(machines, act, index + 1);
await trouble(machines, acts.length + 1);
await agentAct(machines, acts.length + 2);
stage.say('');
if (machines.faults.length === 0) {
  stage.good('All of it came true: each request answered, shares exact, ways as drawn,');
  stage.good('the broken server found and mended, dead servers out of the table and back.');
} else {
  stage.bad(`${machines.faults.length} of the things above went wrong:`);
  for (const fault of machines.faults) stage.bad(fault);
  process.exitCode = 1;
}
