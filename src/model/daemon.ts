/** The connection synchronization daemons. */
export type DaemonState = 'master' | 'backup';

/** Settings of a daemon. The kernel has defaults for the missing ones: `kernelDaemonDefaults`. */
export interface Daemon {
  readonly state: DaemonState;
  /** Interface whose multicast the daemon uses, at most 15 bytes. */
  readonly interface: string;
  /** 0 to 255; a backup with 0 takes the messages of every master. */
  readonly syncId: number;
  /** Largest sync message in bytes, 1 to 65507; the kernel's default follows the interface's MTU. */
  readonly maxLength?: number | undefined;
  /** Multicast group, canonical. */
  readonly group?: string | undefined;
  /** UDP port, 1 to 65535. */
  readonly port?: number | undefined;
  /** 1 to 255. */
  readonly ttl?: number | undefined;
}

/** Values of settings that an administrator leaves out: ipvsadm(8). */
export const daemonDefaults = { interface: 'eth0', syncId: 0 } as const;

/** The kernel's values of settings that a request leaves out: ip_vs_sync.c. */
export const kernelDaemonDefaults = { group: '224.0.0.81', port: 8848, ttl: 1 } as const;

/** A daemon's group, port and hops, with the kernel's defaults for the missing ones. */
export const multicastOf = ({
  group = kernelDaemonDefaults.group,
  port = kernelDaemonDefaults.port,
  ttl = kernelDaemonDefaults.ttl,
}: Pick<Daemon, 'group' | 'port' | 'ttl'>) => ({ group, port, ttl });
