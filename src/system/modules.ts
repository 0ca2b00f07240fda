/** Kernel modules. Node's own are asked for when they are needed: a run that finds IPVS in the kernel needs none. */
const { getBuiltinModule } = process;

/**
 * Loads a module, and what it depends on, with the program that the kernel itself would call.
 * @throws Error whose message is the program's own last line
 */
export async function loadModule(name: string): Promise<void> {
  const modprobe = await modprobePath();
  try {
    const { promisify } = getBuiltinModule('node:util');
    await promisify(getBuiltinModule('node:child_process').execFile)(modprobe, [name]);
  } catch (error) {
    throw new Error(reason(modprobe, error as NodeJS.ErrnoException & { stderr?: string }), { cause: error });
  }
}

async function modprobePath(): Promise<string> {
  const { readFile } = getBuiltinModule('node:fs').promises;
  const configured = await readFile('/proc/sys/kernel/modprobe', 'utf8').catch(() => '');
  return configured.trim() || 'modprobe';
}

function reason(
  program: string,
  { code, stderr, message }: NodeJS.ErrnoException & { stderr?: string },
): string {
  if (code === 'ENOENT') return `${program} is not installed`;
  const lines = (stderr ?? '').trim().split('\n');
  return lines.at(-1) || message;
}

/** Whether the kernel has a module loaded or built in; one that has no parameters and is built in cannot be seen. */
export const isLoaded = (name: string): Promise<boolean> =>
  getBuiltinModule('node:fs')
    .promises.access(`/sys/module/${name.replaceAll('-', '_')}`)
    .then(
      () => true,
      () => false,
    );
