/** Documents that are made to take all memory: each is read in a process of its own, and its memory measured. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { parseDocuments } from '../../src/document/load.js';
import { DocumentError } from '../../src/errors.js';
import { YOUNG_GENERATION } from '../support/v8.js';

const MiB = 2 ** 20;

/** Reads standard input as a document, and writes the error, its number of further problems, and the largest memory in bytes. */
const program = `
  import { parseDocuments } from '${new URL('../../src/document/load.js', import.meta.url)}';
  let text = '';
  for await (const chunk of process.stdin.setEncoding('utf8')) text += chunk;
  const lookup = { addresses: async () => [], ports: async () => ({ port: () => undefined }) };
  const told = await parseDocuments([{ file: 'f', text }], lookup).then(
    () => ({ name: 'none', problems: [], more: 0 }),
    ({ name, message, problems = [message], more }) => ({ name, problems, more }),
  );
  console.log(JSON.stringify({ ...told, peak: process.resourceUsage().maxRSS * 1024 }));
`;

interface Reading {
  readonly name: string;
  readonly problems: readonly { readonly text: string }[];
  readonly more: number;
  /** Largest memory of the process, in bytes. */
  readonly peak: number;
}

function readIn(text: string): Reading {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    input: text,
    maxBuffer: 64 * MiB,
  });
  assert.equal(status, 0, stderr.toString());
  return JSON.parse(stdout.toString());
}

const server = '{server: 192.0.2.1:80, weight: x}';
const service = 'service: tcp://192.0.2.1:80';

const cases: readonly [what: string, text: string, problem: RegExp, more?: number][] = [
  ['4 KB of open lists', '['.repeat(4096), /64 levels/],
  ['4 KB of lists in blocks', `${'- '.repeat(2048)}a`, /64 levels/],
  ['4 KB of keys in keys', `${'? '.repeat(2048)}a`, /64 levels/],
  ['240 KB of lists in JSON', `{"services":${'['.repeat(120_000)}${']'.repeat(120_000)}}`, /64 levels/],
  ['240 KB of objects in JSON', `${'{"a":'.repeat(40_000)}1${'}'.repeat(40_000)}`, /64 levels/],
  ['1 MiB of quotes', '"'.repeat(MiB), /document separator/],
  ['1 MiB of single quotes', "'".repeat(MiB), /values/],
  ['one string of 20 MiB', `"${'a'.repeat(20 * MiB)}"`, /is not a document/],
  ['one string of 20 MiB in JSON', `{"services":"${'a'.repeat(20 * MiB)}"}`, /is not a list of services/],
  ['a key of 10 MiB', `${'k'.repeat(10 * MiB)}: 1`, /unknown key/],
  ['130,000 wrong values', `services:\n${'- x\n'.repeat(130_000)}`, /is not a service/, 129_980],
  [
    '130,000 wrong values in JSON',
    `{"services":[{"service":"tcp://192.0.2.1:80","servers":[${'{"server":"192.0.2.1:80","weight":"x"},'.repeat(130_000)}"192.0.2.300"]}]}`,
    /whole number/,
    129_981,
  ],
  [
    '70,000 unknown keys',
    Array.from({ length: 70_000 }, (_, at) => `k${at}: 1\n`).join(''),
    /unknown key/,
    69_980,
  ],
  [
    '130,000 servers with addresses that are none',
    `services:\n- ${service}\n  servers:\n${'  - 192.0.2.300\n'.repeat(130_000)}`,
    /is not a server/,
    129_980,
  ],
  ['a million values', `services: [${'1,'.repeat(1_000_000)}1]`, /more than \d+ values/],
  ['5 million lists in JSON', `{"services":[${'[],'.repeat(5_000_000)}[]]}`, /more than \d+ values/],
  ['5 million numbers in JSON', `{"services":[${'0,'.repeat(5_000_000)}0]}`, /more than \d+ values/],
  ['a million documents', '--- a\n'.repeat(1_000_000), /more than \d+ values/],
  ['50,000 documents', '--- {}\n'.repeat(50_000), /more than 10000 documents/],
  ['130,000 wrong rules', '-A -t 192.0.2.1\n'.repeat(130_000), /port/, 129_980],
  ['a rule of 20 MiB', `-A ${'-a '.repeat(7 * MiB)}`, /longer than 64 KiB/],
  ['20 million empty lines', '\n'.repeat(20_000_000), /empty/],
];

/** As dense as a large table that export writes. */
const dense: typeof cases = [
  [
    '130,000 servers with wrong weights',
    `services:\n- ${service}\n  servers:\n${`  - ${server}\n`.repeat(130_000)}`,
    /whole number/,
    129_980,
  ],
  ['a million numbers', `services: [${'1,      '.repeat(1_000_000)}1]`, /is not a service/, 999_981],
  ['more numbers', `services: [${'1,    '.repeat(1_500_000)}1]`, /more than \d+ values/],
];

/** A table of 110,000 rules, as export writes it. */
const table = (): string => {
  const ten = Array.from({ length: 10 }, (_, index) => index + 1);
  const services = Array.from({ length: 10_000 }, (_, index) => {
    const network = `${index >> 8}.${index & 255}`;
    const servers = ten.map(
      (host) =>
        `      - { server: "10.1.${host}.1:80", method: dr, weight: 1, upperThreshold: 10, lowerThreshold: 5 }\n`,
    );
    return `  - service: tcp://10.${network}.1:80\n    scheduler: wlc\n    persistence: { timeout: 360, netmask: 255.255.255.255 }\n    servers:\n${servers.join('')}`;
  });
  return `timeouts: { tcp: 900, tcpFin: 120, udp: 300 }\nsync: {}\nservices:\n${services.join('')}`;
};

test('a table of 110,000 rules is read as YAML in 400 MB', () => {
  const { peak: atLeast } = readIn('');
  const { name, problems, peak } = readIn(table());
  assert.equal(name, 'none', JSON.stringify(problems));
  assert.ok(peak - atLeast <= 4e8, `${(peak - atLeast) / MiB} MiB`);
});

describe('reading dense YAML takes at most 400 MB, and the problem is told, for', () =>
  checkReadings(dense, () => 4e8));

describe(`reading takes at most 10 times the text and ${100 + YOUNG_GENERATION / 1e6} MB, and the problem is told, for`, () =>
  checkReadings(cases, (length) => 1e8 + YOUNG_GENERATION + 10 * length));

/** @param bound of the memory in bytes, for a text of so many characters */
function checkReadings(readings: typeof cases, bound: (length: number) => number): void {
  const { peak: atLeast } = readIn('');
  for (const [what, text, problem, more = 0] of readings) {
    test(what, () => {
      const reading = readIn(text);
      assert.equal(reading.name, 'DocumentError', JSON.stringify(reading.problems));
      assert.match(reading.problems[0]?.text ?? '', problem);
      assert.equal(reading.problems.length, more > 0 ? 20 : 1);
      assert.equal(reading.more, more);
      const taken = reading.peak - atLeast;
      assert.ok(taken <= bound(text.length), `${taken / MiB} MiB for a text of ${text.length / MiB} MiB`);
    });
  }
}

test('20 mistakes are told, in the order of the text, and the others counted', async () => {
  const text = `services:\n${'- x\n'.repeat(25)}`;
  const error = await parseDocuments([{ file: 'f', text }], {
    addresses: async () => [],
    ports: async () => assert.fail('looks a port up'),
  }).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof DocumentError);
  assert.deepEqual(
    error.problems.map(({ line }) => line),
    Array.from({ length: 20 }, (_, at) => at + 2),
  );
  assert.match(error.message, /\nand 5 more$/);
});
