/**
 * What the real ipvsadm and lvsadm show of connections that exist and of counters that count: TCP, UDP, SIP, both
 * families, firewall marks, persistence templates. Both read one kernel at nearly the same time; where the time that
 * remains to a connection is shown they are given the same copy of the kernel's table, byte for byte.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectionTablePath } from '../../../src/ipvs/connections/proc.js';
import { compareObservations, type Deviation, show } from '../differential/compare.js';
import { invite, mark, Network, server, vip } from '../differential/network.js';
import { ports } from '../differential/real-server.js';
import { SideBySide } from '../differential/side-by-side.js';
import type { CommandLine, Observation } from '../differential/trial.js';

const words = (text: string): CommandLine => ({ words: text.split(' ') });

const table = [
  `-A -t ${vip.inet}:80 -s rr -p 600`,
  `-a -t ${vip.inet}:80 -r ${server.inet}:${ports.tcp} -m -x 100 -y 50`,
  `-A -t ${vip.inet}:81 -s rr`,
  `-a -t ${vip.inet}:81 -r ${server.absent}:${ports.tcp} -m`,
  `-A -t [${vip.inet6}]:80 -s rr -p 600 -M 64`,
  `-a -t [${vip.inet6}]:80 -r [${server.inet6}]:${ports.tcp} -m`,
  `-A -u ${vip.inet}:53 -s rr`,
  `-a -u ${vip.inet}:53 -r ${server.inet}:${ports.udp} -m`,
  `-A -u [${vip.inet6}]:53 -s rr -o`,
  `-a -u [${vip.inet6}]:53 -r [${server.inet6}]:${ports.udp} -m`,
  `-A -u ${vip.inet}:5060 -s rr -p 60 --pe sip`,
  `-a -u ${vip.inet}:5060 -r ${server.inet}:${ports.udp} -m`,
  `-A -f ${mark} -s rr -p 60`,
  `-a -f ${mark} -r ${server.inet}:${ports.tcp} -m`,
];

let pair: SideBySide;
let network: Network;

before(async () => {
  network = await Network.build();
  pair = await SideBySide.open();
  await pair.prepare(table.map(words));
  for (let count = 0; count < 3; count++) (await network.connect(vip.inet, 80)).write('hello');
  (await network.connect(vip.inet6, 80)).write('hello');
  (await network.connect(vip.marked, 8080)).write('hello');
  (await network.connect(vip.inet, 80)).destroy();
  await network.knock(vip.inet, 81);
  for (const address of [vip.inet, vip.inet6]) await network.send(address, 53, 'who?');
  await network.send(vip.inet, 5060, invite('a84b4c76e66710@pc33.example.com'));
});

after(async () => {
  await pair.close();
  await network.close();
});

/** Rates and remaining seconds move on between the two: asked again until both saw the same. */
async function agree(command: CommandLine): Promise<void> {
  let deviations: readonly Deviation[] = [];
  for (let attempt = 0; attempt < 20; attempt++) {
    deviations = await pair.ask(command);
    if (deviations.length === 0) return;
  }
  assert.fail(deviations.map(show).join('\n'));
}

/** The kernel adds its processors' counts up every two seconds. */
const counted = () => sleep(3000);

const connections = (): string => readFileSync(connectionTablePath, 'latin1');

test('there are connections of every kind', () => {
  const seen = connections();
  for (const kind of [
    /^TCP C0000201 \w{4} C0000201 0050 C6336402 1F90 ESTABLISHED /m,
    /^TCP C0000201 0000 C0000201 0050 C6336402 1F90 (NONE|ASSURED) /m,
    /^TCP C0000201 \w{4} C0000201 0051 C6336409 1F90 SYN_RECV /m,
    /^TCP C0000201 \w{4} C0000201 0050 C6336402 1F90 (FIN_WAIT|TIME_WAIT|CLOSE) /m,
    /^TCP 2001:0db8\S+ \w{4} 2001:0db8\S+ 0050 2001:0db8\S+ 1F90 ESTABLISHED /m,
    /^IP {2}\w{8} 0000 00000007 0000 C6336402 0000 (NONE|ASSURED) /m,
    /^UDP \w{8} \w{4} C0000201 0035 /m,
    /^UDP .* 13C4 (NONE|ASSURED) .* sip a84b4c76e66710@pc33.example.com$/m,
  ])
    assert.match(seen, kind);
});

describe('connections', () => {
  for (const form of [
    '-Lcn',
    '-Lc',
    '-L -c --persistent-conn',
    '-Lcn --persistent-conn',
    '-ln --connection --exact',
  ]) {
    test(`${form}, byte for byte from one copy of the table`, async () => {
      const deviations = await pair.ask({ ...words(form), connections: connections() });
      assert.equal(deviations.length, 0, deviations.map(show).join('\n'));
    });

    test(`${form}, from the kernel`, async () => {
      const timeless = (seen: Observation) => ({
        ...seen,
        stdout: seen.stdout.replace(/ \d\d:\d\d /g, ' MM:SS '),
      });
      const lvsadm = timeless(await pair.lvsadm.run(words(form)));
      const deviations = compareObservations(timeless(await pair.ipvsadm.run(words(form))), lvsadm);
      assert.equal(deviations.length, 0, deviations.map(show).join('\n'));
      assert.ok(lvsadm.stdout.split('\n').length > 12, lvsadm.stdout);
    });
  }
});

describe('counters of real traffic', () => {
  const one = `-t ${vip.inet}:80`;
  for (const form of [
    ...[
      '-L',
      '-Ln',
      '-Ln --stats',
      '-Ln --stats --exact',
      '-Ln --rate',
      '-Ln --rate --exact',
      '-Ln --thresholds',
    ],
    ...[
      '-Ln --persistent-conn',
      '-Ln --tun-info',
      '-Ln --nosort',
      '-Ln --stats --nosort',
      `-Ln ${one}`,
      '-l --stats',
    ],
    ...[`-Ln ${one} --stats`, `-Ln --rate -u [${vip.inet6}]:53`, `-Ln --persistent-conn -f ${mark}`],
  ])
    test(form, () => agree(words(form)));

  test('there is something to count', async () => {
    const { stdout } = await pair.lvsadm.run(words(`-Ln ${one}`));
    assert.match(stdout, /Masq +1 +3 +\d+/);
  });

  for (const program of ['ipvsadm', 'lvsadm'] as const) {
    const stats = (): Promise<string> => pair.lvsadm.run(words('-Ln --stats')).then(({ stdout }) => stdout);

    test(`-Z by ${program} sets them to zero, of one service or of all`, async () => {
      await network.send(vip.inet, 53, 'who?');
      await network.send(vip.inet6, 53, 'who?');
      await counted();
      assert.match(await stats(), /^UDP {2}192\.0\.2\.1:53 +[1-9]/m);
      assert.match(await stats(), /^UDP {2}\[2001:db8::1]:53 +[1-9]/m);
      await pair[program].run(words(`-Z -u ${vip.inet}:53`));
      assert.match(await stats(), /^UDP {2}192\.0\.2\.1:53( +0){5}\n/m);
      assert.match(await stats(), /^UDP {2}\[2001:db8::1]:53 +[1-9]/m);
      await pair[program].run(words('-Z'));
      assert.match(await stats(), /^UDP {2}\[2001:db8::1]:53( +0){5}\n/m);
      await agree(words('-Ln --stats'));
    });
  }
});

test('a long Call-ID: "Long persistence data" in docs/compatibility.md', async () => {
  const callId = `${'a84b4c76e66710'.repeat(16)}@pc33`;
  await network.send(vip.inet, 5060, invite(callId));
  const form = words('-Lcn --persistent-conn');
  const { stdout: cut } = await pair.ipvsadm.run(form);
  assert.ok(!cut.includes(callId), 'ipvsadm shows it whole');
  const { stdout } = await pair.lvsadm.run(form);
  assert.match(stdout, new RegExp(`^UDP .* sip +${callId}\n`, 'm'));
});
