/**
 * A large release: 10,000 services in 100 documents are read from a real etcd, checked, and planned for a table that is empty and for one
 * that is as they say. Each round is a process of its own, as a director that starts is.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { parseDocuments } from '../../../src/document/load.js';
import { EtcdStore } from '../../../src/fleet/etcd/etcd-store.js';
import { type FleetDocument, pushRelease } from '../../../src/fleet/releases.js';
import { IpvsClient } from '../../../src/ipvs/client.js';
import { Protocol } from '../../../src/netlink/transport/socket.js';
import { readState } from '../../../src/plan/current.js';
import { diff } from '../../../src/plan/diff.js';
import { stagesOf } from '../../../src/plan/stages.js';
import { EtcdCluster } from '../../lab/etcd-cluster.js';
import { FakeIpvs } from '../../support/fake-ipvs.js';
import { spreadOf } from '../statistics.js';
import type { Reading, Task } from './reading.js';
import { type Recording, RecordingSocket } from './recorded-socket.js';

const DOCUMENTS = 100;
/** Of a document. */
const SERVICES = 100;
const ROUNDS = 7;

const PREFIX = '/lvs/bench/';

const serviceText = (
  document: number,
  index: number,
): string => `  - service: tcp://10.${document}.${index}.1:80
    scheduler: wlc
    servers:
      - 172.16.${document}.${index}
      - { server: 172.17.${document}.${index}, weight: 2 }
      - 172.18.${document}.${index}
`;

/** As people write them. */
const documents = (): FleetDocument[] =>
  Array.from({ length: DOCUMENTS }, (_, document) => ({
    name: `pool-${document}.yaml`,
    text: `services:\n${Array.from({ length: SERVICES }, (_, index) => serviceText(document, index)).join('')}`,
  }));

/** What a kernel answers whose table is empty, and one whose table is as the documents say. */
async function recordTables(texts: readonly FleetDocument[]): Promise<Pick<Task, 'empty' | 'equal'>> {
  const desired = await parseDocuments(texts.map(({ name, text }) => ({ file: name, text })));
  const ipvs = new FakeIpvs();
  // A datagram of a kernel has 8 KiB and more.
  ipvs.messagesPerDatagram = 40;
  const record = async (): Promise<Recording> => {
    const socket = new RecordingSocket(await ipvs.open(Protocol.generic));
    await readState(await IpvsClient.open(() => socket), { desired: desired.services });
    return socket.recording;
  };
  const empty = await record();
  const client = await ipvs.client();
  const changes = stagesOf(diff(await readState(client), desired)).flat();
  const refused = (await client.applyAll(changes)).find((error) => error !== undefined);
  if (refused !== undefined) throw refused;
  return { empty, equal: await record() };
}

/** Lines of results. */
export async function* measureDocuments(): AsyncGenerator<string> {
  const cluster = await EtcdCluster.start(1);
  const { endpoints } = cluster;
  try {
    const operator = new EtcdStore('etcd:', PREFIX, { endpoints });
    const texts = documents();
    await pushRelease(operator, texts, { author: 'bench', time: new Date().toISOString() });
    operator.close();
    const task = { endpoints, prefix: PREFIX, ...(await recordTables(texts)) };
    const rounds: Reading[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await read(task));
    const megabytes = texts.reduce((sum, { text }) => sum + text.length, 0) / 1e6;
    yield `${DOCUMENTS * SERVICES} services in ${DOCUMENTS} documents of ${megabytes.toFixed(1)} MB; milliseconds of processor time, least (median) of ${ROUNDS} processes:`;
    for (const part of ['read', 'check', 'planEmpty', 'planEqual', 'allEmpty', 'allEqual'] as const) {
      const { least, median } = spreadOf(rounds.map((round) => round[part]));
      yield `  ${part.padEnd(9)} ${least.toFixed(0).padStart(6)} (${median.toFixed(0)})`;
    }
  } finally {
    await cluster.end();
  }
}

async function read(task: Task): Promise<Reading> {
  const child = fork(join(import.meta.dirname, 'reading.js'), { serialization: 'advanced' });
  const failed = once(child, 'exit').then(([status]) => {
    throw new Error(`the process that reads ended with ${status}`);
  });
  failed.catch(() => {});
  child.send(task);
  const [reading] = (await Promise.race([once(child, 'message'), failed])) as [Reading];
  return reading;
}
