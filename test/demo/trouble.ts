// A real server that was set up by hand, after an old recipe: half of the requests hang, doctor tells why and mends it.
import { sharesOf } from '../support/cluster/shares.js';
import { servers } from './cluster.js';
import type { Machines } from './machines.js';
import { stage } from './stage.js';

const vip = '192.0.2.104';
const requests = 12;
/** All at once, so that those which hang hang at the same time. */
const patience = { timeout: 4000, parallel: requests };

/** All that a recipe for tunnels usually says. What it leaves out: reverse path filtering drops what the tunnel brings. */
const recipe = [
  'sysctl -qw net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2',
  'ip link set tunl0 up',
  `ip address add ${vip}/32 dev tunl0`,
];

export async function trouble(machines: Machines, number: number): Promise<void> {
  stage.act(number, 'Trouble: a server that somebody set up by hand');
  stage.say('gamma comes back, in a tunnel again. Somebody follows an old recipe:');
  for (const line of recipe) await machines.run('gamma', line);
  await machines.everywhere(['alpha'], `real-server up --method tun --vip ${vip}`);
  await machines.everywhere(['director'], `director up --vip ${vip} --interface lan --method tun`);
  await machines.director(`-A -t ${vip}:80 -s rr`);
  for (const name of ['alpha', 'gamma'] as const)
    await machines.director(`-a -t ${vip}:80 -r ${servers[name]} -i`);

  const broken = await ask(machines);
  machines.claim(broken.errors.length === requests / 2, 'half of the requests should have failed');
  stage.say(`${broken.errors.length} of ${requests} hang. What does doctor say on the director?`);
  const director = await machines.ask('director', `doctor --vip ${vip}`);
  machines.claim(
    director.status === 2 && director.output.includes('server-silent'),
    'the director saw nothing',
  );
  stage.say('\nAnd gamma itself, where doctor may mend what is safe?');
  const gamma = await machines.ask('gamma', `doctor --fix --vip ${vip}`);
  machines.claim(gamma.output.includes('rp-filter'), 'doctor did not find what is wrong with gamma');
  machines.claim(gamma.status === 0, 'doctor did not mend gamma');

  const mended = await ask(machines);
  machines.claim(
    mended.errors.length === 0,
    `${mended.errors.length} requests still fail: ${mended.errors[0]}`,
  );
}

async function ask(machines: Machines) {
  stage.say(`\nThe client sends ${requests} requests to http://${vip}/:`);
  const outcome = await machines.requests(vip, requests, patience);
  const shares = sharesOf(outcome.answers);
  stage.shares([
    ...(['alpha', 'gamma'] as const).map((server) => ({ server, requests: shares[server] ?? 0 })),
    ...(outcome.errors.length > 0 ? [{ server: 'nobody', requests: outcome.errors.length }] : []),
  ]);
  return outcome;
}
