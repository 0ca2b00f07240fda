/** The settings of IPVS (model/settings.ts) in this network namespace. */

import { HostError } from '../errors.js';
import { canonicalSetting, type Settings, type VsSetting, vsSettings } from '../model/settings.js';
import type { Sysctls } from './sysctl.js';

export const VS_DIRECTORY = 'net/ipv4/vs';

/** A setting that the kernel has. One that is younger than the table has no meaning here. */
export type VsSettingRead = Pick<VsSetting, 'name' | 'initial'> & {
  readonly meaning: string | undefined;
  readonly value: string;
};

/** The settings that the kernel has, in the order of their names; empty if IPVS is not loaded. @throws HostError */
export async function readVsSettings(sysctls: Pick<Sysctls, 'list' | 'read'>): Promise<VsSettingRead[]> {
  const known = new Map(vsSettings.map((setting) => [setting.name, setting]));
  const settings: VsSettingRead[] = [];
  for (const name of (await sysctls.list(VS_DIRECTORY)).toSorted()) {
    const value = await sysctls.read(vsSetting(name));
    const { initial, meaning } = known.get(name) ?? { initial: undefined, meaning: undefined };
    if (value !== undefined) settings.push({ name, value, initial, meaning });
  }
  return settings;
}

/** Path of a setting below /proc/sys. */
export const vsSetting = (name: string): string => `${VS_DIRECTORY}/${name}`;

/** The values of those of these settings that the kernel has. @throws HostError */
export async function readSettings(
  names: readonly string[],
  sysctls: Pick<Sysctls, 'read'>,
): Promise<Settings> {
  const settings: Record<string, string> = {};
  for (const name of names) {
    const value = await sysctls.read(vsSetting(name));
    if (value !== undefined) settings[name] = canonicalSetting(value);
  }
  return settings;
}

/** All settings that documents can have, and that can be read: outside of the first namespace some cannot. */
export async function readAllSettings(sysctls: Pick<Sysctls, 'read'>): Promise<Settings> {
  const settings: Record<string, string> = {};
  for (const { name } of vsSettings) {
    const one = await readSettings([name], sysctls).catch((error: unknown) => {
      if (error instanceof HostError) return {};
      throw error;
    });
    Object.assign(settings, one);
  }
  return settings;
}
