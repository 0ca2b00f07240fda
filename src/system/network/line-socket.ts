/** Questions and answers of one line each over a Unix socket that only its owner can open. Node's modules are loaded at the first use. */
import type { Server, Socket } from 'node:net';
import { cannot, HostError } from '../../errors.js';
import { codeOf, type Files, removeIfThere } from '../files/files.js';
import { listening } from './listening.js';

const { getBuiltinModule } = process;

/** Bytes of a question; the answer is ours. */
const LONGEST_QUESTION = 65_536;
const CONNECTIONS = 64;
/** Milliseconds without a byte after which a connection is closed, on both sides. */
const IDLE = 10_000;

/** To one line, without its end; an answer that takes longer delays those to later questions of the same client. */
export type Answer = (question: string) => string | Promise<string>;

export interface LineServer {
  close(): Promise<void>;
}

/**
 * Answers questions on a socket of mode 0600. The caller holds a lock, so that a socket that is there already is left over.
 * @param answer it never rejects
 * @throws HostError if nothing can listen there
 */
export async function serveLines(
  path: string,
  answer: Answer,
  files: Pick<Files, 'unlinkSync'>,
): Promise<LineServer> {
  const sockets = new Set<Socket>();
  const server = getBuiltinModule('node:net').createServer((socket) => {
    if (sockets.size >= CONNECTIONS) return void socket.destroy();
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    converse(socket, answer);
  });
  try {
    removeIfThere(path, files);
    await listeningAlone(server, path);
  } catch (error) {
    throw cannot(`listen on ${path}`, error);
  }
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** bind(2) takes the mode from the mask. */
function listeningAlone(server: Server, path: string): Promise<void> {
  const mask = process.umask(0o177);
  try {
    return listening(server, { path });
  } finally {
    process.umask(mask);
  }
}

function converse(socket: Socket, answer: Answer): void {
  let received = '';
  let answered: Promise<unknown> = Promise.resolve();
  socket.setEncoding('utf8').setTimeout(IDLE, () => socket.destroy());
  // A client that is gone is no loss.
  socket.on('error', () => {});
  socket.on('data', (text: string) => {
    received += text;
    for (let end = received.indexOf('\n'); end >= 0; end = received.indexOf('\n')) {
      const question = received.slice(0, end);
      received = received.slice(end + 1);
      answered = answered.then(async () => {
        // Who does not read the answers gets no further ones.
        if (socket.writableNeedDrain) return void socket.destroy();
        const line = await answer(question);
        if (!socket.destroyed) socket.write(`${line}\n`);
      });
    }
    if (received.length > LONGEST_QUESTION) socket.destroy();
  });
}

/**
 * Asks one question.
 * @param patience milliseconds without a byte after which there is no answer
 * @throws HostError `absent` says why, if nobody listens there
 */
export async function askLine(
  path: string,
  question: string,
  doing: string,
  absent: string,
  patience = IDLE,
): Promise<string> {
  const socket = getBuiltinModule('node:net').connect({ path });
  try {
    return await new Promise((resolve, reject) => {
      let received = '';
      socket.setEncoding('utf8').setTimeout(patience, () => reject(new HostError(doing, 'no answer')));
      socket.once('error', (error) => {
        const isAbsent = ['ENOENT', 'ENOTDIR', 'ECONNREFUSED'].includes(codeOf(error) ?? '');
        reject(isAbsent ? new HostError(doing, absent) : cannot(doing, error));
      });
      socket.on('data', (text: string) => {
        received += text;
        if (text.includes('\n')) resolve(received.slice(0, received.indexOf('\n')));
      });
      socket.once('close', () => reject(new HostError(doing, 'the connection was closed')));
      socket.write(`${question}\n`);
    });
  } finally {
    socket.destroy();
  }
}
