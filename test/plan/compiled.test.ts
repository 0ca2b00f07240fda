// Plain documents compared by compiled code: the same plan as in general, the same problems, or nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseDocuments, parseRests } from '../../src/document/load.js';
import { documentOf, toYaml } from '../../src/document/write.js';
import type { IpvsClient } from '../../src/ipvs/client.js';
import type { DesiredState, ServiceState, State } from '../../src/model/state.js';
import { renderPlan } from '../../src/output/plan.js';
import { themeFor } from '../../src/output/theme.js';
import { CompiledComparison } from '../../src/plan/compiled.js';
import { diff } from '../../src/plan/diff.js';
import type { Plan } from '../../src/plan/plan.js';
import { empties, withoutPruning } from '../../src/plan/policy.js';
import { readState } from '../../src/plan/read.js';
import { stagesOf } from '../../src/plan/steps.js';
import { normal, state } from '../support/arbitrary-state.js';
import { clientOf, empty } from '../support/table.js';

const lookup = {
  addresses: async () => ['203.0.113.99'],
  ports: async () => ({ tcp: new Map(), udp: new Map(), sctp: new Map() }) as never,
};
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const theme = await themeFor({ isTTY: false, write: () => {} }, {});

const named = (texts: readonly string[]) => texts.map((text, index) => ({ file: `${index}.yaml`, text }));

/** What compiled code makes of texts: what is wanted, all of it; undefined where it leaves that to others. */
async function compiled(texts: readonly string[], client: IpvsClient, onlyWanted: boolean) {
  const comparison = CompiledComparison.of(texts.map(bytesOf));
  const rest = comparison && (await parseRests(named(comparison.rests), lookup));
  if (comparison === undefined || rest === undefined) return undefined;
  const unsettled = await comparison.read(client, onlyWanted);
  if (unsettled === undefined) return undefined;
  const { services, desired, kept } = unsettled;
  return {
    current: { services, daemons: await client.daemons(), timeouts: await client.timeouts() },
    desired: { ...rest, services: rest.services && desired },
    kept,
  };
}

/** Holds the plan of compiled code to the plan that is made in general. @returns how much it took itself to be settled */
async function check(texts: readonly string[], table: State, prune: boolean): Promise<number | undefined> {
  const client = await clientOf(table);
  const quick = await compiled(texts, client, !prune);
  assert.deepEqual(await compiled(texts, await clientOf(table, true), !prune), quick);
  if (quick === undefined) return undefined;
  const desired = await parseDocuments(named(texts), lookup);
  const policy = (plan: Plan) => (prune ? plan : withoutPruning(plan));
  const whole = policy(diff(await readState(client), desired));
  const plan = policy({ ...diff(quick.current, quick.desired), kept: quick.kept });
  assert.deepEqual(stagesOf(plan), stagesOf(whole), texts.join('\n---\n'));
  assert.equal(empties(plan), empties(whole));
  // Of what is left alone the servers are not read, and count only where they are.
  const left = (text: string) => text.replace(/, \d+ not in the document/, ', some not in the document');
  assert.equal(left(renderPlan(plan, theme)), left(renderPlan(whole, theme)));
  return quick.kept;
}

/** Two tables that have much in common: the second has some services of the first as they are, or nearly. */
const related = fc
  .tuple(state(), state(), fc.infiniteStream(fc.nat({ max: 4 })))
  .map(([one, other, fates]) => {
    const near = ({ service, destinations }: ServiceState): ServiceState[] => {
      const [first, ...others] = destinations;
      const fate = fates.next().value;
      if (fate === 1) return [{ service, destinations: others }];
      if (fate === 2 && first) return [{ service, destinations: [{ ...first, weight: 5 }, ...others] }];
      if (fate === 3) return [{ service: { ...service, scheduler: 'lc' }, destinations }];
      if (fate === 4 && service.persistence) {
        return [
          { service: { ...service, persistence: { ...service.persistence, timeout: 7 } }, destinations },
        ];
      }
      return [{ service, destinations }];
    };
    return [one, { ...one, timeouts: other.timeouts, services: one.services.flatMap(near) }] as const;
  });

/** The ways in which a document may be written. */
const spellings: Readonly<Record<string, (table: State) => string>> = {
  yaml: (table) => toYaml(documentOf(table)),
  json: (table) => JSON.stringify(documentOf(table), null, 2),
  'json in one line': (table) => JSON.stringify(documentOf(table)),
  'json with tabs': (table) => JSON.stringify(documentOf(table), null, '\t'),
  'yaml with comments': (table) =>
    `# a table\n\n${toYaml(documentOf(table)).replace(/^( +servers:|services:)$/gm, '  # and now:\n\n$1 # some')}\n# end`,
  'yaml in blocks': (table) =>
    toYaml(documentOf(table)).replace(
      /^( +)- \{ (.*?), method: (\w+), weight: (\d+)(.*) \}$/gm,
      (line, blanks, server, method, weight, more) =>
        more.includes('{')
          ? line
          : `${blanks}- ${server}\n${blanks}  method: ${method}\n${blanks}  weight: ${weight}${more.replaceAll(', ', `\n${blanks}  `)}`,
    ),
  'yaml with lists to the left': (table) => {
    const [before = '', services = ''] = toYaml(documentOf(table)).split(/(?<=^services:)$/m);
    return before + services.replace(/^ {2}/gm, '');
  },
};

test('the plan over compiled code is the plan in general', async () => {
  const settled: Record<string, number> = {};
  await fc.assert(
    fc.asyncProperty(
      related,
      fc.constantFrom(...Object.keys(spellings)),
      fc.boolean(),
      async ([current, wanted], spelling, prune) => {
        const kept = await check([spellings[spelling]?.(wanted) ?? ''], current, prune);
        settled[spelling] = (settled[spelling] ?? 0) + (kept ?? 0);
      },
    ),
    { numRuns: 400 },
  );
  for (const spelling in spellings) assert.ok((settled[spelling] ?? 0) > 20, JSON.stringify(settled));
});

/** What people write besides: defaults, servers without settings, ports that are the service's. */
const handwritten = `# our farm
timeouts: { tcp: 900 }
defaults:
  service: {scheduler: wrr, persistence: 300}
  server: { method: nat, upperThreshold: 9 }
services:
  - service: tcp://192.0.2.10:80   # web
    persistence: false
    servers:
      - 198.51.100.1
      - 198.51.100.2:8080
      - {server: 198.51.100.3, weight: 0, "lowerThreshold": 2}
  - service: udp://192.0.2.10:53
    scheduler: sh
    schedulerFlags: [sh-port, flag-3]
    persistence: {timeout: 60, netmask: 24, engine: sip}
    onePacket: true
    defaults: { method: tun, tunnel: {type: gue, port: 6080, checksum: remcsum} }
    servers:
      - server: 198.51.100.1:53
        weight: 2
      - server: 198.51.100.2:53
        tunnel: { type: gre }
      - server: 198.51.100.3:53
        method: dr
  - service: "tcp://[2001:db8::10]:0"
    persistence: { netmask: "64" }
    servers: ["[2001:db8:0:0::1]:80", "[2001:db8:1:2:3:4:5:6]"]
  - service: fwmark://7/inet6
  - service: fwmark://9
    persistence:
      netmask: 255.255.0.0
    servers: []
`;

test('what people write by hand is understood as in general', async () => {
  const desired = await parseDocuments(named([handwritten]), lookup);
  const table = stateOf(desired);
  assert.equal(await check([handwritten], table, true), 5 + 3 + 3 + 2);
  const comparison = CompiledComparison.of([bytesOf(handwritten)]);
  const { desired: found = [] } = (await comparison?.read(await clientOf(empty), false)) ?? {};
  assert.deepEqual(normal(stateOf({ ...desired, services: found })), normal(table));
  assert.equal(found[3]?.destinations, undefined);
});

/** A state that a wish comes to, where it says all. */
const stateOf = ({ services = [] }: DesiredState): State => ({
  services: services.map(({ service, destinations = [] }) => ({ service, destinations })),
  daemons: [],
  timeouts: { tcp: 900, tcpFin: 120, udp: 300 },
});

/** What may stand in the place of something else. */
const pieces = [
  ...[
    '',
    ' ',
    '  ',
    '\n',
    '\n  ',
    '\t',
    '\r\n',
    '-',
    '- ',
    ',',
    ', ',
    ':',
    ': ',
    '{',
    '}',
    '[',
    ']',
    '{}',
    '[]',
    '"',
    "'",
    '#',
    ' #',
    '.',
    '/',
  ],
  ...[
    '0',
    '1',
    '2',
    '9',
    '00',
    '-1',
    '1.5',
    '1e3',
    '65536',
    '300',
    'true',
    'false',
    'null',
    '~',
    'yes',
    'on',
    '\\n',
    '\u00e4',
    '---\n',
    '&a ',
    '*a',
  ],
  ...[
    'server',
    'service',
    'services',
    'weight',
    'method',
    'nat',
    'tun',
    'dr',
    'scheduler',
    'defaults',
    'tunnel',
    'family',
    'wrr',
    'sh-port',
  ],
  ...[
    '192.0.2.10',
    '224.0.0.1',
    '0.0.0.0',
    '2001:db8::1',
    '::',
    'ff02::1',
    'tcp://',
    'fwmark://',
    'web1',
    'http',
    'inet6',
    '  - service: tcp://192.0.2.77:80\n',
  ],
];

test('where something else stands in a document, it is understood as in general, or left to that', async () => {
  let read = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.constant([handwritten, await tableOf(handwritten)] as const),
        fc
          .tuple(state(3), fc.constantFrom(...Object.keys(spellings)))
          .map(([table, spelling]) => [spellings[spelling]?.(table) ?? '', table] as const),
      ),
      fc.array(fc.tuple(fc.nat(), fc.constantFrom('in place', 'before', 'in'), fc.constantFrom(...pieces)), {
        minLength: 1,
        maxLength: 2,
      }),
      async ([text, table], edits) => {
        let edited = text;
        for (const [at, how, piece] of edits) {
          const words = edited.match(/[\w./:-]+|\s+|./g) ?? [];
          const index = at % words.length;
          const word = words[index] as string;
          const half = word.length >> 1;
          words[index] =
            how === 'in place'
              ? piece
              : how === 'before'
                ? piece + word
                : word.slice(0, half) + piece + word.slice(half);
          edited = words.join('');
        }
        if ((await check([edited], table, true)) !== undefined) read++;
      },
    ),
    { numRuns: 2000 },
  );
  assert.ok(read > 50, `${read} texts were read`);
});

async function tableOf(text: string): Promise<State> {
  return stateOf(await parseDocuments(named([text]), lookup));
}

test('several texts are one wish, and what two of them want is left to those who tell it', async () => {
  const one = 'services:\n  - service: tcp://192.0.2.1:80\n    servers: [192.0.2.2:80]\n';
  const other = '{"timeouts": {"udp": 7}, "services": [{"service": "udp://192.0.2.1:80", "servers": []}]}';
  assert.equal(await check([one, other], await tableOf(one), false), 2);
  assert.equal(CompiledComparison.of([one, one].map(bytesOf)), undefined);
  assert.equal(CompiledComparison.of([one, 'services: [{service: tcp://web:80}]'].map(bytesOf)), undefined);
});

test('a table that was changed meanwhile is read anew', async () => {
  const table = await tableOf(handwritten);
  const comparison = CompiledComparison.of([bytesOf(handwritten)]);
  const client = await clientOf(empty);
  for (const expected of [0, 13]) {
    const { services = [], desired = [], kept } = (await comparison?.read(client, false)) ?? {};
    assert.equal(kept, expected);
    const plan = diff({ ...table, services }, { services: desired });
    await client.applyAll(stagesOf(plan).flat());
  }
  assert.deepEqual(normal({ ...(await readState(client)), timeouts: table.timeouts }), normal(table));
});

for (const [what, text] of Object.entries({
  'an address with eight groups and more zeros':
    'services:\n  - service: "tcp://[2001:db8:1:2:3:4:5:6::]:80"\n',
  'a word of JSON without quotes':
    '{"services": [{"service": "tcp://192.0.2.1:80",\r"servers": [192.0.2.9:80]}]}',
})) {
  test(`${what} is left to those who tell it`, () => {
    assert.equal(CompiledComparison.of([bytesOf(text)]), undefined);
  });
}
