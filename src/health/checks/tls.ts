/** A TLS handshake succeeds. */
import type { RunKind } from './check.js';
import { connectTls, daysLeft, plainTls } from './connection.js';

export const run: RunKind<'tls'> = async (target, { tls = plainTls }, signal) => {
  const socket = await connectTls(target, tls, signal);
  try {
    const days = daysLeft(socket);
    const validity = days < 0 ? `ended ${-days} days ago` : `ends in ${days} days`;
    return { reason: `${socket.getProtocol()}, certificate ${validity}`, detail: { days } };
  } finally {
    socket.destroy();
  }
};
