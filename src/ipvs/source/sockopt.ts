/**
 * The interface that IPVS had before netlink: options of sockets of IPv4 (linux/ip_vs.h). One call tells the servers of a
 * service in a tenth of the time of a dump, where a socket can be asked for any option: with the C library.
 */

/** IP_VS_SO_GET_*: what `value` is in the structures of linux/ip_vs.h. */
export const Option = { services: 0x482, destinations: 0x484 } as const;

/** A socket of IPv4 in the process's network namespace. */
export interface OptionSocket {
  /** Has the kernel fill in the value of an option, whose length it checks. False where it does not. */
  read(option: number, value: Uint8Array): boolean;
  close(): void;
}
