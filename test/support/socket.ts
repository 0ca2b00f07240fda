/** The socket of the distribution under test: that of the runtime which runs the test. */
import type { NetlinkSocket } from '../../src/netlink/transport/socket.js';

export const openSocket: (protocol: number) => NetlinkSocket =
  process.versions['bun'] === undefined
    ? (await import('../../src/netlink/transport/node.js')).openNodeSocket
    : (await import('../../src/netlink/transport/bun.js')).openBunSocket;
