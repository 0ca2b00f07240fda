/** Path checks: what is concluded from what came back, and the links of tunnels. The lab has the packets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { probedJson, probedText } from '../../src/commands/probe/report.js';
import { largestBelow } from '../../src/health/path/echo.js';
import type { PathFacts } from '../../src/health/path/messages.js';
import { received } from '../../src/health/path/received.js';
import { tunnelLink } from '../../src/health/path/tunnel-link.js';
import { verdictOf } from '../../src/health/path/verdict.js';
import type { CheckResult } from '../../src/health/run-check.js';
import { parseOnNetwork } from '../../src/model/network.js';
import type { ServerPath } from '../../src/model/server-path.js';

const dr: ServerPath = { vip: '192.0.2.10', server: '198.51.100.7' };
const tun: ServerPath = { ...dr, tunnel: { type: 'ipip', port: 0, checksum: 'nocsum' } };

const up: CheckResult = { ok: true, ms: 1.234, reason: 'connected' };
const late: CheckResult = { ok: false, ms: 1000, reason: 'no connection within 1s' };
const refused: CheckResult = { ok: false, ms: 1, reason: 'connection refused' };

const nothing = { answers: 0, unreachable: 0, timeExceeded: 0 };
const further = { echo: false, own: up, isReachable: true };
const failed: PathFacts = { result: late, received: nothing, isNeighbour: true, answersArp: false, further };
const down = { echo: false, own: late, isReachable: false };

const cases: readonly (readonly [verdict: string, path: ServerPath, facts: PathFacts, line: RegExp])[] = [
  [
    'answered',
    dr,
    { result: up, received: { ...nothing, answers: 1 }, isNeighbour: true, answersArp: false },
    /^answered as 192\.0\.2\.10 in 1\.2 ms$/,
  ],
  [
    'answers-arp',
    dr,
    { result: up, received: nothing, answersArp: true },
    /answers ARP for 192\.0\.2\.10.*arp_ignore/,
  ],
  [
    'unexpected',
    dr,
    { ...failed, result: refused, received: { ...nothing, answers: 1 } },
    /but: connection refused$/,
  ],
  ['filtered', dr, { ...failed, further: { ...further, echo: true } }, /echo requests as 192\.0\.2\.10/],
  ['forwards', dr, { ...failed, received: { ...nothing, timeExceeded: 1 } }, /the VIP is missing there$/],
  ['no-tunnel', tun, { ...failed, received: { ...nothing, unreachable: 1 } }, /refuses the ipip packets/],
  ['refused', dr, { ...failed, received: { ...nothing, unreachable: 1 } }, /refuses the packets by ICMP/],
  ['no-answer', dr, failed, /though 198\.51\.100\.7 answers: VIP missing there, or packet filter$/],
  ['no-answer', tun, failed, /rp_filter of the tunnel device/],
  [
    'no-answer',
    dr,
    { ...failed, further: { ...further, own: refused } },
    /198\.51\.100\.7 says: connection refused/,
  ],
  ['silent', dr, { ...failed, further: down }, /though the machine is up/],
  [
    'unreachable',
    dr,
    { ...failed, isNeighbour: false, received: { ...nothing, unreachable: 3 }, further: down },
    /^not reachable at all: no answer to ARP for 198\.51\.100\.7$/,
  ],
  ['unreachable', tun, { ...failed, isNeighbour: undefined, further: down }, /no answer of 198\.51\.100\.7$/],
];

for (const [verdict, path, facts, line] of cases) {
  test(`${verdict}${path.tunnel ? ' behind a tunnel' : ''}: ${line.source}`, () => {
    assert.equal(verdictOf(facts, path), verdict);
    const [server = '', ...text] = probedText({ server: '198.51.100.7:80', found: { path, facts } }).split(
      ': ',
    );
    assert.equal(server, '198.51.100.7:80');
    assert.match(text.join(': ').trimEnd(), line);
    const json = probedJson({ server, found: { path, facts } }) as { readonly verdict: string };
    assert.equal(json.verdict, verdict);
  });
}

test('a server that is not probed says why', () => {
  const skipped = { server: '198.51.100.9:80', found: undefined, skipped: 'the server is this machine' };
  assert.equal(probedText(skipped), '198.51.100.9:80: not probed: the server is this machine\n');
});

test('an echo request that is too large is told with the largest that passes', async () => {
  const up: PathFacts = {
    result: { ok: true, ms: 1, reason: 'connected' },
    received: nothing,
    answersArp: false,
  };
  const verdict = (size: PathFacts['size']) => {
    const found = { path: dr, facts: { ...up, size } };
    return [verdictOf(found.facts, dr), probedText({ server: 'S', found }).trimEnd()];
  };
  assert.equal(verdict({ bytes: 1472, passed: true })[0], 'answered');
  assert.deepEqual(verdict({ bytes: 1472, passed: false, largest: 1400 }), [
    'too-large',
    'S: answered as 192.0.2.10 in 1.0 ms, but an echo request of 1472 bytes did not pass, 1400 did',
  ]);
  assert.match(verdict({ bytes: 1472, passed: false })[1] ?? '', /nor did a small one$/);
  for (const limit of [56, 57, 1400, 1471]) {
    assert.equal(await largestBelow(1472, async (size) => size <= limit), limit);
  }
  assert.equal(await largestBelow(1472, async () => false), undefined);
});

test('the tunnel of a path has the kind of both families, and ends at the server', () => {
  const kindOf = (vip: string, server: string, tunnel: Partial<NonNullable<ServerPath['tunnel']>>) => {
    const path = { vip, server, tunnel: { type: 'ipip', port: 0, checksum: 'nocsum', ...tunnel } as const };
    const { kind, remote, gue, checksum } = tunnelLink('t', 'local', path);
    assert.equal(remote, server);
    return [kind, gue?.port, checksum];
  };
  assert.deepEqual(kindOf('192.0.2.1', '192.0.2.2', {}), ['ipip', undefined, undefined]);
  assert.deepEqual(kindOf('::1', '192.0.2.2', {}), ['sit', undefined, undefined]);
  assert.deepEqual(kindOf('192.0.2.1', '::2', {}), ['ip6tnl', undefined, undefined]);
  assert.deepEqual(kindOf('::1', '::2', { type: 'gue', port: 6080 }), ['ip6tnl', 6080, undefined]);
  assert.deepEqual(kindOf('::1', '192.0.2.2', { type: 'gre', checksum: 'csum' }), ['gre', undefined, true]);
  assert.deepEqual(kindOf('::1', '::2', { type: 'gre' }), ['ip6gre', undefined, false]);
});

test('the counters of both families are summed; a kernel without IPv6 has none of it', () => {
  const snmp = [
    'Icmp: InMsgs InDestUnreachs InTimeExcds',
    'Icmp: 9 2 1',
    'Tcp: RtoMin InSegs',
    'Tcp: 200 5',
    '',
  ];
  const files = (six?: string) => ({
    readFileSync: (path: string | number) => {
      if (path === '/proc/net/snmp') return snmp.join('\n');
      if (six === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return six;
    },
  });
  assert.deepEqual(received(files()), { answers: 5, unreachable: 2, timeExceeded: 1 });
  const six = 'Icmp6InDestUnreachs\t3\nIcmp6InTimeExcds \t1\nUdp6InDatagrams 4\n';
  assert.deepEqual(received(files(six)), { answers: 9, unreachable: 5, timeExceeded: 2 });
});

test('an address of one machine with the length of its network is read, and nothing else', () => {
  assert.equal(parseOnNetwork('198.51.100.250/24'), '198.51.100.250/24');
  assert.equal(parseOnNetwork('2001:DB8:0::5/64'), '2001:db8::5/64');
  for (const text of [
    '198.51.100.250',
    '198.51.100.250/33',
    '198.51.100.250/0',
    '127.0.0.1/8',
    '224.0.0.1/4',
    '::/64',
    'x/24',
  ])
    assert.equal(parseOnNetwork(text), undefined, text);
});
