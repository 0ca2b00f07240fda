// npm run compile: removes compiled files from build/ whose sources no longer exist, such as renamed tests.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isMain, root } from './project.js';

/** Compiled files below `build/ROOM` without a TypeScript file of their name below `ROOM`. */
export const staleFiles = (project: string, rooms: readonly string[]): string[] =>
  rooms
    .filter((room) => existsSync(join(project, 'build', room)))
    .flatMap((room) =>
      readdirSync(join(project, 'build', room), { recursive: true, encoding: 'utf8' })
        .filter((name) => /\.js(\.map)?$/.test(name))
        .filter((name) => !existsSync(join(project, room, name.replace(/\.js(\.map)?$/, '.ts'))))
        .map((name) => join(project, 'build', room, name)),
    );

if (isMain(import.meta.filename)) {
  for (const file of staleFiles(root, ['bin', 'src', 'scripts', 'test'])) rmSync(file);
}
