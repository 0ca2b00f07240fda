/** `lvsadm link`: scripts that call ipvsadm by name get lvsadm. */
import { realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { UsageError } from '../errors.js';
import { makeLink, programNames, stateOfLink } from '../system/links.js';
import type { Command } from './command.js';

export const command: Command = {
  options: {
    to: { type: 'string', demandOption: true, requiresArg: true, describe: 'directory to make the links in' },
    force: { type: 'boolean', default: false, describe: 'replace what stands there under these names' },
  },
  async run(context, values) {
    const named = resolve(String(values['to']));
    const program = await realpath(context.program);
    const directory = await directoryAt(named);
    if (directory === undefined) throw new UsageError('not a directory', named);
    const links = programNames.map((name) => join(directory, name));
    // All or nothing: look first, then make.
    const states = await Promise.all(links.map((link) => stateOfLink(link, program)));
    const taken = links.filter((_, index) => states[index] === 'taken');
    if (taken.length > 0 && !values['force']) {
      throw new UsageError('something else stands there; --force replaces it', taken[0]);
    }
    for (const [index, link] of links.entries()) {
      if (states[index] !== 'ours') await makeLink(link, program);
      await context.out.write(`${link} -> ${program}\n`);
    }
    return 0;
  },
};

/** Its real path; undefined where there is none. */
const directoryAt = async (path: string): Promise<string | undefined> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ? realpath(path) : undefined;
