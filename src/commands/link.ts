/** `lvsadm link`: links that make scripts which call ipvsadm run lvsadm. */

import { realpath, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { ipvsadmPrograms } from '../context.js';
import { errnoText, UsageError } from '../errors.js';
import { printable } from '../foreign-text.js';
import { toJson } from '../output/json.js';
import { type LinkState, makeLinks, stateOfLink } from '../system/files/symlinks.js';
import { defineCommand } from './command.js';
import { jsonOption } from './shared/server.js';

export const command = defineCommand({
  options: {
    to: { type: 'directory', required: true, describe: 'directory to make the links in' },
    force: { type: 'flag', describe: 'replace existing files of these names' },
    ...jsonOption,
  },
  offline: true,
  async run(context, { to, force, json }) {
    const program = await realpath(context.program);
    const directory = await directoryAt(resolve(to));
    const links = ipvsadmPrograms.map((name) => join(directory, name));
    // All links or none: check every name first.
    const states = await Promise.all(links.map((link) => stateOfLink(link, program)));
    const inState = (state: LinkState): string[] => links.filter((_, index) => states[index] === state);
    const [blocked] = inState('directory');
    if (blocked !== undefined) throw new UsageError('is a directory, which a link cannot replace', blocked);
    const taken = inState('taken');
    if (taken.length > 0 && !force) {
      throw new UsageError('already exists; --force replaces it', taken[0]);
    }
    await makeLinks([...inState('free'), ...taken], program);
    // A link in the place of the program would lead to itself.
    const made = links.filter((link) => !inState('itself').includes(link));
    await context.out.write(
      json
        ? toJson({ links: made.map((link) => ({ link, program })) })
        : made.map((link) => `${printable(`${link} -> ${program}`)}\n`).join(''),
    );
    return 0;
  },
});

/** The real path of a directory. @throws UsageError */
async function directoryAt(path: string): Promise<string> {
  const found = await stat(path).catch(({ errno }: NodeJS.ErrnoException) => {
    throw new UsageError(errno === undefined ? 'cannot be read' : errnoText(-errno), path);
  });
  if (!found.isDirectory()) throw new UsageError('not a directory', path);
  return realpath(path);
}
