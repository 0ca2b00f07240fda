/**
 * How distributions fill the table at boot with ipvsadm, as their packages of version 1.31 do: which files the service reads.
 * Debian 12 and 13, Fedora and RHEL, openSUSE, Alpine and Gentoo, Arch Linux.
 */
import type { Variables } from './shell-variables.js';

export interface BootSetup {
  readonly name: string;
  /** Text in the definition of the service that tells it from the others. */
  readonly mentions: string;
  /** File of shell variables that the service reads. */
  readonly variables?: string;
  /** File with the rules of `ipvsadm -S`; undefined if none is loaded. */
  rules(variables: Variables): string | undefined;
  /** The variables of sync daemons have the names that Debian gives them. */
  readonly startsDaemons?: true;
  /** The service saves the table in the file of rules when it stops. */
  readonly savesOnStop?: true;
}

const debianRules = '/etc/ipvsadm.rules';

/** In this order: some mention what others mention too. */
export const bootSetups: readonly BootSetup[] = [
  {
    name: 'Debian',
    mentions: '/etc/default/ipvsadm',
    variables: '/etc/default/ipvsadm',
    rules: (variables) => (variables.get('AUTO')?.value === 'true' ? debianRules : undefined),
    startsDaemons: true,
  },
  {
    name: 'SUSE',
    mentions: 'IPVSADM_CONFIG',
    variables: '/etc/sysconfig/ipvsadm',
    rules: (variables) => variables.get('IPVSADM_CONFIG')?.value ?? debianRules,
  },
  {
    name: 'Fedora and RHEL',
    mentions: '/etc/sysconfig/ipvsadm',
    rules: () => '/etc/sysconfig/ipvsadm',
    savesOnStop: true,
  },
  {
    name: 'Alpine',
    mentions: '/var/lib/ipvsadm/rules-save',
    rules: () => '/var/lib/ipvsadm/rules-save',
  },
  { name: 'Arch Linux', mentions: '/etc/ipvsadm.conf', rules: () => '/etc/ipvsadm.conf' },
];
