/** What fills the table of this machine at boot, as far as its files say. */
import { cannot, HostError } from '../../errors.js';
import { type Files, ifThere, S_IFLNK, S_IFMT } from '../../system/files/files.js';
import { type BootSetup, bootSetups } from './boot-setups.js';
import { type InitSystem, initSystemOf, unitDirectories } from './init-systems.js';

/** The service of ipvsadm, the same in all distributions. */
export const IPVSADM = 'ipvsadm';

/** A boot set-up of ipvsadm that is enabled. */
export interface EnabledSetup {
  readonly setup: BootSetup;
  /** The file that defines the service. */
  readonly definition: string;
  /** The links that enable it. */
  readonly links: readonly string[];
}

/** @throws HostError for an init system that is not known */
export function requireInitSystem(files: Files): InitSystem {
  const init = initSystemOf(files);
  if (init === undefined) throw new HostError(FIND, 'neither systemd nor OpenRC is installed');
  return init;
}

/**
 * The boot set-up of ipvsadm that is in force.
 * @returns the reason, if none is: `ipvsadm.service is not enabled`
 * @throws HostError for a service whose files are not known
 */
export function findEnabledSetup(init: InitSystem, files: Files): EnabledSetup | string {
  const unit = init.unit(IPVSADM);
  const definition = init.definition(IPVSADM, files);
  if (definition === undefined) return `${unit} is not installed`;
  const links = init.enabledBy(IPVSADM, files);
  if (links.length === 0) return `${unit} is not enabled`;
  const dropIn = commandsInDropIns(unit, files);
  if (dropIn !== undefined) throw new HostError(FIND, `${dropIn} changes what ${unit} runs: ${BY_HAND}`);
  const text = textOf(definition, files);
  const setup = bootSetups.find(({ mentions }) => text.includes(mentions));
  if (setup === undefined)
    throw new HostError(FIND, `${definition} reads none of the files that are known: ${BY_HAND}`);
  return { setup, definition, links };
}

/** Whether a service is installed. Debian keeps the init script, a configuration file, of a package that is removed. */
export function canStart(service: string, init: InitSystem, files: Files): boolean {
  const definition = init.definition(service, files);
  if (definition?.startsWith('/etc/init.d/') !== true) return definition !== undefined;
  return PROGRAM_DIRECTORIES.some((directory) => isProgram(`${directory}/${service}`, files));
}

const PROGRAM_DIRECTORIES = ['/sbin', '/usr/sbin', '/bin', '/usr/bin', '/usr/local/sbin'];

/** A link to lvsadm has the name only as long as lvsadm is installed. */
function isProgram(path: string, files: Files): boolean {
  const found = ifThere(() => files.lstatSync(path));
  if (found === undefined) return false;
  return (found.mode & S_IFMT) !== S_IFLNK || !/(?:^|\/)lvsadm$/.test(files.readlinkSync(path));
}

const FIND = 'find the boot set-up';

const BY_HAND = 'write the document with lvsadm export, and enable lvsadm.service by hand';

/** A file beside a unit that sets commands or their environment. */
function commandsInDropIns(unit: string, files: Files): string | undefined {
  return [...unitDirectories, '/run/systemd/system']
    .map((directory) => `${directory}/${unit}.d`)
    .flatMap((directory) => names(directory, files).map((name) => `${directory}/${name}`))
    .filter((path) => path.endsWith('.conf'))
    .find((path) => /^\s*(?:Exec|Environment)\w*\s*=/m.test(textOf(path, files)));
}

/** Definitions may be links to other files. @throws HostError */
function textOf(path: string, files: Files): string {
  try {
    return files.readFileSync(path, 'utf8');
  } catch (error) {
    throw cannot(`read ${path}`, error);
  }
}

/**
 * Whether keepalived fills the table: it is enabled or runs, and its configuration has virtual servers. Otherwise it may move
 * addresses beside ipvsadm.
 * @param proc the directory of processes; undefined for the files of another machine
 */
export function keepalivedFillsTable(init: InitSystem, files: Files, proc: string | undefined): boolean {
  const isEnabled = init.enabledBy('keepalived', files).length > 0;
  if (!isEnabled && (proc === undefined || !runs('keepalived', proc, files))) return false;
  return ['/etc/keepalived', '/etc/keepalived/conf.d'].some((directory) =>
    names(directory, files)
      .filter((name) => name.endsWith('.conf'))
      .some((name) => /^\s*virtual_server/m.test(files.readFileSync(`${directory}/${name}`, 'utf8'))),
  );
}

/** Processes may end while they are looked at. */
const runs = (program: string, proc: string, files: Files): boolean =>
  names(proc, files)
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => ifGone(() => files.readFileSync(`${proc}/${pid}/comm`, 'utf8')) === `${program}\n`);

function ifGone(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

const names = (directory: string, files: Files): string[] =>
  ifThere(() => files.readdirSync(directory))?.sort() ?? [];
