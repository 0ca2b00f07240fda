/** The order of a listing's rows, and the words of its columns. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeIpvs } from '../../support/fake-ipvs.js';
import { worldOf } from '../../support/run.js';

const rules = `
-A -f 7 -s rr
-a -f 7 -r 198.51.100.7 -g -w 4
-A -t [2001:db8::1]:80 -s rr
-a -t [2001:db8::1]:80 -r [2001:db8::7]:80 -g -w 3
-A -u 192.0.2.1:53 -s rr
-a -u 192.0.2.1:53 -r 198.51.100.8:53 -m -w 2
-A -t 192.0.2.1:80 -s wlc
-a -t 192.0.2.1:80 -r 198.51.100.9:80 -g -w 1
-a -t 192.0.2.1:80 -r 198.51.100.10:80 -g -w 1
-a -t 192.0.2.1:80 -r 198.51.100.8:80 -g -w 1
`;

/** The rows of a listing of that table, without the blanks at their ends. */
async function rows(words: string): Promise<string[]> {
  const { run } = worldOf(await new FakeIpvs().client());
  await run(['-R'], rules);
  const { status, stdout } = await run(words.split(' '));
  assert.equal(status, 0);
  return stdout
    .split('\n')
    .slice(3, -1)
    .map((line) => line.trimEnd().replaceAll(/ +/g, ' '));
}

const [mark, ipv6, udp, tcp] = [
  ['FWM 7 rr', ' -> 198.51.100.7:0 Route 4 0 0'],
  ['TCP [2001:db8::1]:80 rr', ' -> [2001:db8::7]:80 Route 3 0 0'],
  ['UDP 192.0.2.1:53 rr', ' -> 198.51.100.8:53 Masq 2 0 0'],
  [
    'TCP 192.0.2.1:80 wlc',
    ' -> 198.51.100.8:80 Route 1 0 0',
    ' -> 198.51.100.9:80 Route 1 0 0',
    ' -> 198.51.100.10:80 Route 1 0 0',
  ],
] as const;

test('services are listed by family, protocol, address and port, marks last; servers by address and port', async () => {
  assert.deepEqual(await rows('-L -n'), [...tcp, ...udp, ...ipv6, ...mark]);
  assert.deepEqual(
    await rows('-L'),
    [...tcp, ...udp, ...ipv6, ...mark].map((row) => named(row)),
  );
});

/** A row as it is without -n: the ports have names here. */
const named = (row: string): string => row.replace(':80 ', ':http ').replace(':53 ', ':domain ');

test('--nosort keeps the order of the kernel', async () => {
  const [service, first, second, third] = tcp;
  const unsorted = [service, second, third, first];
  assert.deepEqual(await rows('-L -n --nosort'), [...mark, ...ipv6, ...udp, ...unsorted]);
});
