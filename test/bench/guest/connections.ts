/** Connection tables to list: real ones, and recorded ones that stand in for them. */
import { execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { formatTable } from '../../support/connection-table.js';

const execute = promisify(execFile);

const virtual = { address: '10.99.0.1', port: 53 };
const clients = 200;
const clientAddress = (index: number): string => `10.98.${index % clients}.1`;
const clientPort = (index: number): number => 1024 + Math.floor(index / clients);
/** Seconds; connections must not leave while they are listed. */
const timeout = 7200;
const atOnce = 250;

/** Makes them `to` connections where there are `from`: datagrams of different clients to a service on this machine. */
export async function openConnections(
  ipvsadm: (words: readonly string[]) => Promise<unknown>,
  from: number,
  to: number,
): Promise<void> {
  const service = `${virtual.address}:${virtual.port}`;
  if (from === 0) {
    await execute('ip', ['route', 'add', 'local', '10.98.0.0/15', 'dev', 'lo']);
    await ipvsadm(['--set', '0', '0', String(timeout)]);
    await ipvsadm(['-C']);
    await ipvsadm(['-A', '-u', service, '-s', 'rr']);
    await ipvsadm(['-a', '-u', service, '-r', service, '-g']);
  }
  // Somebody must be there, or each datagram is answered that nobody is.
  const sink = createSocket('udp4');
  sink.bind(virtual.port, virtual.address);
  await once(sink, 'listening');
  for (let start = from; start < to; start += atOnce) {
    const wave = Array.from({ length: Math.min(atOnce, to - start) }, (_, index) => start + index);
    await Promise.all(wave.map(sendFrom));
  }
  sink.close();
}

async function sendFrom(index: number): Promise<void> {
  const socket = createSocket('udp4');
  socket.bind(clientPort(index), clientAddress(index));
  await once(socket, 'listening');
  await new Promise<void>((resolve, reject) =>
    socket.send('x', virtual.port, virtual.address, (error) => (error ? reject(error) : resolve())),
  );
  socket.close();
}

/**
 * A place of its own for a command: /proc/net/ip_vs_conn is this file there, and the rest of /proc is what it was.
 * Runtimes look themselves up in it.
 */
const standIn = `mkdir "$1.proc" && mount --rbind /proc "$1.proc" && mount -t tmpfs none /proc &&
mkdir /proc/net && ln -s "$1" /proc/net/ip_vs_conn &&
for entry in "$1".proc/[a-z]*; do test "\${entry##*/}" = net || ln -s "$entry" /proc/; done &&
shift && exec "$@"`;

/** Writes the table, and says how to run a command that reads it. */
export async function recordedTable(path: string, lines: number): Promise<string[]> {
  const file = await open(path, 'w');
  for (const piece of formatTable(lines)) await file.write(piece);
  await file.close();
  return ['unshare', '--mount', 'sh', '-c', standIn, 'sh', path];
}
