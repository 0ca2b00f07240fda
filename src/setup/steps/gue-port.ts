/** UDP ports that receive generic UDP encapsulation. */
import { Errno } from '../../errors.js';
import { ALREADY_SET, type GuePortStep, removeUnlessGone, type StepKind } from './step.js';

export const guePort: StepKind<GuePortStep> = {
  key: ({ port, family }) => `${family} ${port}`,
  describe: ({ port, family }) => `take GUE in at UDP port ${port} (${family === 'inet' ? 'IPv4' : 'IPv6'})`,
  command: ({ port, family }) => `ip fou add port ${port} gue${family === 'inet6' ? ' -6' : ''}`,

  async check({ port, family }, machine) {
    const ports = await (await machine.fou()).guePorts();
    return ports.some((open) => open.port === port && open.family === family) ? ALREADY_SET : null;
  },

  async apply(step, machine) {
    await (await machine.fou()).addGuePort(step);
    return undefined;
  },

  async undo(step, machine) {
    const fou = await machine.fou();
    return removeUnlessGone(() => fou.deleteGuePort(step), Errno.ENOENT, Errno.EINVAL);
  },
};
