/** The addresses of this machine's devices, as announcing reads and changes them: by the steps of set-ups. */
import type { LocalAddress } from '../../agent/announce/announce-memory.js';
import type { AddressPorts, PresentAddress } from '../../agent/announce/own-addresses.js';
import type { Context } from '../../context.js';
import { Errno, KernelError, TransportError } from '../../errors.js';
import { apply, check, undo } from '../../setup/steps/index.js';
import { type AddressStep, ALREADY_SET, type SetupStep } from '../../setup/steps/step.js';
import { Machine } from '../../system/machine.js';
import { hostPrefix } from '../../system/network/network.js';

/** Alias of a device that the agent has made. */
const MARK = 'lvsadm';

export class KernelAddresses implements AddressPorts {
  private machine: Machine | undefined;

  constructor(private readonly context: Pick<Context, 'openSocket' | 'files'>) {}

  read(): Promise<readonly PresentAddress[]> {
    return this.ask(async (machine) => {
      const route = await machine.route();
      const links = await route.links();
      const marked = new Set(links.filter(({ alias }) => alias === MARK).map(({ name }) => name));
      return (await route.addresses()).map(({ address, prefix, device }) => ({
        address,
        device,
        isMarked: marked.has(device) && prefix === hostPrefix(address),
      }));
    });
  }

  /** @throws HostError if the device is not a dummy device: on others, neighbours would be told of the addresses */
  prepare(device: string): Promise<void> {
    const steps: readonly SetupStep[] = [
      { do: 'link', name: device, kind: 'dummy' },
      { do: 'up', device },
    ];
    return this.ask(async (machine) => {
      for (const step of steps) {
        if ((await check(step, machine)) === ALREADY_SET) continue;
        await apply(step, machine);
        if (step.do === 'link') await (await machine.route()).setLinkAlias(device, MARK);
      }
    });
  }

  add(added: LocalAddress): Promise<boolean> {
    return this.ask(async (machine) => {
      try {
        await apply(stepOf(added), machine);
        return true;
      } catch (error) {
        if (error instanceof KernelError && error.errno === Errno.EEXIST) return false;
        throw error;
      }
    });
  }

  async remove(gone: LocalAddress): Promise<void> {
    await this.ask((machine) => undo(stepOf(gone), machine, null));
  }

  async close(): Promise<void> {
    const { machine } = this;
    this.machine = undefined;
    await machine?.close();
  }

  /** A socket that has failed is over: the next question opens another one. */
  private async ask<T>(question: (machine: Machine) => Promise<T>): Promise<T> {
    this.machine ??= new Machine(this.context.openSocket, this.context.files);
    try {
      return await question(this.machine);
    } catch (error) {
      if (error instanceof TransportError) await this.close();
      throw error;
    }
  }
}

/** On lo its scope is host: the machine's own packets do not get it as their source. */
const stepOf = ({ address, device }: LocalAddress): AddressStep => ({
  do: 'address',
  address,
  prefix: hostPrefix(address),
  device,
  scope: device === 'lo' ? 'host' : 'global',
});
