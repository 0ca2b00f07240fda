// A line template gives the very message that parsing gives, or does not match.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LvsadmError } from '../../../src/errors.js';
import { addChange } from '../../../src/ipvs/requests.js';
import { parse, tokensOf } from '../../../src/ipvsadm/grammar/parse.js';
import { TemplateCache } from '../../../src/ipvsadm/restore/template-cache.js';
import { destinationRule, serviceRule, splitRule } from '../../../src/ipvsadm/rules.js';
import type { Change } from '../../../src/model/change.js';
import { Batch } from '../../../src/netlink/batch.js';
import { destination, service } from '../../support/arbitrary.js';
import { hex } from '../../support/wire.js';

/** What a line asks for; undefined where that is no change, or a mistake. */
function changeOf(line: string): Change | undefined {
  try {
    const command = parse(tokensOf(splitRule(line)));
    return command.do === 'change' ? command.change : undefined;
  } catch (error) {
    if (error instanceof LvsadmError) return undefined;
    throw error;
  }
}

function message(change: Change): Uint8Array<ArrayBuffer> {
  const batch = new Batch();
  addChange(batch, change);
  return batch.message(0);
}

/** Templates of these lines, learned in this order. */
function learned(...lines: readonly string[]): TemplateCache {
  const templates = new TemplateCache();
  for (const line of lines) {
    const change = changeOf(line);
    if (change !== undefined) templates.learn(line, change, message(change));
  }
  return templates;
}

/** The message of a line by its template; undefined if none matches. */
function matched(templates: TemplateCache, line: string): string | undefined {
  const batch = new Batch();
  const before = Buffer.from('-C\n');
  const next = templates.add(Buffer.from(`-C\n${line}\n-C\n`), before.length, batch);
  if (next < 0) {
    assert.equal(batch.count, 0);
    return undefined;
  }
  assert.equal(next, before.length + Buffer.byteLength(line) + 1);
  assert.equal(batch.operation(0), changeOf(line)?.do, `what ${line} asks for`);
  return hex(batch.message(0));
}

/** Lines of one form: the first is parsed, and its template matches the others. */
const families: readonly (readonly string[])[] = [
  ['-A -t 192.0.2.1:80 -s wlc', '-A -t 203.0.113.255:65535 -s wlc', '-A -t 0.0.0.0:1 -s wlc'],
  ['-A -t [2001:db8::1]:80 -s rr', '-A -t [::]:65535 -s rr', '-A -t [::ffff:192.0.2.1]:1 -s rr'],
  ['-A -t 192.0.2.1:0 -s wlc -p 360', '-A -t 192.0.2.2:0 -s wlc -p 2678400'],
  ['-A -u 192.0.2.1:53 -s mh -o -b mh-port', '-A -u 192.0.2.2:5353 -s mh -o -b mh-port'],
  ['-A --sctp-service 192.0.2.1:53 -M 255.255.0.0 -p', '-A --sctp-service 192.0.2.2:54 -M 255.255.0.0 -p'],
  ['-A -f 1 -6 -s rr', '-A -f 4294967295 -6 -s rr'],
  ['-E --tcp-service=192.0.2.1:80 -s wlc', '-E --tcp-service=192.0.2.2:81 -s wlc'],
  ['-D -t 192.0.2.1:80', '-D -t 192.0.2.2:81'],
  ['-Z -t 192.0.2.1:80', '-Z -t 192.0.2.2:81'],
  [
    '-a -t 192.0.2.1:80 -r 198.51.100.7:80 -g -w 1',
    '-a -t 192.0.2.9:8080 -r 198.51.100.8:80 -g -w 2147483647',
    '-a -t 192.0.2.9:8080 -r 198.51.100.8:0 -g -w 0',
  ],
  [
    '-a -t 192.0.2.1:80 -r 198.51.100.7:80 -m -w 1 -x 9 -y 3',
    '-a -t 192.0.2.1:80 -r 198.51.100.7:8080 -m -w 100 -x 0 -y 0',
    '-a -t 192.0.2.1:80 -r 198.51.100.7:80 -m -w 1 -x 4294967295 -y 4294967295',
  ],
  ['-a -t 192.0.2.1:80 -r 198.51.100.7 -m', '-a -t 192.0.2.1:443 -r 198.51.100.8 -m'],
  ['-a -f 7 -r 198.51.100.7:0 -g', '-a -f 8 -r 198.51.100.8:80 -g'],
  ['-a -f 7 -6 -r [2001:db8::7] -m -w 3', '-a -f 8 -6 -r [2001:db8::8] -m -w 4'],
  [
    '-a -t [2001:db8::1]:80 -r 198.51.100.7:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-nocsum',
    '-a -t [2001:db8::2]:81 -r 198.51.100.8:82 -i -w 2 --tun-type gue --tun-port 65535 --tun-nocsum',
  ],
  ['-e -r 198.51.100.7:80 -t 192.0.2.1:80 -w5', '-e -r 198.51.100.8:81 -t 192.0.2.2:82 -w6'],
  ['-d -t 192.0.2.1:80 -r 198.51.100.7', '-d -t 192.0.2.1:81 -r 198.51.100.9'],
  ['-d -t 192.0.2.1:80 -r 198.51.100.7:8080', '-d -t 192.0.2.1:81 -r 198.51.100.9:8081'],
  [
    '  ipvsadm\t-at 192.0.2.1:80 -r 198.51.100.7 # web1\r',
    '  ipvsadm\t-at 192.0.2.1:81 -r 198.51.100.8 # web1\r',
  ],
];

/** Lines that differ little from a parsed one, but must be parsed themselves. */
const mismatches: readonly (readonly [parsed: string, line: string])[] = [
  ['-A -t 192.0.2.1:80', '-A -t 192.0.2.1:0'],
  // Without a port the unspecified address is every service.
  ['-Z -t 192.0.2.1:0', '-Z -t 0.0.0.0:0'],
  ['-Z -t [2001:db8::1]:0', '-Z -t [::]:0'],
  ['-A -t 192.0.2.1:80', '-A -t 192.0.2.1:65536'],
  ['-A -t 192.0.2.1:80', '-A -t 192.0.2.1:'],
  ['-A -t 192.0.2.1:80', '-A -t 192.0.2.1'],
  ['-A -t 192.0.2.1:80', '-A -t 192.0.2.1:80 '],
  ['-A -t 192.0.2.1:80', '-A -t 192.0.2.256:80'],
  ['-A -t 192.0.2.1:80', '-A -t 192.0.2.01:80'],
  ['-A -t 192.0.2.1:80', '-A -t 192.0.2.1.1:80'],
  ['-A -t 192.0.2.1:80', '-A -t 192.0.2:80'],
  ['-A -t 192.0.2.1:80', '-A -t [2001:db8::1]:80'],
  ['-A -t 192.0.2.1:80', '-A -t www.example.com:80'],
  ['-A -t 192.0.2.1:80', '-A -t 192.0.2.1:80x'],
  ['-A -t [2001:db8::1]:80', '-A -t [2001:db8::1%eth0]:80'],
  ['-A -t [2001:db8::1]:80', '-A -t [192.0.2.1]:80'],
  ['-A -f 1', '-A -f 0'],
  ['-A -f 1', '-A -f 4294967296'],
  ['-A -f 1', '-A -f 99999999999'],
  ['-A -t 192.0.2.1:80 -p 60', '-A -t 192.0.2.1:80 -p 0'],
  ['-A -t 192.0.2.1:80 -p 60', '-A -t 192.0.2.1:80 -p 2678401'],
  ['-a -f 1 -r 198.51.100.7 -w 1', '-a -f 1 -r 198.51.100.7 -w 2147483648'],
  ['-a -f 1 -r 198.51.100.7 -x 1', '-a -f 1 -r 198.51.100.7 -x 4294967296'],
  [
    '-a -f 1 -r 198.51.100.7 -i --tun-type gue --tun-port 1',
    '-a -f 1 -r 198.51.100.7 -i --tun-type gue --tun-port 0',
  ],
  ['-a -f 1 -r 198.51.100.7 -w 1', '-a -f 1 -r 198.51.100.7 -w -1'],
  ['-a -f 1 -r 198.51.100.7 -w 1', '-a -f 1 -r 198.51.100.7 -w'],
  ['-a -f 1 -r 198.51.100.7 -w 1', '-a -f 1 -r 198.51.100.7 -w 1 -m'],
];

describe('a line of the form of one that was parsed', () => {
  for (const [first = '', ...others] of families) {
    it(`becomes a message without being parsed: ${first.trim()}`, () => {
      const templates = learned(first);
      for (const line of [...others, first]) {
        const change = changeOf(line);
        assert.ok(change, line);
        assert.equal(matched(templates, line), hex(message(change)), line);
      }
    });
  }

  it('matches while up to 15 other forms have come since', () => {
    const templates = learned(...families.slice(-16).map(([line = '']) => line));
    for (const [, line = ''] of families.slice(-16)) assert.ok(matched(templates, line), line);
  });

  it('is parsed again when 16 other forms have come since', () => {
    const [[old = '', again = ''] = [], ...others] = families.slice(-17);
    const templates = learned(old, ...others.map(([line = '']) => line));
    assert.equal(matched(templates, again), undefined);
  });
});

describe('a line of another form', () => {
  for (const [parsed, line] of mismatches) {
    it(`is parsed: '${line}' after '${parsed}'`, () => {
      assert.ok(changeOf(parsed), parsed);
      assert.equal(matched(learned(parsed), line), undefined);
    });
  }
});

/** The same word in two lines, or two of a kind. */
type Pair = readonly [string, string];

const same = (...words: readonly string[]): fc.Arbitrary<Pair> =>
  fc.constantFrom(...words).map((word) => [word, word]);
const alike = (...words: readonly string[]): fc.Arbitrary<Pair> =>
  fc.tuple(fc.constantFrom(...words), fc.constantFrom(...words));
const glued = (...parts: readonly fc.Arbitrary<Pair>[]): fc.Arbitrary<Pair> =>
  fc.tuple(...parts).map((pairs) => [pairs.map(([a]) => a).join(''), pairs.map(([, b]) => b).join('')]);

const host = fc.oneof(
  alike('192.0.2.1', '203.0.113.200', '0.0.0.0', '255.255.255.255'),
  alike('[2001:db8::1]', '[::]', '[1:2:3:4:5:6:7:8]', '[::ffff:192.0.2.1]'),
  alike(
    '192.0.2.1',
    '2001:db8::1',
    '1:2:3:4:5:6:7:8',
    '10.1',
    '010.0.0.1',
    '[192.0.2.1]',
    '[::1',
    'localhost',
    '',
  ),
);
const port = fc.oneof(
  alike(':80', ':443', ':65535', ':1'),
  alike(':80', ':0', ':00', ':080', ':65536', ':http', ':', '', ':+1', ':8-'),
);
const number = fc.oneof(
  alike('1', '10', '100', '65535'),
  alike(
    '0',
    '1',
    '007',
    '2147483647',
    '2147483648',
    '4294967295',
    '2678400',
    '2678401',
    '-1',
    '+1',
    '1e3',
    '',
    '9999999999',
  ),
);
const separator = fc.oneof({ weight: 5, arbitrary: same(' ') }, same('\t', '  ', ' \r', '=', ''));
const valued = (names: readonly string[], value: fc.Arbitrary<Pair>): fc.Arbitrary<Pair> =>
  glued(same(...names), separator, value);

const servicePart = fc.oneof(
  { weight: 3, arbitrary: valued(['-t', '-u', '--tcp-service', '--sctp-service'], glued(host, port)) },
  valued(['-f', '--fwmark-service'], number),
  same('-f 7 -6'),
);
const option = fc.oneof(
  valued(['-w', '--weight'], number),
  valued(['-x', '-y'], number),
  valued(['-p'], number),
  same('-m', '-g', '-i', '-p', '-o', '-6', '-n', '-i --tun-type gre', '--tun-type gue --tun-port 1', '-q'),
  same('-s wlc', '-s sh -b sh-port', '-s', '-M 255.255.255.0', '-M 64', '--pe sip', '#', '# x', '--', 'x'),
);

const pairOfLines: fc.Arbitrary<Pair> = fc
  .tuple(
    same('-A', '-E', '-D', '-a', '-a', '-a', '-e', '-d', '-Z', 'ipvsadm -a', '-L', '-am', ' -A', ''),
    servicePart,
    fc.oneof(valued(['-r', '--real-server'], glued(host, port)), same('')),
    fc.array(option, { maxLength: 3 }),
    fc.boolean(),
  )
  .map(([command, of, server, options, swapped]) => {
    const parts = [command, ...(swapped ? [server, of] : [of, server]), ...options];
    const line = (which: 0 | 1) => parts.map((pair) => pair[which]).join(' ');
    return [line(0), line(1)];
  });

/** A line with a part of it replaced. */
const spliced = (line: string, at: number, drop: number, text: string): string =>
  line.slice(0, at % (line.length + 1)) + text + line.slice((at % (line.length + 1)) + drop);

const agrees = (parsed: string, line: string): void => {
  const got = matched(learned(parsed), line);
  if (got === undefined) return;
  const change = changeOf(line);
  assert.ok(change, `'${line}' is no change, but matches the template of '${parsed}'`);
  assert.equal(got, hex(message(change)), `'${line}' after '${parsed}'`);
};

describe('of any two lines', () => {
  it('the second becomes the message that parsing gives, or does not match the template of the first', () => {
    fc.assert(
      fc.property(pairOfLines, ([parsed, line]) => agrees(parsed, line)),
      { numRuns: 3000 },
    );
  });

  it('the first with some characters changed does the same', () => {
    const text = fc.string({ unit: fc.constantFrom(...' \t\r0159.:[]-=#aft/'), maxLength: 2 });
    fc.assert(
      fc.property(pairOfLines, fc.nat(99), fc.nat(2), text, ([parsed], at, drop, put) =>
        agrees(parsed, spliced(parsed, at, drop, put)),
      ),
      { numRuns: 3000 },
    );
  });

  it('so do the lines of a table that -S wrote', () => {
    fc.assert(
      fc.property(service, fc.array(destination, { minLength: 2, maxLength: 2 }), (of, servers) => {
        const lines = [serviceRule(of), ...servers.map((server) => destinationRule(of.id, server))];
        const [head = '', first = '', second = ''] = lines.map((words) => words.join(' '));
        agrees(head, head);
        agrees(first, second);
      }),
    );
  });
});
