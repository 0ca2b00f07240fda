/** Which file may import which: the house's plan, held against every import there is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filesUnder, type Import, importsIn, importsOf } from './support/imports.js';

/** What a room may import: rooms or files, as the starts of their paths; `types` for imports of types only. */
interface Rule {
  /** Start of the paths that the rule is for; the longest that fits counts. */
  readonly from: string;
  readonly to: readonly string[];
  readonly types?: readonly string[];
}

/** A room's own files may import each other unless the rule is for a single file; Node's own modules are free to all. */
const rules: readonly Rule[] = [
  { from: 'src/errors.ts', to: [] },
  { from: 'src/version.ts', to: [] },
  {
    from: 'src/context.ts',
    to: [],
    types: ['src/host/files.ts', 'src/ipvs/client.ts', 'src/netlink/socket.ts'],
  },

  // Netlink knows nothing of IPVS. Each way to reach the kernel is in one file, which nobody else in the room imports.
  { from: 'src/netlink/', to: ['src/errors.ts'] },
  {
    from: 'src/netlink/socket-node.ts',
    to: [
      'src/errors.ts',
      ...['clock', 'descriptor-node', 'mailbox', 'socket'].map(netlink),
      'netlink/dist/raw.js',
    ],
  },
  {
    from: 'src/netlink/socket-bun.ts',
    to: ['src/errors.ts', 'src/libc/libc.ts'],
    types: ['src/netlink/socket.ts'],
  },

  // System calls, for the standalone executable.
  { from: 'src/libc/', to: ['src/errors.ts', 'bun:ffi'] },

  { from: 'src/model/', to: ['src/errors.ts'] },

  // What humans write: YAML and JSON, whose shape zod describes, and rules in ipvsadm's grammar.
  { from: 'src/document/', to: ['src/errors.ts', 'src/model/', 'src/ipvsadm/', 'yaml', 'zod'] },

  // The client opens a Connection on whatever socket it is given: never one of its own.
  {
    from: 'src/ipvs/',
    to: [
      'src/errors.ts',
      'src/model/',
      ...['attributes', 'batch', 'bytes', 'connection', 'genl', 'place', 'places', 'replies', 'socket'].map(
        netlink,
      ),
    ],
  },

  // Code that was compiled before it runs.
  { from: 'src/assembly.ts', to: ['src/ipvs/option.ts'], types: [netlink('bytes'), netlink('genl')] },

  // Those who carry a plan out are given a client.
  {
    from: 'src/plan/',
    to: ['src/errors.ts', 'src/model/'],
    types: ['src/ipvs/client.ts', 'src/ipvs/servers.ts'],
  },
  // Compiled code reads the kernel's bytes, and says what they are in the protocol's numbers.
  {
    from: 'src/plan/compiled.ts',
    to: ['src/assembly.ts', 'src/plan/records.ts', 'src/wasm/comparison.ts', netlink('bytes')],
    types: ['src/model/', 'src/ipvs/client.ts', netlink('genl')],
  },
  { from: 'src/plan/records.ts', to: ['src/model/', 'src/ipvs/schema.ts'], types: ['src/assembly.ts'] },

  // rtnetlink stands on the same netlink as IPVS does; a diagnosis looks at both.
  {
    from: 'src/host/',
    to: [
      'src/errors.ts',
      'src/model/',
      ...['attributes', 'bytes', 'connection', 'genl', 'message', 'socket', 'struct'].map(netlink),
    ],
  },

  // A diagnosis reads the machine and IPVS, and writes its fixes in ipvsadm's grammar.
  {
    from: 'src/doctor/',
    to: [
      'src/errors.ts',
      'src/model/',
      'src/host/',
      'src/ipvs/proc.ts',
      'src/ipvsadm/rules.ts',
      ...['attributes', 'bytes', 'connection', 'genl', 'socket'].map(netlink),
    ],
    types: ['src/ipvs/client.ts'],
  },

  // The grammar is pure; what carries it out asks the kernel through the context, and the host for names.
  {
    from: 'src/ipvsadm/',
    to: ['src/errors.ts', 'src/model/'],
    types: ['src/ipvs/servers.ts', 'src/context.ts'],
  },
  { from: 'src/ipvsadm/help.ts', to: ['src/errors.ts', 'src/version.ts', 'src/ipvsadm/'] },
  ...['run', 'session', 'listing', 'connections', 'connection-page', 'directory', 'restore'].map((file) => ({
    from: `src/ipvsadm/${file}.ts`,
    to: ['src/errors.ts', 'src/model/', 'src/ipvsadm/', 'src/ipvs/', 'src/host/', 'src/context.ts'],
  })),
  // The quick way of numeric listings hands the kernel's bytes to code that is no JavaScript, and knows no model.
  {
    from: 'src/ipvsadm/compiled.ts',
    to: ['src/assembly.ts', 'src/wasm/listing.ts', netlink('bytes')],
    types: ['src/context.ts', 'src/ipvs/client.ts', netlink('genl')],
  },
  { from: 'src/wasm/', to: [] },
  // The quick way of -R writes messages: a shape of lines beside the shape of what they come to.
  ...['steps', 'moulds', 'mould', 'gaps', 'casting'].map((file) => ({
    from: `src/ipvsadm/${file}.ts`,
    to: [
      'src/errors.ts',
      'src/model/',
      'src/ipvsadm/',
      'src/ipvs/',
      ...['batch', 'bytes', 'genl', 'message', 'place'].map(netlink),
    ],
  })),

  {
    from: 'src/output/',
    to: ['src/errors.ts', 'src/model/', 'src/plan/plan.ts', 'chalk', 'cli-table3'],
    types: ['src/plan/', 'src/context.ts'],
  },

  // Describes both grammars, for shells and readers, from the tables that they are parsed with.
  {
    from: 'src/reference/',
    to: ['src/version.ts', 'src/ipvsadm/options.ts', 'src/ipvsadm/help.ts'],
    types: ['src/commands/command.ts', 'yargs'],
  },

  {
    from: 'src/commands/',
    to: [
      'src/errors.ts',
      'src/context.ts',
      'src/model/',
      'src/plan/',
      'src/ipvs/',
      'src/host/',
      'src/doctor/',
      'src/output/',
      'src/document/',
      'src/reference/',
      'src/ipvsadm/refusals.ts',
      'src/ipvsadm/rules.ts',
    ],
    types: ['yargs'],
  },

  {
    from: 'src/cli/',
    to: ['src/errors.ts', 'src/context.ts', 'src/version.ts', 'src/ipvsadm/', 'src/commands/'],
  },
  {
    from: 'src/cli/general.ts',
    to: ['src/errors.ts', 'src/context.ts', 'src/ipvsadm/nearest.ts', 'src/commands/', 'yargs'],
    types: ['src/cli/modern.ts'],
  },
  { from: 'src/cli/plain.ts', to: [], types: ['src/cli/modern.ts', 'yargs'] },
  {
    from: 'src/cli/modern.ts',
    to: ['src/errors.ts', 'src/context.ts', 'src/ipvsadm/nearest.ts', 'src/commands/', 'src/cli/'],
  },
  // Makes the context of a real process, so it loads what stands behind it: the client, its trace, modprobe.
  {
    from: 'src/cli/process-context.ts',
    to: ['src/errors.ts', 'src/context.ts', 'src/ipvs/', 'src/host/', 'src/netlink/debug.ts'],
    types: ['src/cli/face.ts', 'src/netlink/connection.ts', 'src/netlink/socket.ts'],
  },

  // The library: exports only.
  {
    from: 'src/index.ts',
    to: ['src/errors.ts', 'src/ipvs/', 'src/model/', 'src/plan/', 'src/netlink/socket-node.ts'],
    types: ['src/netlink/socket.ts'],
  },

  // Each distribution is one entry and one socket; Node's has the subcommands in a bundle of their own.
  {
    from: 'bin/node.ts',
    to: ['src/cli/process-context.ts', 'src/netlink/socket-node.ts'],
    types: ['src/cli/'],
  },
  {
    from: 'bin/bun.ts',
    to: [
      'src/cli/called.ts',
      'src/cli/process-context.ts',
      'src/cli/render.ts',
      'src/libc/files.ts',
      'src/libc/libc.ts',
      'src/libc/option-socket.ts',
      'src/netlink/socket-bun.ts',
    ],
    types: ['src/cli/'],
  },
  { from: 'bin/compile-cache.ts', to: [] },
  { from: 'bin/kept-script.ts', to: [] },
  {
    from: 'bin/lvsadm.ts',
    to: [
      'src/cli/called.ts',
      ...['compile-cache', 'kept-script', 'lvsadm-program', 'lvsadm-subcommands'].map(
        (name) => `bin/${name}.ts`,
      ),
    ],
  },
  { from: 'bin/lvsadm-program.ts', to: ['src/cli/', 'bin/node.ts'] },
  { from: 'bin/lvsadm-subcommands.ts', to: ['src/cli/', 'bin/node.ts'] },
  {
    from: 'bin/lvsadm-standalone.ts',
    to: ['src/cli/', 'bin/bun.ts', 'bin/lvsadm-standalone-subcommands.ts'],
  },
  { from: 'bin/lvsadm-standalone-subcommands.ts', to: ['src/cli/', 'src/libc/jit.ts', 'bin/bun.ts'] },
];

/** Packages that ipvsadm's grammar must not wait for; see docs/architecture.md for what each costs. */
const slow = ['yargs', 'zod', 'chalk', 'cli-table3', 'yaml'];

function netlink(name: string): string {
  return `src/netlink/${name}.ts`;
}

const files = [...filesUnder('src'), ...filesUnder('bin')];
const imports = files.flatMap(importsOf);
const has = (file: string): boolean => files.includes(file);

const ruleFor = (file: string): Rule | undefined =>
  rules.filter(({ from }) => file.startsWith(from)).sort((a, b) => b.from.length - a.from.length)[0];

const within = (to: string, rooms: readonly string[]): boolean =>
  rooms.some((room) => (room.endsWith('/') ? to.startsWith(room) : to === room || to.startsWith(`${room}/`)));

/** Whether a rule lets an import be; `from` that names a folder lets the folder's files import each other. */
function allows({ from, to, types = [] }: Rule, { target, typeOnly }: Import): boolean {
  if (target.startsWith('node:')) return true;
  const own = from.endsWith('/') && target.startsWith(from) && !target.startsWith('src/netlink/socket-');
  return own || within(target, to) || (typeOnly && within(target, types));
}

test('there are files, and imports are found in them', () => {
  assert.ok(files.length > 20 && imports.length > 50, `${files.length} files, ${imports.length} imports`);
});

test('every file has a place in the plan', () => {
  assert.deepEqual(
    files.filter((file) => ruleFor(file) === undefined),
    [],
  );
});

test('every import follows an arrow of the plan', () => {
  const wrong = imports
    .filter((one) => !allows(ruleFor(one.file) ?? { from: one.file, to: [] }, one))
    .map(({ file, target, typeOnly }) => `${file} must not import ${typeOnly ? 'types of ' : ''}${target}`);
  assert.deepEqual(wrong, []);
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

test('no file imports itself, however long the way round; types do not count', () => {
  const cycles = files.filter((file) =>
    reachable(file, ({ typeOnly }) => !typeOnly).some(({ target }) => target === file),
  );
  assert.deepEqual(cycles, []);
});

for (const entry of files.filter((file) => file.startsWith('bin/') || file === 'src/cli/main.ts')) {
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
