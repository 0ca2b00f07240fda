/** Kernel modules. Node's modules are loaded at their first use: a run that finds IPVS in the kernel needs none. */
const { getBuiltinModule } = process;

/**
 * Loads a module and its dependencies with the program that the kernel itself would call.
 * @throws Error with the last line of the program's output
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

/** Whether a module is loaded or built in. A built-in module without parameters cannot be seen. */
export const isLoaded = (name: string): Promise<boolean> =>
  getBuiltinModule('node:fs')
    .promises.access(`/sys/module/${name.replaceAll('-', '_')}`)
    .then(
      () => true,
      () => false,
    );

/** A module's parameters, whose values cannot be read by others than root; empty if it is not loaded or has none. */
export async function moduleParameters(name: string): Promise<Record<string, string>> {
  const directory = `/sys/module/${name}/parameters`;
  const { readdir, readFile } = getBuiltinModule('node:fs').promises;
  const names = (await readdir(directory).catch(() => [])).sort();
  const values = await Promise.all(
    names.map(async (parameter) => [
      parameter,
      (await readFile(`${directory}/${parameter}`, 'utf8').catch(() => '')).trim(),
    ]),
  );
  return Object.fromEntries(values);
}

/** The names of loaded modules that begin like this, in their order; one that is built in may be among them. */
export async function loadedModules(prefix: string): Promise<string[]> {
  const names = await getBuiltinModule('node:fs')
    .promises.readdir('/sys/module')
    .catch(() => []);
  return names.filter((name) => name.startsWith(prefix)).sort();
}
