/** The state that a boot set-up of ipvsadm restores, read from its files. */
import type { Context } from '../../context.js';
import { readText } from '../../document/files.js';
import { END_MARKER, type NamedText, parseDocuments } from '../../document/load.js';
import { documentOf } from '../../document/write.js';
import { DocumentError, LvsadmError, ValueError } from '../../errors.js';
import { printable, quoted } from '../../foreign-text.js';
import { type DaemonState, daemonDefaults } from '../../model/daemon.js';
import { interfaceName } from '../../model/interface.js';
import { syncIdRange } from '../../model/limits.js';
import type { DesiredState } from '../../model/state.js';
import { toYaml } from '../../output/yaml.js';
import type { EnabledSetup } from '../../setup/boot/find.js';
import { readVariables, type Variable, type Variables } from '../../setup/boot/shell-variables.js';
import { ifThere } from '../../system/files/files.js';
import { SystemNames } from '../../system/network/names.js';
import type { BootMachine } from './machine.js';

export interface SavedState {
  readonly state: DesiredState;
  /** The files that it was read from, below the root. */
  readonly files: readonly string[];
}

/**
 * @returns undefined if the service is enabled, but told to load nothing
 * @throws DocumentError with file and line of every mistake
 */
export async function readSavedState(
  { setup }: Pick<EnabledSetup, 'setup'>,
  context: Context,
  { root, files, locate }: Pick<BootMachine, 'root' | 'files' | 'locate'>,
): Promise<SavedState | undefined> {
  const { variables: settings = '' } = setup;
  const isThere = settings !== '' && ifThere(() => files.statSync(settings)) !== undefined;
  const variables: Variables = isThere
    ? readVariables(root + settings, (await readText(locate(settings), context)).text)
    : new Map();
  const rules = setup.rules(variables);
  const daemons = setup.startsDaemons ? daemonRules(root + settings, variables) : [];
  if (rules === undefined && daemons.length === 0) return undefined;
  if (rules !== undefined && !rules.startsWith('/'))
    throw new DocumentError([{ file: root + settings, text: `${quoted(rules)} is not an absolute path` }]);
  const saved =
    rules === undefined ? [] : [{ ...(await readText(locate(rules), context)), isRules } as const];
  const state = await parseDocuments([...saved, ...daemons], new SystemNames(context));
  const hasOthers = state.daemons !== undefined || Object.keys(state.timeouts ?? {}).length > 0;
  // With an empty list, apply --prune removes services that are in no document; without any section, it refuses the document.
  const isManaged = rules !== undefined && ((state.services ?? []).length > 0 || !hasOthers);
  return {
    state: isManaged ? state : { ...state, services: undefined },
    files: [rules, isThere ? settings : undefined].filter((file) => file !== undefined),
  };
}

const isRules = true;

/** Values of DAEMON. */
const daemonStates: Readonly<Record<string, readonly DaemonState[]>> = {
  '': [],
  none: [],
  master: ['master'],
  backup: ['backup'],
  both: ['master', 'backup'],
};

/** The commands that start the daemons as rules, each on the line of its variable, so that mistakes have their place. */
function daemonRules(file: string, variables: Variables): NamedText[] {
  const { value, line } = variables.get('DAEMON') ?? { value: 'none', line: 1 };
  const states = Object.hasOwn(daemonStates, value) ? daemonStates[value] : undefined;
  if (states === undefined)
    throw mistake(file, line, `DAEMON: ${quoted(value)} is not one of none, master, backup, both`);
  if (states.length === 0) return [];
  const device = checked(file, variables.get('IFACE'), daemonDefaults.interface, (text) =>
    interfaceName(text, 'IFACE'),
  );
  const syncId = checked(file, variables.get('SYNCID'), String(daemonDefaults.syncId), syncIdOf);
  const above = '\n'.repeat(line - 1);
  return states.map((state) => ({
    file,
    text: `${above}--start-daemon ${state} --mcast-interface ${device} --syncid ${syncId}`,
    isRules,
  }));
}

function syncIdOf(text: string): string {
  const { min, max } = syncIdRange;
  if (/^\d+$/.test(text) && Number(text) <= max) return text;
  throw new ValueError('SYNCID', text, `a number from ${min} to ${max}`);
}

/** @throws DocumentError at the line of the variable */
function checked(
  file: string,
  variable: Variable | undefined,
  usual: string,
  read: (text: string) => string,
): string {
  if (variable === undefined) return usual;
  try {
    return read(variable.value);
  } catch (error) {
    throw error instanceof LvsadmError ? mistake(file, variable.line, error.message) : error;
  }
}

const mistake = (file: string, line: number, text: string): DocumentError =>
  new DocumentError([{ file, line, text }]);

/** The state as a document; sections that it does not have are left out, and so are not managed. */
export function adoptedDocument({ state: { services, daemons, timeouts }, files }: SavedState) {
  const document = documentOf({
    services: (services ?? []).map(({ service, destinations = [] }) => ({ service, destinations })),
    daemons: daemons ?? [],
    timeouts: { tcp: 0, tcpFin: 0, udp: 0, ...timeouts },
  });
  const value = {
    ...(timeouts && Object.keys(timeouts).length > 0 && { timeouts: document.timeouts }),
    ...(daemons && { sync: document.sync }),
    ...(services && { services: document.services }),
  };
  const head = `# Adopted by lvsadm from ${files.map(printable).join(' and ')}\n`;
  return { value, text: `${head}${toYaml(value, { compact: true })}${END_MARKER}\n` };
}
