/** One step of setting a machine up, as data: what shall hold, not how it comes about. */
import type { Family } from '../../model/address.js';
import type { Machine } from '../../system/machine.js';
import type { DefaultRoute, NewAddress, NewLink } from '../../system/network.js';

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
  readonly path: string;
  /** What is written where the setting is not as it should be. */
  readonly value: string;
  /** Values that serve as well and stay. */
  readonly accepted?: readonly string[];
  /** Settings of which the kernel takes the largest, this one being among them. */
  readonly maximumWith?: string;
  /** Settings that the kernel changes along with this one; `*` stands for every interface. */
  readonly disturbs?: readonly string[];
}

export interface AddressStep extends NewAddress {
  readonly do: 'address';
  /** Tell the neighbours, who may know the address at another machine. */
  readonly announce?: boolean;
}

export interface GuePortStep {
  readonly do: 'guePort';
  readonly port: number;
  readonly family: Family;
}

export interface DefaultRouteStep extends DefaultRoute {
  readonly do: 'defaultRoute';
}

export type Step = ModuleStep | LinkStep | UpStep | SysctlStep | AddressStep | GuePortStep | DefaultRouteStep;

/** What stays the same when a step holds already. */
export const HELD = 'held';

/** What was there before, so that it can be put back: JSON, for it goes into a file. */
export type Was = string | null | { readonly [key: string]: Was };

/** How steps of one kind are told and carried out. */
export interface StepKind<S extends Step> {
  /** Equal for steps that would change the same thing. */
  key(step: S): string;
  /** What the step does, in the imperative. */
  describe(step: S): string;
  /** A command that does the same, for people. */
  command(step: S): string;
  /** What was there before; `held` where there is nothing to do. @throws HostError */
  look(step: S, machine: Machine): Promise<Was | typeof HELD>;
  /** @returns what is worth knowing although it is no failure */
  apply(step: S, machine: Machine): Promise<string | undefined>;
  /**
   * Puts back what was there; does nothing where the step was never carried out or somebody else undid it. Missing for
   * what stays.
   * @returns what could not be put back because somebody else changed it since
   */
  undo?(step: S, machine: Machine, was: Was): Promise<string | undefined>;
}
