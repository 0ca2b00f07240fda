/**
 * lvsadm, each command line through `main` in this process: everything but the process's own streams and the opening of
 * its socket, which differential-processes.suite.ts runs for real. One client serves all command lines.
 */
import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { main } from '../../../src/cli/main.js';
import type { Output } from '../../../src/context.js';
import { IpvsClient } from '../../../src/ipvs/client.js';
import { connectionTablePath } from '../../../src/ipvs/connections/proc.js';
import { chunks, contextWith } from '../../support/context.js';
import { openSocket } from '../../support/socket.js';
import type { CommandLine, Observation, Program } from './trial.js';

export class Lvsadm implements Program {
  private opened: Promise<IpvsClient> | undefined;

  async run({ words, stdin = '', connections }: CommandLine): Promise<Observation> {
    const out = new Captured();
    const err = new Captured();
    const context = contextWith({
      program: '/usr/sbin/ipvsadm',
      out,
      err,
      stdin: chunks(stdin, 100),
      readFile: (path) =>
        connections !== undefined && path === connectionTablePath
          ? chunks(connections, 100)
          : createReadStream(path),
      client: () => this.client(),
      openSocket,
      now: () => performance.now(),
      date: () => new Date(),
      sleep,
    });
    const status = await main(words, context);
    return { status, stdout: out.text, stderr: err.text };
  }

  async close(): Promise<void> {
    (await this.opened)?.close();
  }

  private client(): Promise<IpvsClient> {
    this.opened ??= IpvsClient.open(openSocket);
    return this.opened;
  }
}

/** Bytes as characters, as those of a shell's program are read: what is not UTF-8 must not look equal. */
class Captured implements Output {
  readonly isTTY = false;
  text = '';
  write(text: string | Uint8Array): void {
    this.text += Buffer.from(text).toString('latin1');
  }
}
