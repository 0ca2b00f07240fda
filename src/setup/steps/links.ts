/** Links: create them, and set them up. */
import { Errno, HostError, KernelError } from '../../errors.js';
import { type Link, type NewLink, routingTables } from '../../system/network/network.js';
import { ALREADY_SET, type LinkStep, type StepKind, type UpStep } from './step.js';

export const link: StepKind<LinkStep> = {
  key: ({ name }) => name,
  describe: (step) => `make the ${step.kind} device ${step.name}${tunnelEnd(step)}`,
  command: (step) => `ip link add ${step.name} type ${step.kind}${tunnelOptions(step)}`,

  async check(step, machine) {
    const found = await (await machine.route()).link(step.name);
    if (found === undefined) return null;
    checkSame(found, step);
    return ALREADY_SET;
  },

  async apply(step, machine) {
    const route = await machine.route();
    try {
      await route.createLink(step);
    } catch (error) {
      // The request loads the kind's module, which may create a device of this very name.
      const there =
        error instanceof KernelError && error.errno === Errno.EEXIST && (await route.link(step.name));
      if (!there) throw error;
      checkSame(there, step);
    }
    return undefined;
  },

  async undo({ name, kind }, machine) {
    const route = await machine.route();
    const found = await route.link(name);
    if (found === undefined) return undefined;
    if (found.kind !== kind) return `${name} is a ${found.kind || 'physical'} device by now, and stays`;
    // The kernel ignores this for a device that came with its module; that one is down already.
    await route.deleteLink(name);
    return undefined;
  },
};

function checkSame(found: Link, wanted: NewLink): void {
  const attempted = `use ${wanted.name} as a device of kind ${wanted.kind}`;
  if (found.kind !== wanted.kind) {
    throw new HostError(attempted, `there is one of kind ${found.kind || 'physical'}`);
  }
  if (found.local !== wanted.local) {
    throw new HostError(
      attempted,
      `it ends at ${found.local ?? 'any address'}, not at ${wanted.local ?? 'any'}`,
    );
  }
}

const tunnelEnd = ({ local }: NewLink): string => (local === undefined ? '' : `, which ends at ${local}`);

function tunnelOptions({ kind, local, checksum }: NewLink): string {
  const words = [
    kind === 'ip6tnl' && 'mode any',
    local !== undefined && `local ${local}`,
    checksum && 'icsum',
  ].filter((word) => typeof word === 'string');
  return words.map((word) => ` ${word}`).join('');
}

export const up: StepKind<UpStep> = {
  key: ({ device }) => device,
  describe: ({ device }) => `switch ${device} on`,
  command: ({ device }) => `ip link set ${device} up`,

  async check({ device }, machine) {
    const found = await (await machine.route()).link(device);
    if (found === undefined) throw new HostError(`switch ${device} on`, 'there is no such link');
    return found.up ? ALREADY_SET : null;
  },

  async apply({ device }, machine) {
    await (await machine.route()).setLinkUp(device, true);
    return undefined;
  },

  async reliance({ device }, machine) {
    const route = await machine.route();
    if (!(await route.link(device))?.up) return undefined;
    if (device === 'lo') return 'lo stays on: local programs may use 127.0.0.1';
    const address = (await route.addresses()).find(
      (each) => each.device === device && !isLinkLocal(each.address),
    );
    if (address !== undefined) return `${device} stays on: it has the address ${address.address}`;
    const used = (await route.routes()).find(
      (each) => each.device === device && each.table === routingTables.main && !isLinkLocal(each.destination),
    );
    return used && `${device} stays on: the route to ${used.destination} leads through it`;
  },

  async undo({ device }, machine) {
    const route = await machine.route();
    if ((await route.link(device))?.up) await route.setLinkUp(device, false);
    return undefined;
  },
};

/** Addresses and routes that the kernel makes by itself: link-local, multicast, and ::/96 on sit0. */
const isLinkLocal = (text: string): boolean => /^(fe[89ab]|ff|::)/i.test(text);
