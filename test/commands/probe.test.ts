/** probe: what it refuses before it makes a network namespace. The suite `path` of the lab has the packets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Director } from '../support/director.js';

const table = `
services:
  - { service: "tcp://192.0.2.10:80", servers: [198.51.100.1, { server: 198.51.100.2, method: nat }] }
  - { service: "tcp://192.0.2.10:81", servers: [{ server: 198.51.100.2, method: nat }] }
  - { service: "tcp://192.0.2.10:82", servers: [] }
  - { service: "tcp://[2001:db8::10]:80", servers: [{ server: "198.51.100.3:80", method: tun }] }
  - { service: "fwmark://7", servers: [198.51.100.1] }
`;
const leg = ['--address', '198.51.100.250/24'];

const refusals: readonly (readonly [words: readonly string[], message: RegExp])[] = [
  [['tcp://192.0.2.10:81', ...leg], /^tcp:\/\/192\.0\.2\.10:81: with NAT a server answers as itself/],
  [['tcp://192.0.2.10:80', '198.51.100.2', ...leg], /^198\.51\.100\.2: with NAT a server answers as itself/],
  [['tcp://192.0.2.10:82', ...leg], /^tcp:\/\/192\.0\.2\.10:82: it has no servers$/],
  [['fwmark://7', ...leg], /^fwmark:\/\/7: a service of a mark has no address/],
  [['tcp://192.0.2.10:8', ...leg], /no such service \(did you mean 'tcp:\/\/192\.0\.2\.10:8\d'\?\)$/],
  [
    ['tcp://192.0.2.10:80', '198.51.100.9', ...leg],
    /no such server; it has 198\.51\.100\.1:80, 198\.51\.100\.2:80$/,
  ],
  [['tcp://[2001:db8::10]:80', ...leg], /^--address: an IPv6 address is missing, to reach 2001:db8::10$/],
  [
    ['tcp://192.0.2.10:80', '--address', '198.51.100.250'],
    /'198\.51\.100\.250' is not the address of a machine and/,
  ],
  [
    ['tcp://192.0.2.10:80', '--address', '127.0.0.1/8'],
    /'127\.0\.0\.1\/8' is not the address of a machine and/,
  ],
  [['tcp://192.0.2.10:80'], /--address: missing/],
];

test('what cannot be probed is refused with one line that says why', async (context) => {
  const director = await Director.start(context);
  await director.run(['apply', '-f', '-'], { stdin: table });
  for (const [words, message] of refusals) {
    const { status, out, err } = await director.run(['probe', ...words]);
    const [line = '', ...more] = err.trimEnd().split('\n');
    assert.match(line.replace(/^lvsadm: /, ''), message, words.join(' '));
    assert.deepEqual([out, status, more.every((each) => each.startsWith('Try '))], ['', 2, true], err);
  }
});
