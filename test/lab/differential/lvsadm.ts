/**
 * lvsadm, each command line through `main` in this process: everything but the process's own streams and the opening of
 * its socket, which differential-processes.suite.ts runs for real. One client serves all command lines.
 */
import fs, { createReadStream } from 'node:fs';
import { main } from '../../../src/cli/main.js';
import type { Context, Output } from '../../../src/context.js';
import { IpvsClient } from '../../../src/ipvs/client.js';
import { connectionTablePath } from '../../../src/ipvs/connections/proc.js';
import { openSocket } from '../../support/socket.js';
import type { CommandLine, Observation, Program } from './trial.js';

export class Lvsadm implements Program {
  private opened: Promise<IpvsClient> | undefined;

  async run({ words, stdin = '', connections }: CommandLine): Promise<Observation> {
    const out = new Captured();
    const err = new Captured();
    const context: Context = {
      program: '/usr/sbin/ipvsadm',
      out,
      err,
      env: {},
      stdin: chunks(stdin),
      files: fs,
      readFile: (path) =>
        connections !== undefined && path === connectionTablePath
          ? chunks(connections)
          : createReadStream(path),
      client: () => this.client(),
      openSocket,
      now: () => performance.now(),
      sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    };
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

/** In pieces that end in the middle of a line, as a pipe's may. */
async function* chunks(text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
}
