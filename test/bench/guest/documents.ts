/** The documents that are applied, written by lvsadm itself from tables that differ in a known way. */
import { writeFile } from 'node:fs/promises';
import { rulesOf, type Shape } from './rules.js';
import type { World } from './world.js';

export const desired: Shape = { services: 1000, servers: 10 };

const oneServer = /-r 172\.16\.0\.10:8080 -m -w 1$/m;

/** What there is to do where the table is as `desired` says, and what the table is afterwards. */
const changes = {
  'nothing to do': (rules: string) => rules,
  'one change': (rules: string) => rules.replace(oneServer, (server) => server.replace(/1$/, '9')),
  'all changed': (rules: string) => rules.replace(/-w (\d+)$/gm, (_, weight) => `-w ${Number(weight) + 10}`),
};
export type DocumentChange = keyof typeof changes;
export const documentChanges = Object.keys(changes) as DocumentChange[];

const formats = { JSON: ['--json'], YAML: [] };
export type DocumentFormat = keyof typeof formats;
export const documentFormats = Object.keys(formats) as DocumentFormat[];

export const rulesFor = (change: DocumentChange): string => changes[change](rulesOf(desired));

export const documentPath = (world: World, change: DocumentChange, format: DocumentFormat): string =>
  world.path(`${change.replaceAll(' ', '-')}.${format.toLowerCase()}`);

let written: Promise<void> | undefined;
/** Once is enough. */
export const writeDocuments = (world: World): Promise<void> => {
  written ??= write(world);
  return written;
};

async function write(world: World): Promise<void> {
  for (const change of documentChanges) {
    await world.restore(rulesFor(change));
    for (const format of documentFormats) {
      const text = await world.lvsadm('standalone', 'export', ...formats[format]);
      await writeFile(documentPath(world, change, format), text);
    }
  }
}
