/**
 * npm run build: dist/, the content of the npm package. Runs on Node.js are short, so each script contains all that its grammar needs
 * and nothing else. The scripts are CommonJS: the loader of ES modules takes longer than all of ipvsadm's grammar.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';
import { constants, isMain, nowhere, root, yargsWidth } from './project.js';

/** Packages that a subcommand loads when it needs one: each is a file below dist/packages. */
const packages = ['yargs', 'zod/mini', 'js-yaml', 'chalk'];

const fileOf = (name: string): string => name.replace('/', '-');

const bundle: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  define: constants,
  // Finds its native part relative to its own folder, so it stays a package.
  external: ['netlink'],
  logLevel: 'warning',
};

const script: BuildOptions = {
  ...bundle,
  outdir: 'dist',
  format: 'cjs',
  minifySyntax: true,
  minifyWhitespace: true,
  // An `import()` would load the loader of ES modules.
  supported: { 'dynamic-import': false },
};

const packagesApart: Plugin = {
  name: 'packages-apart',
  setup: ({ onResolve }) =>
    onResolve({ filter: new RegExp(`^(?:${packages.join('|')})$`) }, ({ path }) => ({
      path: `./packages/${fileOf(path)}.js`,
      external: true,
    })),
};

/** One of the two scripts that bin/launch.ts chooses from: bin/lvsadm.ts with one grammar, without the module of the other. */
const grammar = (name: 'ipvsadm' | 'subcommands', other: string): BuildOptions => ({
  ...script,
  entryPoints: { [name]: 'bin/lvsadm.ts' },
  external: ['netlink', other],
  plugins: [packagesApart],
});

const packageScript = (name: string): BuildOptions => ({
  ...script,
  // A default import from a CommonJS script is its module.exports.
  stdin: {
    contents: `module.exports = require('${name}')${name === 'yargs' ? '.default' : ''};`,
    resolveDir: root,
  },
  outdir: 'dist/packages',
  entryNames: fileOf(name),
  define: { 'import.meta.url': JSON.stringify(nowhere), [yargsWidth]: 'undefined' },
});

const library: BuildOptions = {
  ...bundle,
  entryPoints: { index: 'src/index.ts' },
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  format: 'esm',
};

/** Below dist/, made by others. */
const kept = ['standalone', 'release'];

export async function buildForNode(): Promise<void> {
  const dist = join(root, 'dist');
  for (const old of existsSync(dist) ? readdirSync(dist) : []) {
    if (!kept.includes(old)) rmSync(join(dist, old), { recursive: true });
  }
  await Promise.all(
    [
      { ...script, entryPoints: { lvsadm: 'bin/launch.ts' } },
      grammar('ipvsadm', './src/cli/subcommands.js'),
      grammar('subcommands', './src/ipvsadm/run.js'),
      ...packages.map(packageScript),
      library,
    ].map((options) => build(options)),
  );
  writeFileSync(join(dist, 'package.json'), '{ "type": "commonjs" }\n');
  // The library's types, which tsc writes there, are those of an ES module.
  mkdirSync(join(dist, 'types'));
  writeFileSync(join(dist, 'types/package.json'), '{ "type": "module" }\n');
}

if (isMain(import.meta.filename)) await buildForNode();
