// A real server's web server: it answers with its name, so that the client learns who it was.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ServeOptions {
  /** What the server answers. */
  name: string;
  /** 0 lets the system choose. */
  port: number;
}

/** Listens on every address of the host, IPv4 and IPv6; the port. */
export function serveHttp({ name, port }: ServeOptions): Promise<number> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain');
    response.end(`${name}\n`);
  });
  // A held connection is idle for as long as a test pleases.
  server.keepAliveTimeout = 0;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '::', port, backlog: 1024 }, () => resolve((server.address() as AddressInfo).port));
  });
}
