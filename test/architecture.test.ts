/** The rooms of the house and the arrows between them, held against every import there is; imports of types count. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesUnder, type Import, importsIn, importsOf } from './support/imports.js';

/**
 * What each room may import: rooms and packages. Rooms are folders and files, below src/ except for bin. A file belongs to the
 * room with the longest name that its path starts with; files of one room may import each other.
 */
const arrows: Readonly<Record<string, string>> = {
  'foreign-text': '',
  errors: 'foreign-text',
  version: '',
  suggest: '',
  messages: 'errors foreign-text suggest model',
  context: 'ipvs netlink/transport/socket system',
  index: 'errors ipvs model netlink/transport netlink/transport/socket plan',

  model: 'errors foreign-text',
  libc: 'errors bun:ffi',
  netlink: 'errors netlink/transport/socket',
  'netlink/transport': 'errors netlink netlink/transport/socket libc',
  'netlink/transport/socket': 'errors',
  ipvs: 'errors model netlink netlink/transport/socket',

  'ipvsadm/grammar': 'errors foreign-text suggest model',
  'ipvsadm/rules': 'errors foreign-text model ipvsadm/grammar',
  'ipvsadm/listing': 'errors foreign-text context model ipvs ipvsadm ipvsadm/grammar ipvsadm/rules',
  'ipvsadm/restore': 'errors context messages model netlink ipvs ipvsadm ipvsadm/grammar ipvsadm/rules plan',
  ipvsadm:
    'errors context messages version model ipvs system output/definition-list ipvsadm/grammar ipvsadm/listing ipvsadm/restore ipvsadm/rules',

  document: 'errors foreign-text messages suggest model ipvsadm/grammar ipvsadm/rules js-yaml zod',
  plan: 'errors model ipvs',
  'observe/connections': 'model ipvs',
  'observe/placement': 'model plan',
  'observe/table': 'model ipvs plan',
  'observe/metrics': 'errors foreign-text model observe/table',
  system: 'errors model netlink netlink/transport/socket',
  setup: 'errors model system',
  health: 'errors foreign-text version model system',
  'doctor/facts': 'errors model netlink netlink/transport/socket ipvs system',
  'doctor/checks': 'model ipvsadm/rules system setup doctor/facts',
  doctor: 'doctor/facts doctor/checks',

  history: 'errors model system',
  fleet: 'errors foreign-text model system zod',
  agent: 'errors foreign-text messages model plan observe/metrics health system',

  'output/definition-list': '',
  output: 'errors foreign-text context model observe/table plan output/definition-list chalk cli-table3',
  reference: 'errors version ipvsadm ipvsadm/grammar commands output output/definition-list',
  commands:
    'errors foreign-text context messages suggest version model ipvs ipvsadm/rules document plan observe/connections observe/metrics observe/placement observe/table health agent fleet history system setup doctor doctor/facts doctor/checks output output/definition-list reference',
  cli: 'errors foreign-text context messages suggest version model netlink netlink/transport/socket ipvs ipvsadm ipvsadm/grammar system commands output reference yargs',
  bin: 'errors context cli libc netlink/transport netlink/transport/socket',
};

/** The rooms and files that touch this machine. All others get files, clocks and sockets from their callers. */
const touching = [
  'agent/checks/check-schedule',
  'bin',
  'cli',
  'commands/link',
  'commands/shared/watch',
  'doctor/facts',
  'document/files',
  'fleet/directory-store',
  'fleet/etcd',
  'health/checks',
  'health/run-check',
  'health/run-checks',
  'netlink/transport',
  'system',
];

/** Modules of Node that only compute, which are open to all. */
const computing = ['node:buffer', 'node:crypto', 'node:path', 'node:util'];

/** Packages that ipvsadm's grammar must not wait for: docs/architecture.md says what each costs. */
const slow = ['yargs', 'zod', 'chalk', 'cli-table3', 'js-yaml'];

const files = [...filesUnder('src'), ...filesUnder('bin')];
const imports = files.flatMap(importsOf);
const has = (file: string): boolean => files.includes(file);

/** A path as a room's name begins: `src/model/address.ts` is `model/address`. */
const nameOf = (path: string): string => path.replace(/^src\//, '').replace(/\.ts$/, '');

const isIn = (name: string, room: string): boolean => name === room || name.startsWith(`${room}/`);

/** The room of a file; the longest name counts. Undefined for a package, and for a file without a room. */
const roomOf = (path: string): string | undefined =>
  Object.keys(arrows)
    .filter((room) => has(path) && isIn(nameOf(path), room))
    .sort((a, b) => b.length - a.length)[0];

function follows({ file, target }: Import): boolean {
  const from = roomOf(file) ?? '';
  const allowed = (arrows[from] ?? '').split(' ');
  const to = roomOf(target);
  if (to === undefined) return target.startsWith('node:') || allowed.some((name) => isIn(target, name));
  return from === to || allowed.includes(to);
}

const within = (to: string, packages: readonly string[]): boolean => packages.some((name) => isIn(to, name));

test('every file has a room', () => {
  assert.ok(files.length > 20 && imports.length > 50, `${files.length} files, ${imports.length} imports`);
  assert.deepEqual(
    files.filter((file) => roomOf(file) === undefined),
    [],
  );
});

test('every import follows an arrow', () => {
  assert.deepEqual(
    imports.filter((one) => !follows(one)).map(({ file, target }) => `${file} must not import ${target}`),
    [],
  );
});

test("only rooms that touch this machine import modules of Node's that do", () => {
  const others = imports
    .filter(({ target }) => target.startsWith('node:') && !computing.includes(target))
    .filter(({ file }) => !touching.some((room) => isIn(nameOf(file), room)))
    .map(({ file, target }) => `${file} must not import ${target}`);
  assert.deepEqual(others, []);
});

test('no import leads nowhere', () => {
  const lost = imports
    .filter(({ target }) => target.startsWith('src/') || target.startsWith('bin/'))
    .filter(({ target }) => !has(target))
    .map(({ file, target }) => `${file} imports ${target}, which is not there`);
  assert.deepEqual(lost, []);
});

/** The files that one leads to, itself included. */
function reachable(from: string, follow: (one: Import) => boolean): Import[] {
  const found: Import[] = [];
  const seen = new Set([from]);
  for (const file of seen) {
    for (const one of imports.filter((each) => each.file === file && follow(each))) {
      found.push(one);
      if (has(one.target)) seen.add(one.target);
    }
  }
  return found;
}

test('no file imports itself, however long the way round', () => {
  const cycles = files.filter((file) => reachable(file, () => true).some(({ target }) => target === file));
  assert.deepEqual(cycles, []);
});

for (const entry of files.filter((file) => file.startsWith('bin/'))) {
  test(`nothing that ${entry} loads at once is slow to load`, () => {
    const atOnce = reachable(entry, ({ typeOnly, dynamic }) => !typeOnly && !dynamic);
    const loaded = atOnce
      .filter(({ target }) => within(target, slow))
      .map(({ file, target }) => `${file} imports ${target}`);
    assert.deepEqual(loaded, []);
  });
}

for (const entry of ['bin/lvsadm.ts', 'bin/lvsadm-standalone.ts']) {
  test(`no file of ${entry} imports a module of the runtime: in one bundle, all would be loaded at each start`, () => {
    const inBundle = reachable(
      entry,
      ({ typeOnly, target }) => !typeOnly && target !== 'src/cli/subcommands.ts',
    );
    const loaded = inBundle
      .filter(({ target, dynamic, typeOnly }) => target.startsWith('node:') && !dynamic && !typeOnly)
      .map(({ file, target }) => `${file} imports ${target}`);
    assert.deepEqual(loaded, []);
  });
}

for (const command of ['apply', 'diff']) {
  test(`${command} loads no module of the runtime: in the executable, node:net alone takes as long as all else`, () => {
    const loaded = reachable(`src/commands/${command}.ts`, ({ typeOnly, dynamic }) => !typeOnly && !dynamic)
      // It has been loaded before the program starts.
      .filter(({ target, typeOnly, dynamic }) => /^node:(?!buffer$)/.test(target) && !typeOnly && !dynamic)
      .map(({ file, target }) => `${file} imports ${target}`);
    assert.deepEqual(loaded, []);
  });
}

test('no room is named after nothing in particular', () => {
  const vague = /(^|\/)(utils?|helpers?|common|misc)(\/|\.ts$)/;
  assert.deepEqual(
    files.filter((file) => vague.test(file)),
    [],
  );
});

test('the reader of imports knows every form of them', () => {
  const source = [
    "import { a } from './a.js';",
    "import type { B } from './b.js';",
    "import { type C, c } from './c.js';",
    'import {',
    '  d,',
    "} from './d.js';",
    "import * as e from './e.js';",
    "import f, { g } from './f.js';",
    "import './g.js';",
    "export { h } from './h.js';",
    "export type { I } from './i.js';",
    "export * from './j.js';",
    "const k = await import('./k.js');",
    "const l = () => import('./l.js').then((m) => m);",
    "const { cpus } = process.getBuiltinModule('node:os');",
    "type M = import('./m.js').M;",
    "import n from 'node:fs';",
    "import o from '@scope/o/p.js';",
    "// import { no } from './no.js';",
    " * import { no } from './no.js';",
    "export const text = 'import of goods';",
  ].join('\n');
  assert.deepEqual(
    importsIn('src/room/x.ts', source).map(({ target, typeOnly, dynamic }) =>
      [target, typeOnly && 'type', dynamic && 'dynamic'].filter(Boolean).join(' '),
    ),
    [
      'src/room/a.ts',
      'src/room/b.ts type',
      'src/room/c.ts',
      'src/room/d.ts',
      'src/room/e.ts',
      'src/room/f.ts',
      'src/room/g.ts',
      'src/room/h.ts',
      'src/room/i.ts type',
      'src/room/j.ts',
      'node:fs',
      '@scope/o/p.js',
      'src/room/k.ts dynamic',
      'src/room/l.ts dynamic',
      'node:os dynamic',
      'src/room/m.ts type',
    ],
  );
});
