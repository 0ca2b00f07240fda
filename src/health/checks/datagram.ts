/** One datagram out, and the answer. Node's modules are loaded at the first use. */
import { familyOf } from '../../model/address.js';
import { awaited, type CheckTarget } from './check.js';

/**
 * Sends a datagram from a socket of its own, which takes nothing but answers of the target.
 * @param accepts whether a datagram is the answer; others are ignored
 * @throws Unanswered, or an error of Node's: ECONNREFUSED if ICMP says that nobody listens
 */
export async function askByDatagram(
  { address, port, bind, bindPort = 0 }: CheckTarget,
  request: Uint8Array,
  signal: AbortSignal,
  accepts: (answer: Buffer) => boolean = () => true,
): Promise<Buffer> {
  const type = familyOf(address) === 'inet' ? 'udp4' : 'udp6';
  const socket = process.getBuiltinModule('node:dgram').createSocket(type);
  try {
    return await awaited<Buffer>(signal, 'answer', (resolve, reject) => {
      socket.on('error', reject).on('message', (answer: Buffer) => {
        if (accepts(answer)) resolve(answer);
      });
      const connect = (): void => {
        socket.connect(port, address, () => socket.send(request, (error) => error && reject(error)));
      };
      if (bind === undefined) connect();
      else socket.bind(bindPort, bind, connect);
    });
  } finally {
    // An error that comes while it closes changes no result.
    socket.removeAllListeners('error').on('error', () => {});
    socket.close();
  }
}
