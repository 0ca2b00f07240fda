/** A machine in memory with a small table. Each command line runs on one of its own, as in a process of its own. */
import fs, { createReadStream } from 'node:fs';
import { main } from '../../src/cli/main.js';
import { TransportError } from '../../src/errors.js';
import { type ClientOptions, IpvsClient } from '../../src/ipvs/client.js';
import type { Destination } from '../../src/model/destination.js';
import type { Service, ServiceId } from '../../src/model/service.js';
import type { OpenSocket } from '../../src/netlink/transport/socket.js';
import type { Files } from '../../src/system/files/files.js';
import { Captured } from '../support/captured.js';
import { chunks, contextWith } from '../support/context.js';
import { FakeIpvs } from '../support/fake-ipvs.js';
import { serverRow, serviceRow } from '../support/rows.js';

export interface CommandLine {
  readonly words: readonly string[];
  /** The name that the program is called by (default: lvsadm). */
  readonly program?: string;
  readonly stdin?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
}

export interface Ran extends CommandLine {
  readonly status: number;
  readonly out: string;
  readonly err: string;
  /** Requests that changed the table, and requests that it refused. */
  readonly changes: number;
  readonly refusals: number;
  readonly milliseconds: number;
}

const table: readonly (readonly [ServiceId, Partial<Service>, readonly Destination[]])[] = [
  [
    { protocol: 'tcp', address: '192.0.2.1', port: 80 },
    { scheduler: 'wlc' },
    [serverRow('198.51.100.7', 80, { weight: 5 }), serverRow('198.51.100.8', 8080, { weight: 0 })],
  ],
  [
    { protocol: 'udp', address: '2001:db8::1', port: 5060 },
    { onePacket: true },
    [serverRow('2001:db8:7::7', 5060, { method: 'dr' })],
  ],
  [
    { fwmark: 7, family: 'inet' },
    { persistence: { timeout: 300, netmask: '255.255.255.0', engine: undefined } },
    [serverRow('198.51.100.7', 0, { method: 'dr', upperThreshold: 10, lowerThreshold: 5 })],
  ],
];

const start = new FakeIpvs();
for (const [id, settings, destinations] of table) {
  start.carryOut({ do: 'addService', service: serviceRow(id, settings) });
  for (const destination of destinations) start.carryOut({ do: 'addDestination', of: id, destination });
}

/** An IPVS with the table. */
export const freshIpvs = (): FakeIpvs => start.copy();

/** Working directory of the processes that fuzz, on a file system of their own, with the programs' names in it. */
export const DIRECTORY = '/run/robust';

/** Pauses of a command before it is asked to stop: `--watch` and `--over` would run for ever. */
const PAUSES = 20;

/** Milliseconds after which one is asked to stop that waits without pauses, as `metrics --listen` does for its clients. */
const PATIENCE = 1000;

/** Files that every machine with IPVS has, by path. */
const files: Readonly<Record<string, string>> = {
  '/etc/services': 'domain 53/udp\nhttp 80/tcp www\nhttps 443/tcp\nsip 5060/udp\n',
  '/etc/hosts': '127.0.0.1 localhost\n',
  '/proc/net/ip_vs_conn': '',
  '/proc/net/ip_vs_conn_sync': '',
};

/** No other process locks files here. */
const stateFiles: Files = { ...fs, flock: async () => true };

const noSocket: OpenSocket = () => {
  throw new TransportError('system', 'open', 'protocol not supported', 93);
};

export interface Wire extends ClientOptions {
  /** Leads to the IPVS, perhaps damaged on the way. */
  readonly open?: OpenSocket;
}

export async function run(
  line: CommandLine,
  ipvs = freshIpvs(),
  { open = ipvs.open, ...options }: Wire = {},
): Promise<Ran> {
  const { words, program = 'lvsadm', stdin = '', env = {} } = line;
  const out = new Captured();
  const err = new Captured();
  const stop = new AbortController();
  let client: Promise<IpvsClient> | undefined;
  let clock = 0;
  let pauses = 0;
  const context = contextWith({
    program: `${DIRECTORY}/${program}`,
    out,
    err,
    env: { LVSADM_RUN: DIRECTORY, LVSADM_STATE_DIR: DIRECTORY, ...env },
    stdin: chunks(stdin, 4096),
    readFile: (path) => (Object.hasOwn(files, path) ? chunks(files[path]) : createReadStream(path)),
    files: stateFiles,
    client: () => {
      client ??= IpvsClient.open(open, options);
      return client;
    },
    openClient: (how) => IpvsClient.open(open, { ...options, ...how }),
    // Another namespace is another machine: its process ends well.
    runInNetns: async () => 0,
    runSelf: async () => ({ status: 0, out: '{\n}\n' }),
    openSocket: noSocket,
    stopRequest: () => stop.signal,
    now: () => clock,
    sleep: async (milliseconds) => {
      clock += milliseconds;
      if (++pauses >= PAUSES) stop.abort('SIGTERM');
    },
  });
  const { changes, refusals } = ipvs;
  const began = performance.now();
  const patience = setTimeout(() => stop.abort('SIGTERM'), PATIENCE);
  const status = await main(words, context);
  clearTimeout(patience);
  const milliseconds = performance.now() - began;
  (await client?.catch(() => undefined))?.close();
  return {
    ...line,
    status,
    out: out.text,
    err: err.text,
    changes: ipvs.changes - changes,
    refusals: ipvs.refusals - refusals,
    milliseconds,
  };
}
