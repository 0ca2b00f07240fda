/** The machine whose boot set-up is changed: this one, or one whose files are in a directory. */
import type { Context } from '../../context.js';
import { cannot, HostError } from '../../errors.js';
import { IPVSADM, requireInitSystem } from '../../setup/boot/find.js';
import { type InitSystem, NOWHERE } from '../../setup/boot/init-systems.js';
import { Journal } from '../../setup/journal.js';
import type { BootFileStep, FileState } from '../../setup/steps/step.js';
import { type Files, freshName, ifThere, S_IFLNK, S_IFMT } from '../../system/files/files.js';
import { pathInRoot, rootedFiles } from '../../system/files/rooted-files.js';
import { Machine } from '../../system/machine.js';
import { runShown } from '../../system/programs/program.js';
import { lastingDirectory, openStore } from '../shared/store.js';

export interface BootMachine {
  /** Without a slash at its end; empty for this machine. */
  readonly root: string;
  /** Paths begin at the root. */
  readonly files: Files;
  /** Where a file below the root is on this machine: links do not lead out of the root. */
  readonly locate: (path: string) => string;
  readonly init: InitSystem;
  readonly machine: Machine;
  readonly journal: Journal;
}

/** @throws HostError */
export function bootMachine(
  context: Context,
  { root: named, stateDir }: { readonly root: string | undefined; readonly stateDir: string | undefined },
): BootMachine {
  const root = (named ?? '').replace(/\/+$/, '');
  const files = rootedFiles(context.files, root);
  if (ifThere(() => files.statSync('/')) === undefined)
    throw new HostError(`read ${root}`, 'no such directory');
  requireOwnDirectories(root, files);
  // A boot set-up is the machine's, not that of a network namespace: its state has a file of its own name.
  const directory =
    root === '' || stateDir ? lastingDirectory(context.env, stateDir) : `${root}/var/lib/lvsadm`;
  return {
    root,
    files,
    locate: (path) => pathInRoot(path, root, context.files),
    init: requireInitSystem(files),
    machine: new Machine(context.openSocket, files),
    journal: new Journal('adopt', openStore(context, undefined, `${directory}/adopt.json`)),
  };
}

/** Directories in which files are read or written. */
const DIRECTORIES = [
  '/etc',
  '/etc/lvsadm.d',
  '/etc/systemd',
  '/etc/systemd/system',
  '/etc/runlevels',
  '/var',
  '/var/lib',
  '/var/lib/lvsadm',
];

/** A link of an image may lead into a directory of this machine. @throws HostError */
function requireOwnDirectories(root: string, files: Files): void {
  if (root === '') return;
  const below = ['/etc/systemd/system', '/etc/runlevels'].flatMap((directory) =>
    (ifThere(() => files.readdirSync(directory)) ?? []).map((name) => `${directory}/${name}`),
  );
  const ofUnits = /\.(?:wants|requires)$|^\/etc\/runlevels\//;
  for (const path of [...DIRECTORIES, ...below.filter((name) => ofUnits.test(name))]) {
    const found = ifThere(() => files.lstatSync(path));
    if (found !== undefined && (found.mode & S_IFMT) === S_IFLNK)
      throw new HostError(`adopt ${root}`, `${path} is a link, which may lead out of that directory`);
  }
}

/**
 * Of an adoption that was carried out to its end, the steps that do not hold any more. ipvsadm was disabled last. From then on the
 * document is the administrator's, who may edit, rename or divide it, and may start lvsadm-agent.service in place of lvsadm.service.
 * @returns undefined without an adoption, for one that was interrupted, and where ipvsadm is started at boot again
 */
export function stepsToRepeat({ init, files, journal }: BootMachine): BootFileStep[] | undefined {
  const steps = journal.entries.map(({ step }) => step as BootFileStep);
  if (!steps.some(disables) || init.enabledBy(IPVSADM, files).length > 0) return undefined;
  const hasAgent = init.enabledBy(AGENT, files).length > 0;
  const links = steps.filter(({ becomes }) => becomes === null || 'link' in becomes);
  return links.filter((step) => !holds(step, files) && (disables(step) || !hasAgent));
}

const AGENT = 'lvsadm-agent';

const disables = ({ becomes }: BootFileStep): boolean =>
  becomes === null || ('link' in becomes && becomes.link === NOWHERE);

function holds({ path, becomes }: BootFileStep, files: Files): boolean {
  const found = ifThere(() => files.lstatSync(path));
  if (found === undefined || !isLink(becomes)) return (found === undefined) === (becomes === null);
  return (found.mode & S_IFMT) === S_IFLNK && files.readlinkSync(path) === becomes.link;
}

const isLink = (state: FileState): state is { readonly link: string } => state !== null && 'link' in state;

/**
 * Has a running systemd read the links: a mask takes the commands of ExecStop= from a service that is active. What a process that was
 * killed has left beside them is removed.
 * @throws HostError
 */
export async function finish({ root, files, journal }: BootMachine): Promise<void> {
  for (const { step } of journal.entries) if (step.do === 'bootFile') removeLeftover(step.path, files);
  if (root !== '' || ifThere(() => files.statSync('/run/systemd/system')) === undefined) return;
  const { status } = await runShown(['systemctl', 'daemon-reload'], 'pipe');
  if (status !== 0)
    throw new HostError('run systemctl daemon-reload', `exit status ${status}; run it by hand`);
}

function removeLeftover(path: string, files: Files): void {
  const leftover = freshName(path);
  try {
    if (ifThere(() => files.lstatSync(leftover)) !== undefined) files.unlinkSync(leftover);
  } catch (error) {
    throw cannot(`remove ${leftover}`, error);
  }
}
