// What the environment says about the lab.
import { realpathSync } from 'node:fs';
import { LabUnavailable } from './errors.js';

const choices = {
  /** The accelerator; auto: KVM where it proves to work, tcg otherwise. */
  LAB_ACCEL: ['auto', 'tcg', 'kvm', 'icount'],
  /** Whether there is a guest; auto: not where the machine has IPVS itself and the caller is root. */
  LAB_GUEST: ['auto', 'always', 'never'],
} as const;

type Choice<Name extends keyof typeof choices> = (typeof choices)[Name][number];

export interface Settings {
  accel: Choice<'LAB_ACCEL'>;
  guest: Choice<'LAB_GUEST'>;
  /** A Debian suite's name in kernel.ts, or the path of an image; undefined where any kernel will do. */
  kernel: string | undefined;
  /** Seconds. */
  timeout: number;
  /** Of a guest; undefined where the caller decides. */
  cpus: number | undefined;
  /** The absolute path of a directory of the host that the command may write to, in a guest as well. */
  out: string | undefined;
}

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  return {
    accel: choice(env, 'LAB_ACCEL'),
    guest: choice(env, 'LAB_GUEST'),
    kernel: env['LAB_KERNEL'] || undefined,
    timeout: count(env, 'LAB_TIMEOUT', 'seconds') ?? 1800,
    cpus: count(env, 'LAB_CPUS', 'a number of processors'),
    out: env['LAB_OUT'] ? directory(env['LAB_OUT']) : undefined,
  };
}

function choice<Name extends keyof typeof choices>(env: NodeJS.ProcessEnv, name: Name): Choice<Name> {
  const known: readonly Choice<Name>[] = choices[name];
  const value = env[name] || 'auto';
  const found = known.find((candidate) => candidate === value);
  if (!found) throw new LabUnavailable(`${name} is '${value}': expected ${known.join(', ')}`);
  return found;
}

function count(env: NodeJS.ProcessEnv, name: string, expected: string): number | undefined {
  const value = env[name];
  if (!value) return undefined;
  if (!/^\d+$/.test(value) || Number(value) === 0)
    throw new LabUnavailable(`${name} is '${value}': expected ${expected}`);
  return Number(value);
}

/** Without symbolic links: the guest mounts the directory at this path. */
function directory(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    throw new LabUnavailable(`LAB_OUT: ${(error as Error).message}`);
  }
}
