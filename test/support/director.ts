/** A director in memory: runs lvsadm's command lines against an IPVS that lives here, with files that are real. */

import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { main } from '../../src/cli/main.js';
import { IpvsClient } from '../../src/ipvs/client.js';
import type { State } from '../../src/model/state.js';
import type { OpenSocket } from '../../src/netlink/transport/socket.js';
import { readState } from '../../src/plan/current.js';
import type { Files } from '../../src/system/files/files.js';
import { Captured } from './captured.js';
import { changesIn } from './changes.js';
import { chunks, contextWith } from './context.js';
import { FakeIpvs } from './fake-ipvs.js';
import { ownFiles } from './flock.js';
import type { ScreenTerminal } from './screen-terminal.js';

export interface Result {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

export interface Circumstances {
  readonly stdin?: string;
  /** Whether output goes to a terminal. */
  readonly terminal?: boolean;
  /** Width of the terminal (default: 120). */
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Gets standard output, for a look at it while the program runs. */
  readonly out?: Captured;
  /** The terminal that a live view takes. */
  readonly screen?: ScreenTerminal;
}

export class Director {
  /** Number of requests on the wire that would change something. */
  changesSent = 0;
  /** The clock, in milliseconds; sleeping advances it. */
  time = 0;
  /** Ask the program to stop through this, as SIGTERM does. */
  stop = new AbortController();
  /** Ask the program to read its files again through this, as SIGHUP does. */
  reload: () => void = () => {};
  /** What programs have asked to be run later: its words, and the time in seconds. */
  readonly later: { readonly words: readonly string[]; readonly seconds: number }[] = [];
  /** Milliseconds that it takes to ask for that. */
  laterTakes = 0;
  /** Files that are not on this machine, by path: the tables in /proc/net. */
  readonly contents = new Map<string, string>();
  /** Why no file can be read. */
  readFailure: Error | undefined;
  /** Called after each sleep, with the clock advanced. */
  whileSleeping: () => Promise<void> | void = () => {};
  /** Called after a file has been read. */
  whileReading: () => Promise<void> | void = () => {};

  private constructor(
    /** The test's own. */
    readonly directory: string,
    readonly ipvs: FakeIpvs,
    readonly client: IpvsClient,
    /** Leads to the IPVS that commands see. */
    readonly openSocket: OpenSocket,
    /** Whether the settings of IPVS are the kernel's. */
    private readonly hasKernel: boolean,
  ) {}

  /** `openSocket` leads to another IPVS than the one in memory: the kernel's, in the lab. */
  static async start(test: TestContext, openSocket?: OpenSocket): Promise<Director> {
    const directory = await mkdtemp(join(tmpdir(), 'lvsadm-test-'));
    const ipvs = new FakeIpvs();
    let sent: (bytes: Uint8Array) => void = () => {};
    const open = openSocket ?? ipvs.open;
    const client = await IpvsClient.open(open, {
      trace: (direction, bytes) => {
        if (direction === 'send') sent(bytes);
      },
    });
    const director = new Director(directory, ipvs, client, open, openSocket !== undefined);
    sent = (bytes) => {
      director.changesSent += changesIn(bytes).length;
    };
    test.after(async () => {
      client.close();
      await rm(directory, { recursive: true });
    });
    return director;
  }

  /** Writes a file in the test's own directory. @returns its path */
  async file(name: string, content: string | Uint8Array): Promise<string> {
    const path = join(this.directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    return path;
  }

  state(): Promise<State> {
    return readState(this.client);
  }

  /** Runs `lvsadm` with these words. */
  async run(
    words: readonly string[],
    {
      stdin = '',
      terminal = false,
      columns,
      env = {},
      screen,
      out = new Captured(terminal, columns),
    }: Circumstances = {},
  ): Promise<Result> {
    const err = new Captured(terminal);
    const context = contextWith({
      out,
      err,
      files: this.files,
      env: {
        LVSADM_RUN: join(this.directory, 'run'),
        LVSADM_STATE_DIR: join(this.directory, 'state'),
        ...env,
      },
      stdin: chunks(stdin),
      readFile: (path) => this.readFile(path),
      client: async () => this.client,
      openClient: (how) => IpvsClient.open(this.openSocket, how),
      runLater: async (words, seconds) => {
        this.later.push({ words, seconds });
        this.time += this.laterTakes;
        return {};
      },
      stopRequest: () => this.stop.signal,
      onReload: (call) => {
        this.reload = call;
      },
      ...(screen && { openTerminal: screen.open }),
      now: () => this.time,
      date: () => new Date(this.time),
      sleep: async (milliseconds) => {
        this.time += milliseconds;
        await this.whileSleeping();
      },
    });
    const status = await main(words, context);
    return { status, out: out.text, err: err.text };
  }

  /** Real files; settings of an IPVS in memory are those in `vs` in the test's own directory. */
  private get files(): Files {
    if (this.hasKernel) return { ...ownFiles };
    const settings = join(this.directory, 'vs');
    const at = (path: string): string => path.replace(/^\/proc\/sys\/net\/ipv4\/vs/, settings);
    return {
      ...ownFiles,
      openSync: (path, ...how) => ownFiles.openSync(at(path), ...how),
      readFileSync: (from, encoding) =>
        ownFiles.readFileSync(typeof from === 'string' ? at(from) : from, encoding),
    };
  }

  private async *readFile(path: string): AsyncGenerator<Uint8Array> {
    if (this.readFailure !== undefined) throw this.readFailure;
    const content = this.contents.get(path);
    yield* content === undefined ? createReadStream(path) : chunks(content, 997);
    await this.whileReading();
  }
}
