// npm run install:standalone -- [OPTION...]
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isAbsolute, join, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { HostError } from '../../src/errors.js';
import { root } from '../build/project.js';
import { buildStandalone, standaloneFile } from '../build/standalone.js';
import { install, type Options, uninstall } from './install.js';

const usage = `npm run install:standalone -- [OPTION...]
  --prefix DIRECTORY  where to install (default: /usr/local)
  --no-links          no links ipvsadm, ipvsadm-save and ipvsadm-restore to lvsadm
  --force             replace other files under these names
  --dry-run           show the changes, make none
  --uninstall         remove what was installed
DESTDIR in the environment is put in front of the prefix, to make a package.
`;

/** As in sysexits.h: EX_CANTCREAT. */
const REFUSED = 73;
const USAGE = 2;

/** @throws TypeError, as parseArgs does */
function parse(args: readonly string[]): Options & { uninstall: boolean; help: boolean } {
  const { values } = parseArgs({
    args: [...args],
    options: {
      prefix: { type: 'string', default: '/usr/local' },
      'no-links': { type: 'boolean', default: false },
      force: { type: 'boolean', default: false },
      'dry-run': { type: 'boolean', default: false },
      uninstall: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const staging = process.env['DESTDIR'] ?? '';
  if (values.prefix === '') throw new TypeError('--prefix needs a directory');
  if (staging !== '' && !isAbsolute(values.prefix)) {
    throw new TypeError(`with DESTDIR the prefix is an absolute path, and '${values.prefix}' is none`);
  }
  return {
    prefix: resolve(values.prefix),
    staging: staging === '' ? '' : resolve(staging),
    dryRun: values['dry-run'],
    links: !values['no-links'],
    force: values.force,
    uninstall: values.uninstall,
    help: values.help,
  };
}

// The installation goes on after the reader of its output has closed the pipe.
process.stdout.on('error', () => {});
const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The output of the executable itself, so that the manual page names the version that is installed. */
const written = async (words: readonly string[]): Promise<Uint8Array> =>
  (await promisify(execFile)(standaloneFile, [...words], { encoding: 'buffer' })).stdout;

/** Whether the executable is missing, or older than something that it is made of. */
function isOld(executable: string): boolean {
  if (!existsSync(executable)) return true;
  const below = (room: string): string[] =>
    readdirSync(join(root, room), { recursive: true, encoding: 'utf8' }).map((name) => join(room, name));
  const sources = ['package.json', 'package-lock.json', ...['bin', 'src', 'scripts/build'].flatMap(below)];
  const built = statSync(executable).mtimeMs;
  return sources.some((source) => statSync(join(root, source)).mtimeMs > built);
}

async function main(args: readonly string[]): Promise<number> {
  const options = parse(args);
  if (options.help) process.stdout.write(usage);
  else if (options.uninstall) await uninstall(options, say);
  else {
    if (isOld(standaloneFile)) buildStandalone();
    await install(options, { program: await readFile(standaloneFile), written, say });
  }
  return 0;
}

/** How to get the permission that was missing. */
const advice = ({ cause }: HostError): string =>
  ['EACCES', 'EPERM', 'EROFS'].includes((cause as NodeJS.ErrnoException | undefined)?.code ?? '')
    ? '; run it as root, or choose another --prefix'
    : '';

process.exitCode = await main(process.argv.slice(2)).catch((error) => {
  const status = error instanceof HostError ? REFUSED : error instanceof TypeError ? USAGE : undefined;
  if (status === undefined) throw error;
  const more = error instanceof HostError ? advice(error) : '';
  process.stderr.write(
    `install:standalone: ${error.message}${more}\n${status === USAGE ? `\n${usage}` : ''}`,
  );
  return status;
});
