/** Network namespaces and `status` on a real kernel: tables and weights kept apart, and a master daemon that a probe hears. */
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { quickLvsadm as lvsadm } from '../distribution.js';

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

const run = (...words: readonly string[]): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(lvsadm, words, (error, out, err) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? -1), out, err }),
    );
  });

/** The output of a command line that succeeds. */
async function lines(...words: readonly string[]): Promise<string> {
  const { status, out, err } = await run(...words);
  assert.deepEqual([status, err], [0, ''], words.join(' '));
  return out;
}

/** Runs shell commands; a failure fails the test. */
function shell(script: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  assert.equal(status, 0, `${script}: ${stderr}`);
  return stdout;
}

const VIP = '10.9.0.1';
const SERVICE = `udp://${VIP}:53`;
const SERVER = `${VIP}:5353`;

const rules = (weight: number): string =>
  `-A -u ${VIP}:53 -s wlc\n-a -u ${VIP}:53 -r ${SERVER} -m -w ${weight}\n`;

/** What `list` says before anybody loads the module; undefined where it is loaded already. */
let unloaded: { readonly list: Ran; readonly status: Ran; readonly loaded: boolean } | undefined;

before(async () => {
  shell('mount -t tmpfs -o mode=755 tmpfs /run && mkdir /run/netns');
  if (!existsSync('/sys/module/ip_vs')) {
    const [list, status] = [await run('list'), await run('status', '--json')];
    unloaded = { list, status, loaded: existsSync('/sys/module/ip_vs') };
  }
  shell(`
    ip netns add blue
    ip netns add green
    ip link add g0 netns green type veth peer name b0 netns blue
    for side in "green g0 ${VIP}" "blue b0 10.9.0.2"; do
      set -- $side
      ip -n $1 link set lo up
      ip -n $1 addr add $3/24 dev $2
      ip -n $1 link set $2 up
    done
    printf '%s' '${rules(3)}' | ${lvsadm} --netns blue -R
    printf '%s' '${rules(7)}' | ${lvsadm} -R --netns=/run/netns/green`);
});
after(() => shell('ip netns delete blue; ip netns delete green; umount -l /run'));

test('list does not load the module, and says so; status shows what there is', (t) => {
  if (unloaded === undefined) return t.skip('IPVS is loaded already');
  assert.equal(unloaded.list.status, 2);
  assert.match(
    unloaded.list.err,
    /^Can't initialize ipvs: the kernel has no IPVS: its module is not loaded\n/,
  );
  assert.deepEqual([unloaded.status.status, JSON.parse(unloaded.status.out).kernel.ipvs], [0, null]);
  assert.equal(unloaded.loaded, false);
});

test('each namespace has its own table, in both grammars, by name, path and process', async () => {
  const sleeper = spawn('ip', ['netns', 'exec', 'green', 'sleep', '300']);
  try {
    assert.equal(await lines('-Sn', '--netns', 'blue'), rules(3));
    assert.equal(await lines('--netns', 'green', '-Sn'), rules(7));
    assert.equal(await lines('-Sn', '--netns', '/run/netns/green'), rules(7));
    shell(`until [ "$(cat /proc/${sleeper.pid}/comm)" = sleep ]; do sleep 0.1; done`);
    assert.equal(await lines('-Sn', '--netns', `pid:${sleeper.pid}`), rules(7));
    assert.equal(await lines('-Sn'), '');
    const weight = async (name: string) =>
      JSON.parse(await lines('list', '--json', '--netns', name)).services[0].servers[0].weight;
    assert.deepEqual([await weight('blue'), await weight('green')], [3, 7]);
  } finally {
    sleeper.kill();
  }
});

test('settings are those of the namespace', async () => {
  shell('ip netns exec blue sysctl -qw net.ipv4.vs.run_estimation=0');
  const estimated = async (name: string) =>
    JSON.parse(await lines('status', '--json', '--netns', name)).estimators.enabled;
  assert.deepEqual([await estimated('blue'), await estimated('green')], [false, true]);
});

test('drained weights of two namespaces are kept apart', async () => {
  for (const name of ['blue', 'green']) await lines('drain', SERVICE, SERVER, '--netns', name);
  assert.equal(await lines('-Sn', '--netns', 'blue'), rules(0));
  const states = shell('ls /run/lvsadm/*.weights.json').trim().split('\n');
  assert.equal(states.length, 2);
  for (const name of ['green', 'blue']) await lines('undrain', SERVICE, SERVER, '--netns', name);
  assert.equal(await lines('-Sn', '--netns', 'blue'), rules(3));
  assert.equal(await lines('-Sn', '--netns', 'green'), rules(7));
});

test('--all-netns shows this namespace and both others', async () => {
  const { namespaces } = JSON.parse(await lines('list', '--all-netns', '--json'));
  assert.deepEqual(
    namespaces.map(
      ({ netns, services }: { netns: string; services: { servers: { weight: number }[] }[] }) => [
        netns,
        services.map(({ servers }) => servers[0]?.weight),
      ],
    ),
    [
      [null, []],
      ['blue', [3]],
      ['green', [7]],
    ],
  );
  assert.deepEqual((await lines('list', '--all-netns')).match(/^--- # .*$/gm), [
    '--- # this network namespace',
    '--- # network namespace blue',
    '--- # network namespace green',
  ]);
});

test('a namespace that is none, and one that is gone, are refused in one line', async () => {
  shell(': >/run/netns/stale');
  const stale = await run('-Ln', '--netns', 'stale');
  shell('rm /run/netns/stale');
  assert.deepEqual(
    [stale.status, stale.err],
    [255, 'lvsadm: cannot enter the network namespace /run/netns/stale: it is not a network namespace\n'],
  );
  const gone = await run('list', '--netns', 'stale');
  assert.deepEqual([gone.status, gone.err.split('\n').length], [2, 3]);
  assert.match(
    gone.err,
    /^lvsadm: --netns: 'stale' is not a name in \/run\/netns, which has 'blue', 'green'\n/,
  );
});

/** Sends datagrams to the service from one port of a client, so that its connection is sent to the backup again and again. */
const traffic = `
const socket = require('node:dgram').createSocket('udp4');
socket.on('error', () => {});
setInterval(() => socket.send('x', 53, '${VIP}', () => {}), 20);`;

test('a probe hears the master of another machine, and knows whether the backup here takes its messages', async () => {
  await lines('--netns', 'green', '--start-daemon', 'master', '--mcast-interface', 'g0', '--syncid', '3');
  await lines('--netns', 'blue', '--start-daemon', 'backup', '--mcast-interface', 'b0', '--syncid', '3');
  // On the master's machine: on the backup's, the connection that it takes would keep the packets there.
  const client = spawn('ip', ['netns', 'exec', 'green', process.execPath, '-e', traffic]);
  try {
    // The master writes of a connection at its third packet, and of its later ones from then on.
    while ((await lines('--netns', 'blue', '-Lcn')).split('\n').length < 4) await setTimeout(500);
    const probe = ['status', '--netns', 'blue', '--probe', '--probe-time', '10s'];
    const { sync, kernel } = JSON.parse(await lines(...probe, '--json'));
    assert.match(kernel.ipvs, /^1\.2\./);
    const [daemon] = sync.daemons;
    assert.deepEqual(
      [daemon.state, daemon.interface, daemon.syncId, daemon.group, daemon.port],
      ['backup', 'b0', 3, '224.0.0.81', 8848],
    );
    const [master, ...others] = sync.heard.masters;
    assert.deepEqual(others, []);
    assert.deepEqual(
      [master?.address, master?.syncId, master?.version, master?.accepted, sync.heard.others],
      [VIP, 3, 1, true, 0],
    );
    assert.ok(master.messages > 0 && master.connectionMessages >= master.messages, JSON.stringify(master));
    await lines('--netns', 'blue', '--stop-daemon', 'backup');
    await lines('--netns', 'blue', '--start-daemon', 'backup', '--mcast-interface', 'b0', '--syncid', '5');
    assert.match(await lines(...probe), /heard 10\.9\.0\.1 .*another\s+id and\s+drops them/s);
    const page = await lines('status', '--netns', 'green');
    assert.match(page, /^ {2}master +on g0, id 3, group 224\.0\.0\.81 port 8848, ttl 1$/m);
    assert.match(page, /^ {2}connections +1$/m);
  } finally {
    client.kill();
  }
});

test('status shows who has a socket of generic netlink', async () => {
  const watcher = spawn(lvsadm, ['monitor', '--netns', 'green', '--interval', '0.2'], { stdio: 'ignore' });
  try {
    for (let attempt = 0; ; attempt++) {
      const { programs } = JSON.parse(await lines('status', '--netns', 'green', '--json'));
      if (programs.processes.some(({ sockets }: { sockets: number }) => sockets > 0)) return;
      assert.ok(attempt < 20, JSON.stringify(programs));
    }
  } finally {
    watcher.kill();
  }
});

test('metrics --all-netns has the weights of both, told apart by the label', async () => {
  const weights = (await lines('metrics', '--all-netns'))
    .split('\n')
    .filter((line) => line.startsWith('lvs_server_weight{'));
  const server = `service="${SERVICE}",server="${SERVER}"`;
  assert.deepEqual(weights, [
    `lvs_server_weight{netns="blue",${server}} 3`,
    `lvs_server_weight{netns="green",${server}} 7`,
  ]);
});
