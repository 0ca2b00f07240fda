/** /usr/share/doc/lvsadm/copyright: the licences of lvsadm and of all that is inside the executable. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../build/project.js';
import type { Component } from './components.js';

const RULE = '-'.repeat(78);

/** @param commonTexts where the texts of the LGPL and of the Apache License are installed */
export function copyright(
  packages: readonly Component[],
  runtime: readonly Component[],
  commonTexts: string,
): string {
  const [bun] = runtime;
  return `${[
    `lvsadm\n\n${licence()}`,
    `The executable contains the npm packages below, and the runtime Bun ${bun?.version} with the libraries that Bun is linked with.`,
    ...packages.map(
      ({ name, version, licence, text }) => `${name} ${version} (${licence})\n\n${text?.trim()}`,
    ),
    runtimeText(runtime, commonTexts),
  ].join(`\n\n${RULE}\n\n`)}\n`;
}

const licence = (): string => readFileSync(join(root, 'LICENSE'), 'utf8').trim();

function runtimeText(runtime: readonly Component[], commonTexts: string): string {
  const rows = runtime.map(
    ({ name, version, licence, source }) =>
      `${name}${version === undefined ? '' : ` ${version}`}\n  ${licence}\n  ${source}`,
  );
  return [
    'Bun and the libraries that it is linked with: version or commit where Bun tells it, licence (SPDX), and where the source is with the',
    'text of its licence and the names of its authors.',
    '',
    ...rows,
    '',
    `${commonTexts}`,
    '',
    'WebKit (JavaScriptCore) and TinyCC are under the GNU Library and Lesser General Public License. To use a changed version of them, build',
    'Bun with it (its documentation says how), and build the executable with that Bun: the sources of lvsadm are free, `npm run',
    'build:standalone` builds the executable, and takes Bun from node_modules/@oven.',
  ].join('\n');
}
