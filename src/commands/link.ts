/** `lvsadm link`: scripts that call ipvsadm by name get lvsadm. */
import { lstat, readlink, realpath, rename, symlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UsageError } from '../errors.js';
import type { Command } from './command.js';

const names = ['ipvsadm', 'ipvsadm-save', 'ipvsadm-restore'];

export const command: Command = {
  options: {
    to: { type: 'string', demandOption: true, requiresArg: true, describe: 'directory to make the links in' },
    force: { type: 'boolean', default: false, describe: 'replace what stands there under these names' },
  },
  async run(context, values) {
    const directory = resolve(String(values['to']));
    const program = await realpath(context.program);
    if (!(await isDirectory(directory))) throw new UsageError('not a directory', directory);
    const links = names.map((name) => join(directory, name));
    // All or nothing: look first, then make.
    const states = await Promise.all(links.map((link) => stateOf(link, program)));
    const taken = links.filter((_, index) => states[index] === 'taken');
    if (taken.length > 0 && !values['force']) {
      throw new UsageError('something else stands there; --force replaces it', taken[0]);
    }
    for (const [index, link] of links.entries()) {
      if (states[index] !== 'ours') await replace(link, program);
      await context.out.write(`${link} -> ${program}\n`);
    }
    return 0;
  },
};

const isDirectory = (path: string): Promise<boolean> =>
  lstat(path).then(
    async (stat) =>
      stat.isDirectory() || (stat.isSymbolicLink() && (await isDirectory(await realpath(path)))),
    () => false,
  );

async function stateOf(link: string, program: string): Promise<'free' | 'ours' | 'taken'> {
  const stat = await lstat(link).catch(() => undefined);
  if (stat === undefined) return 'free';
  if (!stat.isSymbolicLink()) return 'taken';
  return (await readlink(link)) === program ? 'ours' : 'taken';
}

/** Never leaves a moment without the name: the link is made beside it and renamed over it. */
async function replace(link: string, program: string): Promise<void> {
  const fresh = `${link}.${process.pid}`;
  await symlink(program, fresh);
  await rename(fresh, link);
}
