/** The interface of a netlink socket. Everything above it is the same for every implementation. */
import { Errno, TransportError } from '../../errors.js';

/** One datagram, whole. */
export interface Datagram {
  /** Valid until the next call of `receive`: a socket may use the same memory again. */
  readonly bytes: Uint8Array;
  /** Port id of the sender: 0 is the kernel. */
  readonly sender: number;
}

export interface NetlinkSocket {
  /** Port id that the socket is bound to. */
  readonly port: number;

  /** Bytes of kernel memory for unread answers (SO_RCVBUF as the kernel reports it); beyond it answers are lost. */
  readonly receiveBuffer: number;

  /** Bytes of the largest datagram that the kernel takes from this socket. */
  readonly largestSend: number;

  /**
   * Sends one datagram to the kernel. The bytes must not change until it returns or its promise resolves.
   * @throws TransportError; or the next `receive` throws it, in place of the answer
   */
  send(bytes: Uint8Array): Promise<void> | void;

  /**
   * The next datagram.
   * @param timeout milliseconds to wait for it
   * @throws TransportError with the reason `deadline` when none came in time, `truncated` when one did not fit, `overrun`
   * when the kernel had to drop some (ENOBUFS).
   */
  receive(timeout: number): Promise<Datagram> | Datagram;

  /** Closes the socket. A second call does nothing. */
  close(): void;
}

/**
 * Bytes of kernel memory that a socket asks for: a send is at most a batch (netlink/batch.ts), and the kernel grants up to twice
 * net.core.rmem_max for answers.
 */
export const bufferSizes = { send: 256 * 1024, receive: 1024 * 1024 } as const;

/**
 * The largest datagram for a send buffer of this size (SO_SNDBUF as the kernel reports it): the kernel refuses a longer one with
 * EMSGSIZE (netlink_sendmsg in net/netlink/af_netlink.c). net.core.wmem_max may make the buffer as small as 9 KiB.
 */
export const largestSend = (sendBuffer: number): number => sendBuffer - 32;

/** A failed system call of a socket. ENOBUFS while receiving means that the kernel dropped answers. */
export const socketFailure = (operation: string, detail: string, errno: number | undefined): TransportError =>
  new TransportError(
    operation === 'receive' && errno === Errno.ENOBUFS ? 'overrun' : 'system',
    operation,
    detail,
    errno,
  );

/** Netlink protocol numbers: linux/netlink.h. */
export const Protocol = { route: 0, generic: 16 } as const;

export type OpenSocket = (protocol: number) => NetlinkSocket | Promise<NetlinkSocket>;

/** The clock of deadlines: milliseconds that only go forward. Node's `performance` would load a dozen modules at its first touch. */
export const monotonic = (): number => process.uptime() * 1000;
