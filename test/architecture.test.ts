/** The rooms of the house and the arrows between them, held against every import there is; imports of types count. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesUnder, type Import, importsIn, importsOf } from './support/imports.js';

/**
 * What each room may import. A file belongs to the room with the longest path that it starts with; files of one room may import
 * each other, and Node's own modules are open to all.
 */
const arrows: Readonly<Record<string, readonly string[]>> = {
  'src/errors.ts': [],
  'src/version.ts': [],
  'src/suggest.ts': [],
  'src/messages.ts': ['src/errors.ts'],
  'src/context.ts': ['src/ipvs', 'src/netlink/transport/socket.ts', 'src/system'],
  'src/index.ts': ['src/errors.ts', 'src/ipvs', 'src/model', 'src/netlink/transport', 'src/plan'],

  'src/model': ['src/errors.ts'],
  'src/libc': ['src/errors.ts', 'bun:ffi'],

  'src/netlink': ['src/errors.ts', 'src/netlink/transport/socket.ts'],
  'src/netlink/transport/socket.ts': [],
  'src/netlink/transport': ['src/errors.ts', 'src/netlink/transport/socket.ts', 'src/libc', 'netlink'],

  'src/ipvs': ['src/errors.ts', 'src/model', 'src/netlink', 'src/netlink/transport/socket.ts'],

  'src/ipvsadm': ['src/errors.ts', 'src/context.ts', 'src/version.ts', 'src/model', 'src/ipvs', 'src/system'],
  'src/ipvsadm/grammar': ['src/errors.ts', 'src/suggest.ts', 'src/model'],
  'src/ipvsadm/rules.ts': ['src/errors.ts', 'src/model', 'src/ipvsadm/grammar'],

  'src/document': [
    'src/errors.ts',
    'src/suggest.ts',
    'src/model',
    'src/ipvsadm/grammar',
    'src/ipvsadm/rules.ts',
    'yaml',
    'zod',
  ],
  'src/plan': ['src/errors.ts', 'src/model', 'src/ipvs'],

  'src/system': ['src/errors.ts', 'src/model', 'src/netlink', 'src/netlink/transport/socket.ts'],
  'src/setup': ['src/errors.ts', 'src/model', 'src/system'],
  'src/doctor': [
    'src/errors.ts',
    'src/model',
    'src/ipvs',
    'src/ipvsadm/rules.ts',
    'src/netlink',
    'src/setup',
    'src/system',
  ],

  'src/output': ['src/errors.ts', 'src/context.ts', 'src/model', 'src/plan', 'chalk', 'cli-table3'],
  'src/reference': ['src/errors.ts', 'src/version.ts', 'src/ipvsadm', 'src/commands'],
  'src/commands': [
    ...[
      'src/errors.ts',
      'src/context.ts',
      'src/messages.ts',
      'src/model',
      'src/ipvs',
      'src/ipvsadm/rules.ts',
      'src/document',
    ],
    ...['src/plan', 'src/system', 'src/setup', 'src/doctor', 'src/output', 'src/reference'],
  ],
  'src/cli': [
    ...[
      'src/errors.ts',
      'src/context.ts',
      'src/messages.ts',
      'src/suggest.ts',
      'src/version.ts',
      'src/commands',
    ],
    ...['src/ipvsadm', 'src/ipvs', 'src/netlink', 'src/netlink/transport/socket.ts', 'src/system', 'yargs'],
  ],
  bin: ['src/cli', 'src/libc', 'src/netlink/transport'],
};

/** Packages that ipvsadm's grammar must not wait for: docs/architecture.md says what each costs. */
const slow = ['yargs', 'zod', 'chalk', 'cli-table3', 'yaml'];

const files = [...filesUnder('src'), ...filesUnder('bin')];
const imports = files.flatMap(importsOf);
const has = (file: string): boolean => files.includes(file);

const isIn = (file: string, room: string): boolean => file === room || file.startsWith(`${room}/`);

const within = (to: string, rooms: readonly string[]): boolean => rooms.some((room) => isIn(to, room));

/** The room that a file belongs to, or a package that is not ours itself. */
const roomOf = (file: string): string =>
  Object.keys(arrows)
    .filter((room) => isIn(file, room))
    .sort((a, b) => b.length - a.length)[0] ?? file;

function follows({ file, target }: Import): boolean {
  if (target.startsWith('node:')) return true;
  const [from, to] = [roomOf(file), roomOf(target)];
  const allowed = arrows[from] ?? [];
  return from === to || allowed.includes(to) || (!has(target) && within(target, allowed));
}

test('every file has a room', () => {
  assert.ok(files.length > 20 && imports.length > 50, `${files.length} files, ${imports.length} imports`);
  assert.deepEqual(
    files.filter((file) => !(roomOf(file) in arrows)),
    [],
  );
});

test('every import follows an arrow', () => {
  assert.deepEqual(
    imports.filter((one) => !follows(one)).map(({ file, target }) => `${file} must not import ${target}`),
    [],
  );
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
      ({ typeOnly, target }) => !typeOnly && !target.includes('-subcommands'),
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
      'src/room/m.ts type',
    ],
  );
});
