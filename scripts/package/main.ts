// npm run package -- [OPTION...]
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { type Libc, type Processor, processorNames } from '../build/bun.js';
import { epoch, root, version } from '../build/project.js';
import { buildStandalone, standaloneFile, standaloneFileFor } from '../build/standalone.js';
import { findParts, makers } from './make.js';
import type { Build } from './metadata.js';
import { run } from './run.js';

const usage = `npm run package -- [OPTION...]
  --only FORMAT[,FORMAT...]   make these alone: ${[...Object.keys(makers), 'npm'].join(', ')} (default: all)
  --for PROCESSOR             for these processors: ${processorNames.join(', ')} (default: all)
  --libc musl                 with musl in place of glibc, for Alpine: tar alone
  --fast                      for trials: compress little, in a tenth of the time
  --output DIRECTORY          where the packages go (default: dist/release); packages that are there are removed
`;

type Format = keyof typeof makers | 'npm';

type Where = Pick<Build, 'output' | 'compression'>;

/** A list of words of a set. @throws TypeError at another word */
function listed<Word extends string>(
  text: string | undefined,
  all: readonly Word[],
  option: string,
): readonly Word[] {
  if (text === undefined) return all;
  return text.split(',').map((word) => {
    const known = all.find((each) => each === word);
    if (known === undefined) throw new TypeError(`--${option} '${word}': expected ${all.join(', ')}`);
    return known;
  });
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** The output of this machine's executable: pages and completions are the same for all processors. */
const written = async (words: readonly string[]): Promise<Uint8Array> =>
  (await promisify(execFile)(standaloneFile, [...words], { encoding: 'buffer' })).stdout;

async function makePackages(
  formats: readonly Format[],
  targets: readonly Processor[],
  libc: Libc | undefined,
  where: Where,
): Promise<void> {
  const { output } = where;
  mkdirSync(output, { recursive: true });
  for (const old of readdirSync(output).filter(isOurs)) rmSync(join(output, old));
  const compiled = (Object.keys(makers) as (keyof typeof makers)[]).filter((format) =>
    formats.includes(format),
  );
  if (compiled.length > 0) {
    // It writes the page and the completions, for all processors.
    buildStandalone();
    const parts = await findParts();
    for (const processor of targets) {
      const target = { processor, libc };
      if (standaloneFileFor(target) !== standaloneFile) buildStandalone(target);
      const program = readFileSync(standaloneFileFor(target));
      const order = { ...parts, ...target, program, version, time: epoch, written, ...where };
      for (const format of compiled) {
        for (const file of await makers[format](order)) say(`made ${file}`);
      }
    }
  }
  if (formats.includes('npm')) {
    const name = run('npm', ['pack', '--silent', '--pack-destination', output], {}, root)
      .trim()
      .split('\n')
      .at(-1);
    say(`made ${join(output, name ?? '')}`);
  }
  writeFileSync(join(output, 'SHA256SUMS'), checksums(output));
}

/** Names of what this script makes. */
const isOurs = (name: string): boolean =>
  /^lvsadm[-_].*\.(deb|rpm|tgz|tar\.gz|oci\.tar)$|^SHA256SUMS$/.test(name);

/** In the form of sha256sum(1). */
const checksums = (directory: string): string =>
  readdirSync(directory)
    .filter(isOurs)
    .sort()
    .map(
      (name) =>
        `${createHash('sha256')
          .update(readFileSync(join(directory, name)))
          .digest('hex')}  ${basename(name)}\n`,
    )
    .join('');

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      for: { type: 'string' },
      libc: { type: 'string' },
      fast: { type: 'boolean', default: false },
      output: { type: 'string', default: join(root, 'dist/release') },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const [libc] = values.libc === undefined ? [] : listed(values.libc, ['musl'] as const, 'libc');
  // Distributions of deb and rpm have glibc.
  const all: readonly Format[] = libc === 'musl' ? ['tar'] : [...(Object.keys(makers) as Format[]), 'npm'];
  const formats = listed(values.only, all, 'only');
  const targets = listed(values.for, processorNames, 'for');
  await makePackages(formats, targets, libc, {
    output: resolve(values.output),
    compression: values.fast ? 'fast' : 'small',
  });
  return 0;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`package: ${error.message}\n`);
  if (!(error instanceof TypeError)) return 1;
  process.stderr.write(`\n${usage}`);
  return 2;
});
