// The one entry of every npm script: makes sure that dependencies and the build are there, then runs the task.
// Plain JavaScript, because on a fresh checkout there is nothing yet that could compile it.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(fileURLToPath(import.meta.url), '../..');
const require = createRequire(import.meta.url);

const say = (text) => process.stderr.write(`lvsadm: ${text}\n`);

/** Runs a program with inherited output and ends this process with its status if it fails. */
function run(file, args, options = {}) {
  const result = spawnSync(file, args, { cwd: root, stdio: 'inherit', ...options });
  if (result.error) {
    say(`cannot run ${file}: ${result.error.message}`);
    process.exit(127);
  }
  if (result.signal) process.exit(128 + constants.signals[result.signal]);
  if (result.status !== 0) process.exit(result.status);
}

/** Runs what may take minutes, and start other programs: a signal that ends this process ends it as well. */
async function supervise(file, args, options = {}) {
  const child = spawn(file, args, { cwd: root, stdio: 'inherit', ...options });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  const [status, signal] = await once(child, 'exit');
  process.exitCode ||= status ?? 128 + constants.signals[signal];
  return signal === null;
}

/** Runs a compiled script of ours in this process: a signal that ends it lets it clean up. */
async function script(path, args) {
  process.argv.splice(1, Number.POSITIVE_INFINITY, join(root, path), ...args);
  await import(process.argv[1]);
}

/** Every file below `dir` (relative to the project's root) whose name ends in `suffix`. */
function files(dir, suffix) {
  const from = join(root, dir);
  if (!existsSync(from)) return [];
  return readdirSync(from, { recursive: true })
    .map((name) => join(dir, name))
    .filter((name) => name.endsWith(suffix) && statSync(join(root, name)).isFile())
    .sort();
}

/**
 * `npm ci` when node_modules is missing or older than the lock file. No package's install script is needed: the
 * native parts ship inside the packages.
 */
function dependencies() {
  const lock = join(root, 'package-lock.json');
  const stamp = join(root, 'node_modules/.lvsadm-lock');
  const wanted = readFileSync(lock, 'utf8');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  say('installing npm packages');
  run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    stdio: ['ignore', 2, 2],
  });
  writeFileSync(stamp, wanted);
}

/** Whether a file is missing, or older than something that it is made of. */
function isOld(target, sources) {
  if (!existsSync(join(root, target))) return true;
  const made = statSync(join(root, target)).mtimeMs;
  return sources.some((file) => statSync(join(root, file)).mtimeMs > made);
}

/** Compiles every TypeScript file, one to one, to build/: what the tests and the scripts run. */
async function compile() {
  const esbuild = require('esbuild');
  const entryPoints = ['bin', 'src', 'scripts', 'test']
    .flatMap((dir) => files(dir, '.ts'))
    .filter((f) => !f.endsWith('.d.ts'));
  const outputs = new Set(entryPoints.map((f) => f.replace(/\.ts$/, '.js')));
  for (const old of files('build', '.js')) if (!outputs.has(relative('build', old))) rmSync(join(root, old));
  await esbuild.build({
    absWorkingDir: root,
    entryPoints,
    outdir: 'build',
    outbase: '.',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    sourcemap: 'linked',
    logLevel: 'warning',
  });
}

const bundling = () => ({
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  define: { LVSADM_VERSION: JSON.stringify(version()) },
  sourcemap: false,
  logLevel: 'warning',
});

const version = () => JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;

/** Leaves the import of the subcommands to the time when one is asked for: they are a bundle of their own. */
const subcommandsApart = {
  name: 'subcommands-apart',
  setup: ({ onResolve }) =>
    onResolve({ filter: /-subcommands\.js$/ }, ({ path }) => ({
      path: path.replace('.js', '.mjs'),
      external: true,
    })),
};

/** Packages of others, which a subcommand loads only where it comes to need one. */
const packages = ['yargs', 'zod/mini', 'yaml', 'chalk', 'cli-table3'];

const fileOf = (name) => name.replace('/', '-');

/** What a script that requires the package takes for its default export is all that it exports. */
const exportsOf = (name) => `require('${name}')${name === 'yargs' ? '.default' : ''}`;

/** Leaves them in files of their own. */
const packagesApart = {
  name: 'packages-apart',
  setup: ({ onResolve }) =>
    onResolve({ filter: new RegExp(`^(?:${packages.join('|')})$`) }, ({ path }) => ({
      path: `./packages/${fileOf(path)}.js`,
      external: true,
    })),
};

/** What Node starts in the least time: one file that is no ES module. */
const plainScript = (name) => ({
  ...bundling(),
  entryPoints: { [name]: `bin/${name}.ts` },
  outdir: 'dist',
  format: 'cjs',
  minifySyntax: true,
  minifyWhitespace: true,
  // An `import()` would load the machinery of ES modules.
  supported: { 'dynamic-import': false },
});

/** What the netlink package requires, and what it gets instead where it is part of a bundle. */
const substitutes = {
  // Looks for the native part where it nearly always is.
  'node-gyp-build': "module.exports = require('./src/netlink/transport/node-addon.ts').loadAddon;",
  // Of which it takes the number of an error, once that has happened.
  os: "exports.constants = { get errno() { return process.getBuiltinModule('node:os').constants.errno; } };",
};

const netlinkInside = {
  name: 'netlink-inside',
  setup: ({ onResolve, onLoad }) => {
    onResolve({ filter: /^(node-gyp-build|os)$/ }, ({ path, importer }) =>
      importer.includes('/node_modules/netlink/') ? { path, namespace: 'substitute' } : undefined,
    );
    onLoad({ filter: /./, namespace: 'substitute' }, ({ path }) => ({
      contents: substitutes[path],
      resolveDir: root,
    }));
  },
};

/** What dist/lvsadm.js chooses from. */
const scripts = ['lvsadm-program.js', 'lvsadm-subcommands.js'];

/**
 * Bundles what users run: dist/lvsadm.js, which says where compiled code may be kept, ipvsadm's grammar, the subcommands, the
 * packages that these may need, and the library.
 */
async function bundle() {
  const esbuild = require('esbuild');
  for (const old of existsSync(join(root, 'dist')) ? readdirSync(join(root, 'dist')) : []) {
    if (old !== 'standalone') rmSync(join(root, 'dist', old), { recursive: true });
  }
  await Promise.all([
    esbuild.build({ ...plainScript('lvsadm-program'), plugins: [netlinkInside] }),
    esbuild.build({
      ...plainScript('lvsadm-subcommands'),
      plugins: [packagesApart, netlinkInside],
    }),
  ]);
  await Promise.all([
    esbuild.build({
      ...plainScript('lvsadm'),
      external: scripts.map((script) => `./${script}`),
    }),
    ...packages.map((name) =>
      esbuild.build({
        ...plainScript(name),
        entryPoints: [],
        stdin: { contents: `module.exports = ${exportsOf(name)};`, resolveDir: root },
        outfile: `dist/packages/${fileOf(name)}.js`,
        outdir: undefined,
        // yargs asks where it lies.
        define: { 'import.meta.url': 'lvsadmUrl' },
        banner: { js: "const lvsadmUrl = require('node:url').pathToFileURL(__filename).href;" },
      }),
    ),
    esbuild.build({
      ...bundling(),
      entryPoints: { index: 'src/index.ts' },
      outdir: 'dist',
      outExtension: { '.js': '.mjs' },
      format: 'esm',
      // Finds its native part relative to its own folder, so it stays a package.
      external: ['netlink'],
    }),
  ]);
  writeFileSync(join(root, 'dist/package.json'), '{ "type": "commonjs" }\n');
}

/** Bun's own executable, which its package brings for the machine's architecture and C library. */
function bun() {
  const folder = join(root, 'node_modules/@oven');
  const packages = existsSync(folder)
    ? readdirSync(folder).filter((name) => name.startsWith('bun-linux-'))
    : [];
  const found = packages.map((name) => join(folder, name, 'bin/bun')).find((path) => existsSync(path));
  if (found) return found;
  say(`no Bun for this machine (${process.platform} ${process.arch}) among the installed packages`);
  process.exit(69);
}

/** One executable without Node and node_modules. */
function executable(entry, target) {
  run(
    bun(),
    [
      'build',
      '--compile',
      '--minify',
      // What starts fast: modules loaded when asked for, and none of them parsed at run time.
      '--splitting',
      '--bytecode',
      '--format=esm',
      // A tool for root reads no settings from the directory that it happens to run in.
      '--no-compile-autoload-dotenv',
      '--no-compile-autoload-bunfig',
      join(root, entry),
      '--outfile',
      join(root, target),
    ],
    { stdio: ['ignore', 2, 2] },
  );
}

const standaloneFile = 'dist/standalone/lvsadm';

/**
 * The program as one executable. As for Node, ipvsadm's grammar is one file and the subcommands are others: at each start
 * Bun loads modules one by one, and small ones are no cheaper than large.
 */
async function standalone() {
  const esbuild = require('esbuild');
  const bundled = {
    ...bundling(),
    outdir: 'build/standalone',
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    external: ['bun:ffi'],
  };
  const entries = ['lvsadm-standalone', 'lvsadm-standalone-subcommands'];
  rmSync(join(root, 'build/standalone'), { recursive: true, force: true });
  await Promise.all([
    esbuild.build({
      ...bundled,
      entryPoints: [`bin/${entries[0]}.ts`],
      plugins: [subcommandsApart],
    }),
    esbuild.build({ ...bundled, entryPoints: [`bin/${entries[1]}.ts`], splitting: true }),
  ]);
  executable(`build/standalone/${entries[0]}.mjs`, standaloneFile);
}

const standaloneSources = () => [
  ...files('bin', '.ts'),
  ...files('src', '.ts'),
  'package.json',
  'package-lock.json',
  'scripts/task.mjs',
];

const tests = (dir) => files(`build/test/${dir}`, '.test.js');
const testRunner = (list, args, options) =>
  supervise(process.execPath, ['--test', ...args, ...list], options);

/** Kernels of the lab besides the one that is used where none is named: see LAB_KERNEL. */
const otherKernels = ['backports'];

/** Type check, lint and format. */
function check() {
  run(join(root, 'node_modules/.bin/tsc'), ['-p', '.']);
  run(join(root, 'node_modules/.bin/biome'), ['check', '.']);
}

const tasks = {
  // What every task does first, and nothing else.
  compile: () => {},
  build: async () => {
    await bundle();
    run(join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.types.json']);
    writeFileSync(join(root, 'dist/types/package.json'), '{ "type": "module" }\n');
  },
  'build:standalone': standalone,
  /** Options as scripts/install/main.ts tells them. */
  'install:standalone': async (args) => {
    if (
      !['--help', '--uninstall'].some((option) => args.includes(option)) &&
      isOld(standaloneFile, standaloneSources())
    ) {
      say('building the standalone executable');
      await standalone();
    }
    await script('build/scripts/install/main.js', args);
  },
  check,
  unit: (args) =>
    testRunner(
      tests('').filter((f) => !f.includes('/lab/')),
      args,
    ),
  labtest: async (args) => {
    await bundle();
    await testRunner(tests('lab'), args);
  },
  test: async (args) => {
    say('type check and lint');
    check();
    say('building');
    await bundle();
    say('unit tests, then the lab: a guest with a real kernel');
    // The lab's guests leave some room, and the last of them a processor.
    await testRunner(tests(''), ['--test-concurrency=2', ...args]);
  },
  /** What fails on one kernel does not keep the next from being tried. */
  'test:all': async (args) => {
    await tasks.test(args);
    for (const kernel of otherKernels) {
      say(`the lab again, with the kernel ${kernel}`);
      const env = { ...process.env, LAB_KERNEL: kernel };
      if (!(await testRunner([join('build/test/lab', 'lab.test.js')], args, { env }))) return;
    }
  },
  bench: async (args) => {
    await bundle();
    await standalone();
    // What the runtime alone takes to start.
    executable('test/bench/empty.ts', 'build/bench/empty');
    await script('build/test/bench/main.js', args);
  },
  'bench:methods': async (args) => {
    await bundle();
    await script('build/test/bench/methods.js', args);
  },
  /** Every suite on the runtime of the standalone executable, and with it wherever one starts the program. */
  'test:standalone': async (args) => {
    await bundle();
    await standalone();
    const env = { ...process.env, LAB_DISTRIBUTION: 'standalone' };
    await testRunner([join('build/test/lab', 'lab.test.js')], args, { env });
  },
  lab: async (args) => {
    await bundle();
    await script('build/test/lab/main.js', args);
  },
  demo: async (args) => {
    await bundle();
    await script('build/test/demo/main.js', args);
  },
};

const [name, ...args] = process.argv.slice(2);
const task = tasks[name];
if (!task) {
  say(`unknown task '${name}'; one of: ${Object.keys(tasks).join(', ')}`);
  process.exit(2);
}
dependencies();
await compile();
await task(args);
