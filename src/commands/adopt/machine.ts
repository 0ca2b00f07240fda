/** The machine whose boot set-up is changed: this one, or one whose files are in a directory. */
import type { Context } from '../../context.js';
import { cannot, HostError } from '../../errors.js';
import { IPVSADM, requireInitSystem } from '../../setup/boot/find.js';
import type { InitSystem } from '../../setup/boot/init-systems.js';
import { Journal } from '../../setup/journal.js';
import type { BootFileStep, FileState } from '../../setup/steps/step.js';
import { type Files, freshName, ifThere } from '../../system/files/files.js';
import { rootedFiles } from '../../system/files/rooted-files.js';
import { Machine } from '../../system/machine.js';
import { runShown } from '../../system/programs/program.js';
import { lastingDirectory, openStore } from '../shared/store.js';

export interface BootMachine {
  /** Without a slash at its end; empty for this machine. */
  readonly root: string;
  /** Paths begin at the root. */
  readonly files: Files;
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
  // A boot set-up is the machine's, not that of a network namespace: its state has a file of its own name.
  const directory =
    root === '' || stateDir ? lastingDirectory(context.env, stateDir) : `${root}/var/lib/lvsadm`;
  return {
    root,
    files,
    init: requireInitSystem(files),
    machine: new Machine(context.openSocket, files),
    journal: new Journal('adopt', openStore(context, undefined, `${directory}/adopt.json`)),
  };
}

/** Whether everything that the journal has is in place, and ipvsadm is not started at boot. */
export function isAdopted({ init, files, journal }: BootMachine): boolean {
  const steps = journal.entries.map(({ step }) => step as BootFileStep);
  return (
    steps.length > 0 &&
    init.enabledBy(IPVSADM, files).length === 0 &&
    steps.every((step) => holds(step, files))
  );
}

/** The administrator may edit the document. */
function holds({ path, becomes }: BootFileStep, files: Files): boolean {
  const isThere = ifThere(() => files.lstatSync(path)) !== undefined;
  return isLink(becomes)
    ? isThere && files.readlinkSync(path) === becomes.link
    : isThere === (becomes !== null);
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
