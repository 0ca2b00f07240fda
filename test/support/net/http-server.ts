// A real server's web server: it answers with its name, so that the client learns who it was. On node:net and not on
// node:http, because of an emulated machine's time: half as much for each request.
import { type AddressInfo, createServer } from 'node:net';

export interface ServeOptions {
  /** What the server answers. */
  name: string;
  /** 0 lets the system choose. */
  port: number;
  /** Bytes of blanks after it, for those to whom an answer's size matters. */
  padding?: number;
}

const endOfRequest = '\r\n\r\n';

/** Listens on every address of the host, IPv4 and IPv6; the port. A connection is the client's to close. */
export function serveHttp({ name, port, padding = 0 }: ServeOptions): Promise<number> {
  const body = `${name}\n${' '.repeat(padding)}`;
  const answer = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const server = createServer({ noDelay: true }, (connection) => {
    let received = '';
    connection.setEncoding('latin1');
    connection.on('data', (data: string) => {
      received += data;
      for (let end = received.indexOf(endOfRequest); end >= 0; end = received.indexOf(endOfRequest)) {
        received = received.slice(end + endOfRequest.length);
        connection.write(answer);
      }
    });
    // A client that gives up is the client's matter.
    connection.on('error', () => {});
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '::', port, backlog: 1024 }, () => resolve((server.address() as AddressInfo).port));
  });
}
