/** Where functions belong, and how time is shared among stages. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { root } from '../../scripts/build/project.js';
import { reportOf } from '../support/bench-report.js';
import { framesOf } from './guest/profile.js';
import { places, profiles, stageOf } from './profile.js';
import type { Sample } from './program.js';
import type { Report } from './report.js';

const frame = (file: string, name = 'f', time = 10) => ({ file, name, time, loading: false });

test('a function belongs to a stage by its file, and by the way that data goes', () => {
  const places = [
    frame('file:///x/build/src/ipvsadm/rules.js'),
    frame('file:///x/build/src/netlink/attributes.js'),
    frame('file:///x/build/src/netlink/transport/bun.js'),
    frame('file:///x/build/src/ipvsadm/restore/line-template.js'),
    frame('node:fs'),
    frame('', '(garbage collector)'),
    { ...frame('file:///x/build/src/ipvsadm/rules.js'), loading: true },
  ];
  const rest = [undefined, 'encode', 'read and write', 'collect, compile', undefined];
  assert.deepEqual(
    places.map((each) => stageOf(each, 'restoring')),
    ['parse', 'encode', ...rest],
  );
  assert.deepEqual(
    places.map((each) => stageOf(each, 'listing')),
    ['format', 'decode', ...rest],
  );
});

test('every file that the table of stages names is there', async () => {
  const files = (await readdir(join(root, 'src'), { recursive: true })).map((name) => `src/${name}`);
  const named = places.flatMap(([, parts]) => parts).filter((part) => part.startsWith('src/'));
  assert.deepEqual(
    named.filter((part) => !files.some((file) => file.startsWith(part))),
    [],
  );
});

test('what is neither start nor kernel is shared among the stages as the samples say', () => {
  const sample = (name: string, wall: number, system: number, user = 0): Sample => ({
    case: name,
    program: 'node',
    wall,
    system,
    user,
  });
  const report: Report = {
    ...reportOf(),
    samples: [
      sample('an empty program of the runtime', 100, 10),
      sample('--version', 120, 20),
      sample('-Ln of 10x10', 1120, 220, 600),
    ],
    profiles: [
      {
        case: '-Ln of 10x10',
        program: 'node',
        frames: [frame('/src/ipvs/schema.js', 'f', 30), frame('/src/ipvsadm/format.js', 'f', 10)],
      },
    ],
  };
  // 1,120 less 120 to start, a quarter of the rest in the kernel: 750, three quarters of them to decode.
  assert.deepEqual(profiles(report).rows, [
    ['-Ln of 10x10', 'Node', ...['1,120', '100', '20', '250', '0', '0', '563', '188', '0', '0']],
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
    { id: 1, callFrame: callFrame('(root)', '', -1), children: [2, 4, 5] },
    { id: 2, callFrame: callFrame('list', 'file:///list.js'), children: [3] },
    { id: 3, callFrame: callFrame('map', '') },
    { id: 4, callFrame: callFrame('(idle)', '', -1) },
    { id: 5, callFrame: callFrame('link', 'node:internal/modules/esm'), children: [6] },
    { id: 6, callFrame: callFrame('statSync', 'node:fs') },
  ];
  await writeFile(path, JSON.stringify({ nodes, samples: [2, 3, 4, 6], timeDeltas: [1, 2, 4, 8] }));
  assert.deepEqual(await framesOf(path), [
    { file: 'file:///list.js', name: 'list', loading: false, time: 3 },
    { file: 'node:fs', name: 'statSync', loading: true, time: 8 },
  ]);
  await rm(directory, { recursive: true });
});
