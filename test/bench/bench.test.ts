/** The parts of the benchmark that need no lab: statistics, plot, tables, targets. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { fill } from './docs.js';
import { growth, rules } from './growth.js';
import { cases } from './guest/cases.js';
import { rulesFor } from './guest/documents.js';
import { framesOf } from './guest/profile.js';
import { rulesIn, rulesOf } from './guest/rules.js';
import { readOptions } from './options.js';
import { axisOf, draw } from './plot.js';
import { profiles, stageOf } from './profile.js';
import type { Program, Sample } from './program.js';
import { gather, type Report } from './report.js';
import { spreadOf } from './statistics.js';
import { markdown, memory, plain, times } from './tables.js';
import { judge, targets } from './targets.js';

const host: Report['host'] = {
  processor: 'some processor',
  processors: 2,
  bun: '1.0.0',
  lvsadm: '0.1.0',
  date: '2030-01-01',
  load: [0, 1],
};
const guest = { kernel: '6.1', processor: 'emulated', processors: 2, ipvsadm: 'v1.31', node: 'v20' };

type Times = readonly [name: string, program: Program, ...wall: number[]];
const reportOf = (...rows: readonly Times[]): Report => ({
  host,
  guest,
  peaks: [],
  profiles: [],
  samples: rows.flatMap(([name, program, ...walls]) =>
    walls.map((wall): Sample => ({ case: name, program, wall, user: wall / 2, system: wall / 4 })),
  ),
});

test('a spread has the middle, the least and the most', () => {
  assert.deepEqual(spreadOf([3, 1, 2]), { median: 2, least: 1, most: 3 });
  assert.deepEqual(spreadOf([4, 1, 2, 3]), { median: 2.5, least: 1, most: 4 });
  assert.throws(() => spreadOf([]), RangeError);
});

test('half of all values are on each side of a median', () => {
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const { median, least, most } = spreadOf(values);
      assert.ok(values.filter((value) => value < median).length <= values.length / 2);
      assert.ok(values.filter((value) => value > median).length <= values.length / 2);
      assert.deepEqual([least, most], [Math.min(...values), Math.max(...values)]);
    }),
  );
});

test('what the guest tells is sorted by kind', () => {
  const sample: Sample = { case: '-A', program: 'node', wall: 1, user: 1, system: 1 };
  const peak = { case: '-A', program: 'node', peak: 1024 } as const;
  assert.deepEqual(gather(host, [guest, sample, peak]), {
    host,
    guest,
    samples: [sample],
    peaks: [peak],
    profiles: [],
  });
  assert.throws(() => gather(host, [sample]), /told nothing/);
});

test('times are told with their spread, and as ratios of medians', () => {
  const report = reportOf(
    ['-A', 'ipvsadm', 60, 70, 50],
    ['-A', 'standalone', 120],
    ['start', 'node', 1234.5],
  );
  assert.deepEqual(times(report).rows, [
    ['-A', '60 (50 to 70)', '120 (120 to 120)', '', '0.50', ''],
    ['start', '', '', '1,235 (1,235 to 1,235)', '', ''],
  ]);
});

test('memory is told where it was measured', () => {
  const peaks = [{ case: '-Lcn', program: 'standalone', peak: 51_200 }] as const;
  assert.deepEqual(memory({ ...reportOf(), peaks }).rows, [['-Lcn', '', '50.0', '']]);
});

test('a table is the same on a terminal and in a document', () => {
  const table = {
    title: 'Sizes',
    head: ['what', 'size'],
    rows: [
      ['a', '1'],
      ['bcdefg', '2'],
    ],
  };
  assert.equal(plain(table), 'Sizes\n\nwhat    size\na       1\nbcdefg  2\n');
  assert.equal(markdown(table), '| what | size |\n| --- | --- |\n| a | 1 |\n| bcdefg | 2 |');
});

test('a target is reached at its limit, and not told of where something is missing', () => {
  const fast = reportOf(['-R of 1,000x10', 'ipvsadm', 600], ['-R of 1,000x10', 'standalone', 100]);
  assert.deepEqual(
    judge(fast).map(({ wanted, found, reached }) => [wanted, found, reached]),
    [['at least 6', '6.00', true]],
  );
  const slow = reportOf(['-A', 'node', 136], ['an empty script of the runtime', 'node', 100]);
  assert.deepEqual(
    judge(slow).map(({ wanted, found, reached }) => [wanted, found, reached]),
    [['at most 1.35', '1.36', false]],
  );
});

test('every target takes cases that are measured', () => {
  const names = new Set(cases.map(({ name }) => name));
  assert.equal(names.size, cases.length, 'names of cases are their own');
  const lost = targets.flatMap((target) => target.cases).filter((name) => !names.has(name));
  assert.deepEqual(lost, []);
});

test('the cost of a rule leaves out what it takes to start, and shows the kernel', () => {
  const report = reportOf(
    ['-R of nothing', 'standalone', 100],
    ['-R of 100x10', 'standalone', 210],
    ['-R of 10,000x10', 'standalone', 11_100],
  );
  assert.deepEqual(
    rules(report).rows.map(([table, , , wall, kernel]) => [table, wall, kernel]),
    [
      ['100x10', '100.0', '25.0'],
      ['10,000x10', '100.0', '25.0'],
    ],
  );
  assert.deepEqual(
    judge(report).map(({ found }) => found),
    ['1.00'],
  );
});

test('rules have as many lines as were asked for, all different', () => {
  const shape = { services: 300, servers: 3 };
  const lines = rulesOf(shape).trimEnd().split('\n');
  assert.equal(lines.length, rulesIn(shape));
  assert.equal(new Set(lines).size, lines.length);
});

test('documents differ from the table in nothing, one server, or all of them', () => {
  const [before, one, all] = (['nothing to do', 'one change', 'all changed'] as const).map((change) =>
    rulesFor(change).split('\n'),
  );
  const changed = (after: readonly string[] = []) => after.filter((line, at) => line !== before?.[at]).length;
  assert.deepEqual([changed(before), changed(one), changed(all)], [0, 1, 10_000]);
});

test('an axis spans powers of ten, and refuses what has no logarithm', () => {
  assert.deepEqual(axisOf([110, 11_000]), { from: 2, to: 5 });
  assert.deepEqual(axisOf([100]), { from: 2, to: 3 });
  for (const wrong of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    assert.throws(() => axisOf([1, wrong]), RangeError);
});

test('a plot draws each point where its values say', () => {
  const flat = (value: number) => ({ median: value, least: value, most: value });
  const svg = draw({
    x: 'a < b',
    y: 'ms',
    panels: [
      {
        title: 'one',
        series: [
          {
            name: 'ours',
            colour: '#123456',
            points: [
              { x: 10, y: flat(1) },
              { x: 1000, y: flat(100) },
            ],
          },
        ],
      },
    ],
  });
  // Both axes span two powers of ten, so the line goes from one corner to the other.
  assert.match(svg, /<path d="M64 252L384 36" fill="none" stroke="#123456"/);
  assert.match(svg, />a &lt; b</);
  assert.equal(svg.match(/<circle/g)?.length, 3, 'two points and one in the legend');
});

test('growth is drawn for commands that were measured with several sizes', () => {
  const sizes = (program: Program): Times[] => [
    ['-R of 10x10', program, 1],
    ['-R of 100x10', program, 2],
    ['-Ln of 10x10', program, 1],
  ];
  const plot = growth(reportOf(...sizes('ipvsadm'), ...sizes('standalone'), ...sizes('node')));
  assert.deepEqual(
    plot.panels.map(({ title, series }) => [title, series.map(({ points }) => points.map(({ x }) => x))]),
    [
      [
        '-R',
        [
          [110, 1100],
          [110, 1100],
          [110, 1100],
        ],
      ],
    ],
  );
});

test('a document keeps its words, and gets new figures between its marks', () => {
  const before = 'One\n<!-- bench: times -->\nold\n<!-- bench: end -->\nTwo\n';
  const after = fill(before, { times: 'new' });
  assert.equal(after, 'One\n<!-- bench: times -->\n\nnew\n\n<!-- bench: end -->\nTwo\n');
  assert.equal(fill(after, { times: 'new' }), after);
  assert.throws(() => fill(before, { memory: '1' }), /no '<!-- bench: memory -->'/);
});

const frame = (file: string, name = 'f', time = 10) => ({ file, name, time, body: false });

test('a function belongs to a stage by its file, and by the way that data goes', () => {
  const places = [
    frame('file:///x/build/src/ipvsadm/rules.js'),
    frame('file:///x/build/src/netlink/attributes.js'),
    frame('file:///x/build/src/netlink/socket-bun.js'),
    frame('node:fs'),
    frame('', '(garbage collector)'),
    { ...frame('file:///x/build/src/ipvsadm/rules.js'), body: true },
  ];
  const rest = [undefined, 'read and write', 'collect, compile', undefined];
  assert.deepEqual(
    places.map((each) => stageOf(each, 'restoring')),
    ['parse', 'encode', ...rest],
  );
  assert.deepEqual(
    places.map((each) => stageOf(each, 'listing')),
    ['format', 'decode', ...rest],
  );
});

test('what is neither start nor kernel is shared among the stages as the samples say', () => {
  const sample = (name: string, wall: number, system: number): Sample => ({
    case: name,
    program: 'node',
    wall,
    system,
    user: 0,
  });
  const report: Report = {
    ...reportOf(),
    samples: [
      sample('an empty script of the runtime', 100, 10),
      sample('--version', 120, 20),
      sample('-Ln of 10x10', 1120, 220),
    ],
    profiles: [
      {
        case: '-Ln of 10x10',
        program: 'node',
        frames: [frame('/src/ipvs/schema.js', 'f', 30), frame('/src/ipvsadm/format.js', 'f', 10)],
      },
    ],
  };
  // 1,120 less 120 to start and 200 in the kernel: 800, three quarters of them to decode.
  assert.deepEqual(profiles(report).rows, [
    ['-Ln of 10x10', 'Node', ...['1,120', '100', '20', '200', '0', '0', '600', '200', '0', '0']],
  ]);
});

test("time in what belongs to no file is its caller's", async () => {
  const directory = await mkdtemp(join(tmpdir(), 'lvsadm-bench-'));
  const path = join(directory, 'x.cpuprofile');
  const callFrame = (functionName: string, url: string, lineNumber = 7) => ({
    functionName,
    url,
    lineNumber,
    columnNumber: 0,
  });
  const nodes = [
    { id: 1, callFrame: callFrame('(root)', '', -1), children: [2, 4] },
    { id: 2, callFrame: callFrame('list', 'file:///list.js'), children: [3] },
    { id: 3, callFrame: callFrame('map', '') },
    { id: 4, callFrame: callFrame('(idle)', '', -1) },
  ];
  await writeFile(path, JSON.stringify({ nodes, samples: [2, 3, 4], timeDeltas: [1, 2, 4] }));
  assert.deepEqual(await framesOf(path), [{ file: 'file:///list.js', name: 'list', body: false, time: 3 }]);
  await rm(directory, { recursive: true });
});

test('options: rounds are a number, and one where it is to be quick', () => {
  assert.equal(readOptions([]).rounds, undefined);
  assert.equal(readOptions(['--quick']).rounds, 1);
  assert.equal(readOptions(['--quick', '--rounds', '3']).rounds, 3);
  assert.deepEqual(readOptions(['--only', '-Ln', '--only=-R', '--quick']).only, ['-Ln', '-R']);
  assert.throws(() => readOptions(['--rounds', '0']), /expected a number/);
  assert.throws(() => readOptions(['--fast']), /--fast/);
});
