/** TCP connections of checks, with TLS on top where a kind asks for it. Node's modules are loaded at the first use. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { TlsSettings } from '../../model/check.js';
import { awaited, CheckFailure, type CheckTarget } from './check.js';
import { Received } from './received.js';

const { getBuiltinModule } = process;

const DAY = 86_400_000;

/** Of checks without `tls`. */
export const plainTls: TlsSettings = { verify: false, days: 0 };

/** An open connection, which the caller destroys. @throws as RunKind does */
export async function connect(target: CheckTarget, signal: AbortSignal): Promise<Socket> {
  const { address, port, bind, bindPort } = target;
  const socket = getBuiltinModule('node:net').connect({
    host: address,
    port,
    ...(bind !== undefined && { localAddress: bind }),
    ...(bindPort !== undefined && { localPort: bindPort }),
  });
  // An error between two waits comes again as the end of the connection.
  socket.on('error', () => {});
  try {
    await awaited<void>(signal, 'connection', (resolve, reject) => {
      socket.once('connect', () => resolve()).once('error', reject);
    });
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/**
 * An open connection with TLS, which the caller destroys. The certificate is valid for as many days as the settings say.
 * @param alpn the protocol to ask for: `h2`
 * @throws as RunKind does
 */
export async function connectTls(
  target: CheckTarget,
  settings: TlsSettings,
  signal: AbortSignal,
  alpn?: string,
): Promise<TLSSocket> {
  const { name, verify, ca } = settings;
  const certificates = ca === undefined ? undefined : await readCertificates(ca);
  const socket = await connect(target, signal);
  try {
    const secure = await awaited<TLSSocket>(signal, 'TLS handshake', (resolve, reject) => {
      const secure = getBuiltinModule('node:tls').connect({
        socket,
        // The certificate is compared with the address if no name is asked for.
        host: target.address,
        rejectUnauthorized: verify,
        ...(name !== undefined && { servername: name }),
        ...(certificates !== undefined && { ca: certificates }),
        ...(alpn !== undefined && { ALPNProtocols: [alpn] }),
      });
      secure
        .once('secureConnect', () => resolve(secure))
        .once('close', () => reject(new CheckFailure('closed in the TLS handshake')))
        .on('error', reject);
    });
    checkDays(daysLeft(secure), settings.days);
    return secure;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** @throws CheckFailure */
async function readCertificates(path: string): Promise<string> {
  const { readFile } = getBuiltinModule('node:fs').promises;
  return readFile(path, 'utf8').catch((error) => {
    throw new CheckFailure(`cannot read ${path}: ${error.code}`);
  });
}

/** Whole days for which the server's certificate is still valid; negative if it has ended. */
export const daysLeft = (socket: TLSSocket): number =>
  Math.floor((Date.parse(socket.getPeerCertificate().valid_to) - Date.now()) / DAY);

function checkDays(left: number, wanted: number): void {
  if (wanted === 0 || left >= wanted) return;
  const reason = left < 0 ? `certificate ended ${-left} days ago` : `certificate ends in ${left} days`;
  throw new CheckFailure(reason, { days: left });
}

/**
 * Reads until `isComplete` says that all is there, the server closes, or the answer is as long as it may be.
 * @param missing the answer as a noun, for the reason of a failure
 * @param isComplete is asked with all bytes, and with the offset of those that it has not seen
 */
export async function readUntil(
  socket: Socket,
  missing: string,
  signal: AbortSignal,
  isComplete: (received: Buffer, from: number) => boolean,
): Promise<Buffer> {
  const received = new Received();
  let stop = (): void => {};
  try {
    return await awaited<Buffer>(signal, missing, (resolve, reject) => {
      const data = (chunk: Buffer): void => {
        const from = received.add(chunk);
        if (received.isFull || isComplete(received.bytes, from)) resolve(received.bytes);
      };
      const end = (): void => resolve(received.bytes);
      socket.on('data', data).on('end', end).on('close', end).on('error', reject);
      stop = () => socket.off('data', data).off('end', end).off('close', end).off('error', reject).pause();
      if (socket.destroyed || socket.readableEnded) end();
      // The last wait has paused it.
      socket.resume();
    });
  } finally {
    stop();
  }
}
