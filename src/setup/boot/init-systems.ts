/** Init systems: where services are defined, which links enable them at boot, and the steps that enable and disable them. */
import { HostError } from '../../errors.js';
import { type Files, ifThere, S_IFLNK, S_IFMT } from '../../system/files/files.js';
import type { BootFileStep } from '../steps/step.js';

export interface InitSystem {
  readonly name: string;
  /** A service as its administrators name it: `ipvsadm.service`. */
  unit(service: string): string;
  /** The file that defines a service, masked or not; undefined if it is not installed. */
  definition(service: string, files: Files): string | undefined;
  /** Whether a service is not started, however it is enabled. */
  isMasked(service: string, files: Files): boolean;
  /** The links that enable a service; none if it is disabled or masked. */
  enabledBy(service: string, files: Files): string[];
  /** Enables a service when the one that these links enable is started. @throws HostError */
  enable(service: string, definition: string, like: readonly string[], files: Files): BootFileStep[];
  disable(service: string, files: Files): BootFileStep[];
}

/** The init system of this machine; undefined if it is none of those known. */
export const initSystemOf = (files: Files): InitSystem | undefined =>
  programs.find(([paths]) => paths.some((path) => exists(path, files)))?.[1];

const ADMINISTRATORS = '/etc/systemd/system';

/** Directories of units, in the order in which systemd looks (systemd.unit(5)). */
export const unitDirectories = [
  ADMINISTRATORS,
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
  '/lib/systemd/system',
];

/** The target of a mask. */
export const NOWHERE = '/dev/null';

/** systemd makes units of init scripts that have no unit (systemd-sysv-generator(8)). A mask hides both. */
const systemd: InitSystem = {
  name: 'systemd',
  unit: (service) => `${service}.service`,

  definition: (service, files) =>
    [...unitDirectories.map((directory) => `${directory}/${service}.service`), script(service)].find(
      (path) => exists(path, files) && linkAt(path, files) !== NOWHERE,
    ),

  isMasked: (service, files) => linkAt(`${ADMINISTRATORS}/${service}.service`, files) === NOWHERE,

  enabledBy(service, files) {
    if (systemd.isMasked(service, files)) return [];
    const definition = systemd.definition(service, files);
    if (definition === script(service)) {
      const isStart = (name: string) => /^S\d\d/.test(name) && name.slice(3) === service;
      return [2, 3, 4, 5].flatMap((level) =>
        entries(`/etc/rc${level}.d`, files)
          .filter(isStart)
          .map((name) => `/etc/rc${level}.d/${name}`),
      );
    }
    return entries(ADMINISTRATORS, files)
      .filter((name) => /\.(?:wants|requires)$/.test(name))
      .map((name) => `${ADMINISTRATORS}/${name}/${service}.service`)
      .filter((path) => exists(path, files));
  },

  enable(service, definition, _like, files) {
    const text = files.readFileSync(definition, 'utf8');
    const links = [...text.matchAll(/^\s*(Wanted|Required)By\s*=(.*)$/gm)].flatMap(([, how, units = '']) =>
      units
        .split(/\s+/)
        .filter(Boolean)
        .map(
          (unit) => `${ADMINISTRATORS}/${unit}.${how === 'Wanted' ? 'wants' : 'requires'}/${service}.service`,
        ),
    );
    if (links.length === 0)
      throw new HostError(`enable ${service}.service`, `${definition} has no WantedBy=`);
    return links.map((path) => step(`enable ${service}.service`, path, { link: definition }));
  },

  /** A mask also keeps the commands of ExecStop= from running when the package is removed. It needs a free name. */
  disable(service, files) {
    const mask = `${ADMINISTRATORS}/${service}.service`;
    if (!exists(mask, files) || linkAt(mask, files) !== undefined)
      return [step(`mask ${service}.service`, mask, { link: NOWHERE })];
    return systemd.enabledBy(service, files).map((path) => step(`disable ${service}.service`, path, null));
  },
};

const RUNLEVELS = '/etc/runlevels';

const openrc: InitSystem = {
  name: 'OpenRC',
  unit: (service) => script(service),
  definition: (service, files) => (exists(script(service), files) ? script(service) : undefined),
  isMasked: () => false,
  enabledBy: (service, files) =>
    entries(RUNLEVELS, files)
      .map((level) => `${RUNLEVELS}/${level}/${service}`)
      .filter((path) => exists(path, files)),
  enable: (service, definition, like) =>
    like.map((path) =>
      step(`enable ${service}`, `${path.slice(0, path.lastIndexOf('/'))}/${service}`, { link: definition }),
    ),
  disable: (service, files) =>
    openrc.enabledBy(service, files).map((path) => step(`disable ${service}`, path, null)),
};

const programs: readonly (readonly [paths: readonly string[], system: InitSystem])[] = [
  [['/usr/lib/systemd/systemd', '/lib/systemd/systemd'], systemd],
  [['/sbin/openrc-run', '/usr/sbin/openrc-run', '/usr/bin/openrc-run'], openrc],
];

const script = (service: string): string => `/etc/init.d/${service}`;

const step = (purpose: string, path: string, becomes: BootFileStep['becomes']): BootFileStep => ({
  do: 'bootFile',
  path,
  becomes,
  purpose,
});

const exists = (path: string, files: Files): boolean => ifThere(() => files.lstatSync(path)) !== undefined;

/** The target of a link; undefined for a file, and where there is none. */
function linkAt(path: string, files: Files): string | undefined {
  const found = ifThere(() => files.lstatSync(path));
  return found !== undefined && (found.mode & S_IFMT) === S_IFLNK ? files.readlinkSync(path) : undefined;
}

const entries = (directory: string, files: Files): string[] =>
  ifThere(() => files.readdirSync(directory))?.sort() ?? [];
