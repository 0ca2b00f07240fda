/** Commands that change the table and keep state, the machine that they run on, and the ways to go on after an interruption. */
import assert from 'node:assert/strict';
import fs, { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../../src/cli/main.js';
import { IpvsClient } from '../../src/ipvs/client.js';
import type { ServiceId } from '../../src/model/service.js';
import type { State } from '../../src/model/state.js';
import { readState } from '../../src/plan/current.js';
import type { Files } from '../../src/system/files/files.js';
import { normal } from '../support/arbitrary-state.js';
import { Captured } from '../support/captured.js';
import { chunks, contextWith } from '../support/context.js';
import { FakeIpvs } from '../support/fake-ipvs.js';
import { serverRow, serviceRow } from '../support/rows.js';
import { countedFiles, countedSockets, FileLocks, type Steps, uninterrupted } from '../support/steps.js';

const web: ServiceId = { protocol: 'tcp', address: '192.0.2.1', port: 80 };
const hashed: ServiceId = { protocol: 'tcp', address: '192.0.2.1', port: 443 };
const marked: ServiceId = { fwmark: 7, family: 'inet' };

/** Three services that share a host; one hashes clients, which takes a flag to drain. */
function freshIpvs(): FakeIpvs {
  const ipvs = new FakeIpvs();
  for (const [id, scheduler] of [
    [web, 'wlc'],
    [hashed, 'mh'],
    [marked, 'sh'],
  ] as const) {
    ipvs.carryOut({ do: 'addService', service: serviceRow(id, { scheduler }) });
    for (const [address, weight] of [
      ['198.51.100.1', 5],
      ['198.51.100.2', 3],
    ] as const) {
      const port = 'port' in id ? id.port : 0;
      ipvs.carryOut({ do: 'addDestination', of: id, destination: serverRow(address, port, { weight }) });
    }
  }
  return ipvs;
}

interface Line {
  readonly words: readonly string[];
  readonly stdin?: string;
  readonly program?: string;
}

export interface Stop {
  request?: AbortController;
}

interface Interruptible {
  readonly requests?: Steps;
  readonly files?: Steps;
  readonly stop?: Stop;
}

/** The files of a user who may not write the history. */
const withoutHistory: Files = {
  ...fs,
  openSync(path, flags, mode) {
    if (flags & fs.constants.O_CREAT && /\/history[^/]*$/.test(path))
      throw Object.assign(new Error('EACCES'), { code: 'EACCES', errno: -13 });
    return fs.openSync(path, flags, mode);
  },
};

/** A machine whose processes share a table, files and locks. */
export class Machine {
  readonly ipvs = freshIpvs();
  private readonly directory = mkdtempSync(join(tmpdir(), 'lvsadm-robust-'));
  private readonly locks = new FileLocks();
  /** The command lines that are to run later. */
  readonly later: Line[] = [];

  /** @param hasHistory whether its user may write the history: that is a dozen steps more for each command */
  constructor(private readonly hasHistory = false) {}

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true });
  }

  /** @param stop is filled when the process handles SIGTERM, which ends it otherwise */
  async run(line: Line, { requests = uninterrupted(), files = uninterrupted(), stop }: Interruptible = {}) {
    const out = new Captured();
    const err = new Captured();
    let client: Promise<IpvsClient> | undefined;
    let time = 0;
    const context = contextWith({
      program: `/usr/sbin/${line.program ?? 'lvsadm'}`,
      out,
      err,
      env: { LVSADM_RUN: join(this.directory, 'run'), LVSADM_STATE_DIR: join(this.directory, 'state') },
      stdin: chunks(line.stdin ?? ''),
      readFile: () => chunks(''),
      files: countedFiles(this.hasHistory ? fs : withoutHistory, files, this.locks),
      client: () => {
        client ??= IpvsClient.open(countedSockets(this.ipvs.open, requests));
        return client;
      },
      openClient: (how) => IpvsClient.open(countedSockets(this.ipvs.open, requests), how),
      runLater: async (words) => {
        this.later.push({ words });
        return {};
      },
      ...(stop && {
        stopRequest: () => {
          stop.request ??= new AbortController();
          return stop.request.signal;
        },
      }),
      now: () => time,
      sleep: async (milliseconds) => {
        time += milliseconds;
      },
    });
    const status = await main(line.words, context);
    (await client?.catch(() => undefined))?.close();
    return { status, out: out.text, err: err.text };
  }

  /** Runs a command that must end well, or with one of the other statuses. */
  async done(line: Line, statuses: readonly number[] = [0]): Promise<void> {
    const { status, err } = await this.run(line);
    assert.ok(statuses.includes(status), `${line.words.join(' ')}: status ${status}: ${err}`);
  }

  async state(): Promise<State> {
    const client = await this.ipvs.client();
    const state = await readState(client);
    client.close();
    return state;
  }

  async becomes(expected: State, message: string): Promise<void> {
    assert.deepEqual(normal(await this.state()), normal(expected), message);
  }

  /** State files but the history. Locks stay; what a killed process was about to write stays until the next change of its file. */
  remembered(): string[] {
    const directories = ['run', 'state'].map((name) => join(this.directory, name)).filter(fs.existsSync);
    return directories
      .flatMap((directory) => readdirSync(directory))
      .filter((name) => !/lock$|new$|^history/.test(name));
  }
}

export interface Scenario {
  readonly name: string;
  readonly before?: readonly Line[];
  readonly line: Line;
  /** Ways to go on after the interruption, each of which leads to `ends`. */
  readonly ways: readonly (readonly Way[])[];
  /** Undefined for the state before. */
  readonly ends?: Line;
  /** Whether it is about the history. */
  readonly hasHistory?: true;
  /** Commands that run while this one is stopped, and then again at the end. */
  readonly meanwhile?: readonly Line[];
}

/** A command, and the statuses that it may end with: 1 for `undrain` where nothing was drained yet. */
export type Way = readonly [line: Line, statuses?: readonly number[]];

const server = ['tcp://192.0.2.1:443', '198.51.100.1:443'];
const other = ['tcp://192.0.2.1:443', '198.51.100.2:443'];
const ipvsadmServer = ['-t', '192.0.2.1:443', '-r', '198.51.100.1:443'];
const plain = ['tcp://192.0.2.1:80', '198.51.100.1:80'];
const host = '198.51.100.1';

export const document = `
timeouts: {udp: 60}
services:
  - {service: "tcp://192.0.2.1:80", scheduler: rr, servers: [{server: 198.51.100.2, weight: 9}, 198.51.100.3]}
  - {service: "udp://192.0.2.1:53", servers: [198.51.100.1, 198.51.100.2]}
`;
const rules = '-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 198.51.100.3:80 -m\n-A -u 192.0.2.1:53\n';
export const apply = ['apply', '-f', '-', '--prune'];

const words = (...all: readonly string[]): Line => ({ words: all });

export const scenarios: readonly Scenario[] = [
  {
    name: 'drain',
    line: words('drain', ...plain),
    ways: [
      [[words('undrain', ...plain), [0, 1]]],
      [[words('drain', ...plain)], [words('undrain', ...plain)]],
    ],
    meanwhile: [words('drain', 'tcp://192.0.2.1:80', '198.51.100.2:80'), words('list')],
  },
  {
    name: 'drain of a server in a hash table',
    line: words('drain', ...server),
    ways: [
      [[words('undrain', ...server), [0, 1]]],
      [[words('drain', ...server)], [words('undrain', ...server)]],
    ],
    meanwhile: [words('drain', ...other)],
  },
  {
    name: 'drain of a host',
    line: words('drain', host),
    ways: [[[words('undrain', host), [0, 1]]], [[words('drain', host)], [words('undrain', host)]]],
  },
  {
    name: 'undrain',
    before: [words('drain', host)],
    line: words('undrain', host),
    ways: [[[words('undrain', host), [0, 1]]]],
  },
  {
    name: 'drain --hold',
    line: words('drain', ...server, '--hold'),
    ways: [
      [[words('undrain', ...server), [0, 1]]],
      [[words('drain', ...server, '--hold')], [words('undrain', ...server)]],
    ],
  },
  {
    name: 'undrain of a server that is held',
    before: [words('drain', ...server, '--hold')],
    line: words('undrain', ...server),
    ways: [[[words('undrain', ...server), [0, 1]]]],
  },
  {
    name: 'drain --delete',
    line: words('drain', ...server, '--delete'),
    ways: [
      [
        [words('drain', ...server, '--delete'), [0, 2]],
        // The server is added again, and the weight before its drain is not for this one.
        [words('-a', ...ipvsadmServer, '-m', '-w', '99')],
        [words('undrain', ...server), [1]],
      ],
    ],
    ends: words('-e', ...ipvsadmServer, '-m', '-w', '99'),
  },
  {
    name: 'weight',
    line: words('weight', ...plain, '0', '--over', '5'),
    ways: [[[words('weight', ...plain, '5')]]],
  },
  {
    name: 'weight of a server in a hash table',
    line: words('weight', ...server, '0'),
    ways: [[[words('weight', ...server, '5')]]],
  },
  {
    name: 'apply',
    line: { words: apply, stdin: document },
    ways: [[[{ words: apply, stdin: document }]]],
    ends: { words: apply, stdin: document },
    meanwhile: [{ words: apply, stdin: document }],
  },
  {
    name: 'apply --drain',
    line: { words: [...apply, '--drain', '5'], stdin: document },
    ways: [[[{ words: apply, stdin: document }]], [[{ words: [...apply, '--drain', '5'], stdin: document }]]],
    ends: { words: apply, stdin: document },
  },
  {
    name: 'apply --atomic',
    hasHistory: true,
    line: { words: [...apply, '--atomic'], stdin: document },
    ways: [[[{ words: apply, stdin: document }]], [[{ words: [...apply, '--atomic'], stdin: document }]]],
    ends: { words: apply, stdin: document },
  },
  {
    name: 'rollback',
    hasHistory: true,
    before: [{ words: apply, stdin: document }],
    line: words('rollback', '1'),
    ways: [[[words('rollback', '1')]]],
  },
  {
    name: 'ipvsadm-restore',
    line: { program: 'ipvsadm-restore', words: [], stdin: rules },
    ways: [[[{ program: 'ipvsadm-restore', words: [], stdin: rules }]]],
    ends: { words: ['-R'], stdin: `-C\n${rules}` },
  },
];

export async function prepared({ before = [], hasHistory }: Scenario): Promise<Machine> {
  const machine = new Machine(hasHistory);
  for (const line of before) await machine.done(line);
  return machine;
}

/** The state that all ways lead to. */
export async function expectedOf({ ends }: Scenario): Promise<State> {
  using machine = new Machine();
  if (ends !== undefined) assert.equal((await machine.run(ends)).status, 0);
  return machine.state();
}

export async function goesOn(
  machine: Machine,
  way: readonly Way[],
  expected: State,
  message: string,
): Promise<void> {
  for (const [line, statuses] of way) await machine.done(line, statuses);
  await machine.becomes(expected, message);
  assert.deepEqual(machine.remembered(), [], `${message}: state is left`);
}
