/** A server of node:net or node:http that begins to listen. */
import type { ListenOptions, Server } from 'node:net';

/**
 * Resolves once the server listens. bind(2) has come before this returns, so that the caller may set the mask of a socket's mode around it.
 * @throws errors of node:net
 */
export const listening = (server: Server, where: ListenOptions): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(where, () => {
      server.off('error', reject);
      // Without a listener an error of accept(2), such as too many open files, would end the program.
      server.on('error', () => {});
      resolve();
    });
  });
