/** Virtual addresses on links. */
import { Errno, HostError, KernelError } from '../../errors.js';
import { familyOf } from '../../model/address.js';
import type { RouteClient } from '../../system/rtnetlink/client.js';
import { type AddressStep, ALREADY_SET, removeUnlessGone, type StepKind } from './step.js';

export const address: StepKind<AddressStep> = {
  key: (step) => `${cidr(step)} on ${step.device}`,
  describe: (step) => `put ${cidr(step)} on ${step.device}${step.announce ? ' and tell the neighbours' : ''}`,
  command: (step) => `ip address add ${cidr(step)} dev ${step.device}${options(step)}`,

  async check(step, machine) {
    const found = await (await machine.route()).addresses();
    const same = found.find(({ address, device }) => address === step.address && device === step.device);
    if (same === undefined) return null;
    if (same.prefix !== step.prefix) {
      throw new HostError(
        `put ${cidr(step)} on ${step.device}`,
        `it stands there as ${same.address}/${same.prefix}, which claims the whole network`,
      );
    }
    return ALREADY_SET;
  },

  async apply(step, machine) {
    const route = await machine.route();
    await route.addAddress(step);
    return step.announce ? announce(step.device, route) : undefined;
  },

  async undo(step, machine) {
    const route = await machine.route();
    return removeUnlessGone(() => route.deleteAddress(step), Errno.EADDRNOTAVAIL);
  },
};

const cidr = ({ address, prefix }: AddressStep): string => `${address}/${prefix}`;

const options = ({ address, scope }: AddressStep): string =>
  familyOf(address) === 'inet6' ? ' nodad preferred_lft 0' : scope === 'host' ? ' scope host' : '';

/**
 * Setting the MAC address that a link already has makes the kernel announce all of the link's addresses, if arp_notify and
 * ndisc_notify are 1. Some drivers refuse while the link is up: then the neighbours ask when their entries expire.
 */
async function announce(device: string, route: RouteClient): Promise<string | undefined> {
  try {
    await route.repeatMac(device);
    return undefined;
  } catch (error) {
    if (!(error instanceof KernelError || error instanceof HostError)) throw error;
    const reason = error instanceof HostError ? error.reason : error.code;
    return `the neighbours of ${device} were not told (${reason}): they learn of it when their entries expire`;
  }
}
