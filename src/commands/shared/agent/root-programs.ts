/** Documents name programs: where lvsadm runs as root, nobody else may decide what these are. */
import type { Context } from '../../../context.js';
import { isDescriptor } from '../../../document/files.js';
import type { Lookup } from '../../../document/names.js';
import { DocumentError } from '../../../errors.js';
import type { DesiredService } from '../../../model/state.js';
import { foreignWriterOf, isRoot } from '../../../system/files/foreign-writers.js';
import type { Values } from '../../command.js';
import { type Desired, type desiredOptions, readDocuments } from '../change/desired-state.js';

/** Documents that are to be acted upon. @throws DocumentError, also as {@link refuseForeignPrograms} does */
export async function readOwnDocuments(
  context: Context,
  { file, prune, label, variable }: Omit<Values<typeof desiredOptions>, 'only'>,
  names?: Lookup,
): Promise<Desired> {
  const desired = await readDocuments(context, { file, prune, label, variable, only: [] }, names);
  const paths = [...file, ...desired.texts.map((text) => text.file)];
  refuseForeignPrograms(desired.state.services ?? [], paths, context);
  return desired;
}

/**
 * @param paths the documents, and the directories that they are in
 * @throws DocumentError if services name a program, and another user than root can write a document or a program that runs as root
 */
export function refuseForeignPrograms(
  services: readonly DesiredService[],
  paths: readonly string[],
  { files }: Pick<Context, 'files'>,
): void {
  if (!isRoot()) return;
  const programs = services.flatMap(programsOf);
  if (programs.length === 0) return;
  const documents = paths.filter((path) => path !== '-' && !isDescriptor(path));
  const asRoot = programs.flatMap(({ path, user }) => (user === undefined || user === 'root' ? [path] : []));
  for (const [what, places] of [
    ['the programs that it names', documents],
    ['it', asRoot],
  ] as const) {
    for (const place of new Set(places)) {
      const found = foreignWriterOf(place, files);
      if (found === undefined) continue;
      const by = `may be written by ${found.writer} (mode ${found.mode})`;
      const way = found.path === place ? '' : `, and leads to ${place}`;
      throw new DocumentError([{ file: found.path, text: `${by}${way}: ${what} would run as root` }]);
    }
  }
}

export interface NamedProgram {
  readonly path: string;
  readonly user?: string | undefined;
}

/** The programs of a service's checks, and those of its quorum. */
export function programsOf({ checks, health }: DesiredService): NamedProgram[] {
  const all = checks === undefined ? [] : [checks.usual, ...checks.own.values()];
  const ofChecks = all.flatMap(({ check }) =>
    check?.kind === 'command' ? [{ path: check.command[0], user: check.user }] : [],
  );
  const ofQuorum = [health?.quorum?.up, health?.quorum?.down].flatMap((command) =>
    command === undefined ? [] : [{ path: command[0] }],
  );
  return [...ofChecks, ...ofQuorum];
}
