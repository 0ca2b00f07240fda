/** The steps of a set-up as data: each is a state that this machine should be in. */
import { HostError, KernelError } from '../../errors.js';
import type { Family } from '../../model/address.js';
import type { Machine } from '../../system/machine.js';
import type { DefaultRoute, NewAddress, NewLink } from '../../system/network/network.js';

export interface ModuleStep {
  readonly do: 'module';
  readonly name: string;
}

export interface LinkStep extends NewLink {
  readonly do: 'link';
}

export interface UpStep {
  readonly do: 'up';
  readonly device: string;
}

export interface SysctlStep {
  readonly do: 'sysctl';
  /** Below /proc/sys: `net/ipv4/ip_forward`. */
  readonly path: string;
  /** Written unless the setting has this value or an accepted one. */
  readonly value: string;
  /** Other values that do as well. */
  readonly accepted?: readonly string[];
  /** Setting of all interfaces; the kernel takes the larger of the two. */
  readonly maximumWith?: string;
  /** What others may use the setting for, unseen. */
  readonly usedFor?: string;
  /** The setting keeps ARP from answering for addresses of loopback and dummy links, whoever put them there. */
  readonly hidesVips?: true;
  /** Settings that the kernel changes along with this one; `*` stands for every interface. */
  readonly disturbs?: readonly string[];
}

export interface AddressStep extends NewAddress {
  readonly do: 'address';
  /** Announce the address to the neighbours, who may have another machine's MAC address for it. */
  readonly announce?: boolean;
}

export interface GuePortStep {
  readonly do: 'guePort';
  /** 1 to 65535. */
  readonly port: number;
  readonly family: Family;
}

export interface DefaultRouteStep extends DefaultRoute {
  readonly do: 'defaultRoute';
}

/** A file that decides what happens at boot: a document, or a link by which an init system enables or masks a service. */
export interface BootFileStep {
  readonly do: 'bootFile';
  readonly path: string;
  readonly becomes: FileState;
  /** Files from which the text was made. When one is gone, the text may be the only record of its rules, and is not removed. */
  readonly sources?: readonly string[];
  /** `enable lvsadm.service` */
  readonly purpose: string;
}

/** A file as a boot set-up has it; null where there is none. */
export type FileState = null | { readonly link: string } | { readonly text: string };

export type SetupStep =
  | ModuleStep
  | LinkStep
  | UpStep
  | SysctlStep
  | AddressStep
  | GuePortStep
  | DefaultRouteStep
  | BootFileStep;

export interface SetupPlan {
  readonly steps: readonly SetupStep[];
  /** Notes for the administrator, one line each. */
  readonly notes: readonly string[];
}

/** Result of a check: nothing to do. */
export const ALREADY_SET = 'already set';

/** The state before a step, to be restored by undo. It is JSON, because the journal is a file. */
export type Previous = string | null | { readonly [key: string]: Previous };

/** Steps of one kind: how to describe, check, apply and undo them. */
export interface StepKind<S extends SetupStep> {
  /** Equal for steps that change the same thing. */
  key(step: S): string;
  /** What the step does, in the imperative. */
  describe(step: S): string;
  /** Shell command that does the same. */
  command(step: S): string;
  /** The state before the step, or {@link ALREADY_SET}. @throws HostError */
  check(step: S, machine: Machine): Promise<Previous | typeof ALREADY_SET>;
  /** @returns a note for the administrator; undefined if there is nothing to say */
  apply(step: S, machine: Machine): Promise<string | undefined>;
  /** Why others may rely on the step by now, so that it is not undone; undefined if nothing says so. */
  reliance?(step: S, machine: Machine): Promise<string | undefined>;
  /**
   * Restores the previous state. Does nothing if the step was never applied or is already undone. Missing for steps that
   * cannot be undone.
   * @returns a note about a state that was left alone, because another program has changed it since
   */
  undo?(step: S, machine: Machine, previous: Previous): Promise<string | undefined>;
}

/** Removes something that may be gone already: with its link, or the kernel answers with one of these errnos. */
export async function removeUnlessGone(remove: () => Promise<void>, ...gone: number[]): Promise<undefined> {
  try {
    await remove();
  } catch (error) {
    const isGone = error instanceof HostError || (error instanceof KernelError && gone.includes(error.errno));
    if (!isGone) throw error;
  }
}
