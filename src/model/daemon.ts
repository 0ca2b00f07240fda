/** The connection synchronization daemons. */
export type DaemonState = 'master' | 'backup';

/** Settings of a daemon. The kernel has defaults for the missing ones. */
export interface Daemon {
  readonly state: DaemonState;
  /** Interface whose multicast the daemon uses, at most 15 bytes. */
  readonly interface: string;
  /** 0 to 255; a backup with 0 takes the messages of every master. */
  readonly syncId: number;
  /** Largest sync message in bytes, 1 to 65507; the kernel's default follows the interface's MTU. */
  readonly maxLength?: number | undefined;
  /** Multicast group, canonical; the kernel's default is 224.0.0.81. */
  readonly group?: string | undefined;
  /** UDP port, 1 to 65535; the kernel's default is 8848. */
  readonly port?: number | undefined;
  /** 1 to 255; the kernel's default is 1. */
  readonly ttl?: number | undefined;
}

/** Settings of a daemon that an administrator leaves out: ipvsadm(8). */
export const daemonDefaults = { interface: 'eth0', syncId: 0 } as const;
