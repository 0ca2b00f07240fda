/** Modules of the kernel, and its settings under /proc/sys. */
import { HostError } from '../../errors.js';
import { familyOf } from '../../model/address.js';
import type { Machine } from '../../system/machine.js';
import { isLoaded } from '../../system/modules.js';
import type { InterfaceAddress } from '../../system/network/network.js';
import { type Sysctls, sysctlName } from '../../system/sysctl.js';
import { ALREADY_SET, type ModuleStep, type StepKind, type SysctlStep } from './step.js';

/** Without undo: another network namespace may use the module by then. */
export const module: StepKind<ModuleStep> = {
  key: ({ name }) => name,
  describe: ({ name }) => `load the module ${name}`,
  command: ({ name }) => `modprobe ${name}`,
  check: async ({ name }) => ((await isLoaded(name)) ? ALREADY_SET : null),
  async apply({ name }, machine) {
    try {
      await machine.loadModule(name);
    } catch (error) {
      throw new HostError(`load the module ${name}`, (error as Error).message, { cause: error });
    }
    return undefined;
  },
};

export const sysctl: StepKind<SysctlStep> = {
  key: ({ path }) => path,
  describe: ({ path, value }) => `set ${sysctlName(path)} to ${value}`,
  command: ({ path, value }) => `sysctl -w ${sysctlName(path)}=${value}`,

  async check(step, { sysctls }) {
    const value = await existing(sysctls, step.path);
    if (isAccepted(step, await effective(sysctls, step, value))) return ALREADY_SET;
    return { value, ...(step.disturbs && { along: await readAll(sysctls, step.disturbs) }) };
  },

  async apply({ path, value }, { sysctls }) {
    await sysctls.write(path, value);
    return undefined;
  },

  async reliance({ path, value, usedFor, hidesVips }, machine) {
    if ((await machine.sysctls.read(path)) !== value) return undefined;
    const stays = `${sysctlName(path)} stays ${value}`;
    if (usedFor !== undefined) return `${stays}: other programs may need it to ${usedFor}`;
    const vip = hidesVips && (await hiddenAddress(machine));
    return vip && `${stays}: it hides ${vip.address} on ${vip.device} from ARP`;
  },

  async undo({ path, value }, { sysctls }: Machine, previous) {
    const before = previous as { value: string; along?: Readonly<Record<string, string>> };
    const now = await sysctls.read(path);
    // The setting went with its interface.
    if (now === undefined) return undefined;
    if (now !== value && now !== before.value) return `${sysctlName(path)} is ${now} by now, and stays so`;
    if (now !== before.value) await sysctls.write(path, before.value);
    for (const [along, value] of Object.entries(before.along ?? {})) {
      const present = await sysctls.read(along);
      if (present !== undefined && present !== value) await sysctls.write(along, value);
    }
    return undefined;
  },
};

/** A host address that no link announces: on the loopback or a dummy link. */
async function hiddenAddress(machine: Machine): Promise<InterfaceAddress | undefined> {
  const route = await machine.route();
  const silent = (await route.links()).filter(({ loopback, kind }) => loopback || kind === 'dummy');
  return (await route.addresses()).find(
    ({ address, prefix, device }) =>
      familyOf(address) === 'inet' &&
      prefix === 32 &&
      !address.startsWith('127.') &&
      silent.some(({ name }) => name === device),
  );
}

const isAccepted = ({ value, accepted }: SysctlStep, effective: string): boolean =>
  effective === value || (accepted?.includes(effective) ?? false);

async function existing(sysctls: Sysctls, path: string): Promise<string> {
  const value = await sysctls.read(path);
  if (value === undefined) throw new HostError(`read ${sysctlName(path)}`, 'the kernel has no such setting');
  return value;
}

async function effective(sysctls: Sysctls, { maximumWith }: SysctlStep, own: string): Promise<string> {
  if (maximumWith === undefined) return own;
  return String(Math.max(Number(own), Number(await existing(sysctls, maximumWith))));
}

async function readAll(sysctls: Sysctls, patterns: readonly string[]): Promise<Record<string, string>> {
  const values: Record<string, string> = {};
  for (const pattern of patterns) {
    const [directory = '', rest] = pattern.split('/*/');
    const paths =
      rest === undefined
        ? [pattern]
        : (await sysctls.list(directory)).map((name) => `${directory}/${name}/${rest}`);
    for (const path of paths) {
      const value = await sysctls.read(path);
      if (value !== undefined) values[path] = value;
    }
  }
  return values;
}
