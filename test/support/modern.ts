/** Runs lvsadm inside the test's own process and collects what it says. */

import { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { runSubcommand } from '../../src/cli/subcommands.js';
import { IpvsClient } from '../../src/ipvs/client.js';
import { runIpvsadm } from '../../src/ipvsadm/run.js';
import { loadModule } from '../../src/system/modules.js';
import { Captured } from './captured.js';
import { contextWith } from './context.js';
import { ownFiles } from './flock.js';
import { openSocket } from './socket.js';

export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** A subcommand, or a command in ipvsadm's grammar. @throws what the command throws, as its caller `main` would catch it */
export async function modern(...words: readonly string[]): Promise<Ran> {
  const out = new Captured();
  const err = new Captured();
  let client: Promise<IpvsClient> | undefined;
  const context = contextWith({
    program: 'lvsadm',
    // The state of the lab's own machine, which processes of lvsadm share.
    env: {},
    files: ownFiles,
    out,
    err,
    readFile: (path) => createReadStream(path),
    client: () => {
      client ??= IpvsClient.open(openSocket, { loadModule: () => loadModule('ip_vs') });
      return client;
    },
    openClient: (how) => IpvsClient.open(openSocket, how),
    openSocket,
    now: () => performance.now(),
    date: () => new Date(),
    sleep,
  });
  try {
    const status = await (words[0]?.startsWith('-')
      ? runIpvsadm(words, context)
      : runSubcommand(words, context));
    return { status, out: out.text, err: err.text };
  } finally {
    (await client?.catch(() => undefined))?.close();
  }
}
