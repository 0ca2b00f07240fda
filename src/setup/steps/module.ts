/** Kernel modules. They are never unloaded: other network namespaces may use them by then. */
import { HostError } from '../../errors.js';
import { isLoaded } from '../../system/modules.js';
import { HELD, type ModuleStep, type StepKind } from './step.js';

export const module: StepKind<ModuleStep> = {
  key: ({ name }) => name,
  describe: ({ name }) => `load the module ${name}`,
  command: ({ name }) => `modprobe ${name}`,
  look: async ({ name }) => ((await isLoaded(name)) ? HELD : null),
  async apply({ name }, machine) {
    try {
      await machine.loadModule(name);
    } catch (error) {
      throw new HostError(`load the module ${name}`, (error as Error).message, { cause: error });
    }
    return undefined;
  },
};
