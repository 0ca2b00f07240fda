/** Where the rows of a listing come from: /proc/net/ip_vs where it says enough, netlink for the rest. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeIpvs } from '../../support/fake-ipvs.js';
import { type World, worldOf } from '../../support/run.js';

const rules = `
-A -t 192.0.2.1:80 -s wlc
-a -t 192.0.2.1:80 -r 198.51.100.9:80 -g -w 1
-a -t 192.0.2.1:80 -r 198.51.100.8:80 -g -w 1
-A -u 192.0.2.1:53 -s rr
-a -u 192.0.2.1:53 -r 198.51.100.8:53 -m -w 2
-A -t [2001:db8::1]:80 -s rr
-a -t [2001:db8::1]:80 -r [2001:db8::7]:80 -g -w 3
-A -f 7 -s rr
-a -f 7 -r 198.51.100.7 -g -w 4
`;

/** It has connections, and netlink has none: so the rows tell where they come from. The service of UDP is missing. */
const text = `IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port Forward Weight ActiveConn InActConn
TCP  C0000201:0050 wlc${'  '}
  -> C6336409:0050      Route   1      12         34${'        '}
  -> C6336408:0050      Route   1      56         78${'        '}
TCP  [2001:0db8:0000:0000:0000:0000:0000:0001]:0050 rr${'  '}
  -> [2001:0db8:0000:0000:0000:0000:0000:0007]:0050      Route   3      9          9${'         '}
FWM  00000007 rr${' '}
  -> C6336407:0000      Route   4      9          9${'         '}
`;

/** A machine with this table, reached by datagrams. */
async function director(): Promise<World> {
  const world = worldOf(await new FakeIpvs().client());
  await world.run(['-R'], rules);
  return world;
}

/** The rows of a listing, without the blanks at their ends. */
async function rows(words: string, file: string | undefined = text): Promise<string[]> {
  const { run, files } = await director();
  if (file !== undefined) files['/proc/net/ip_vs'] = file;
  const { status, stdout } = await run(words.split(' '));
  assert.equal(status, 0);
  return stdout
    .split('\n')
    .slice(3, -1)
    .map((line) => line.trimEnd().replaceAll(/ +/g, ' '));
}

const fromText = [
  'TCP 192.0.2.1:80 wlc',
  ' -> 198.51.100.8:80 Route 1 56 78',
  ' -> 198.51.100.9:80 Route 1 12 34',
];
const fromNetlink = fromText
  .map((line) => line.replace(/\d+ \d+$/, '0 0'))
  .toSpliced(0, 1, fromText[0] as string);
const others = [
  'UDP 192.0.2.1:53 rr',
  ' -> 198.51.100.8:53 Masq 2 0 0',
  'TCP [2001:db8::1]:80 rr',
  ' -> [2001:db8::7]:80 Route 3 0 0',
  'FWM 7 rr',
  ' -> 198.51.100.7:0 Route 4 0 0',
];

test('the plain listing takes of the text what it can, and asks netlink for the rest, in one order', async () => {
  assert.deepEqual(await rows('-L -n'), [...fromText, ...others]);
});

test('--nosort keeps the order of the text', async () => {
  const [service, first, second] = fromText;
  assert.deepEqual((await rows('-L -n --nosort')).slice(0, 3), [service, second, first]);
});

test('without the text, or with one that is not understood, netlink says everything', async () => {
  const { run } = await director();
  const { stdout } = await run(['-L', '-n']);
  assert.match(stdout, /198\.51\.100\.8:80 +Route +1 +0 +0/);
  assert.deepEqual(await rows('-L -n', text.replace('Weight', 'Load')), [...fromNetlink, ...others]);
});

for (const words of [
  '-L',
  '-L -n --thresholds',
  '-L -n --persistent-conn',
  '-L -n --tun-info',
  '-L -n -t 192.0.2.1:80',
]) {
  test(`${words} does not read it`, async () => {
    assert.ok(!(await rows(words)).join('\n').includes('56'), 'connections of the text');
  });
}
