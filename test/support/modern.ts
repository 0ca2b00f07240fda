/** Runs lvsadm inside the test's own process and collects what it says. */

import fs, { createReadStream } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { runSubcommand } from '../../src/cli/subcommands.js';
import type { Context, Output } from '../../src/context.js';
import { IpvsClient } from '../../src/ipvs/client.js';
import { runIpvsadm } from '../../src/ipvsadm/run.js';
import { loadModule } from '../../src/system/modules.js';
import { written } from './captured.js';
import { openSocket } from './socket.js';

export interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** A subcommand, or a command in ipvsadm's grammar. @throws what the command throws, as its caller `main` would catch it */
export async function modern(...words: readonly string[]): Promise<Ran> {
  const said = { out: '', err: '' };
  const collect = (into: keyof typeof said): Output => ({
    isTTY: false,
    write: (text) => {
      said[into] += written(text);
    },
  });
  let client: Promise<IpvsClient> | undefined;
  const context: Context = {
    program: 'lvsadm',
    out: collect('out'),
    err: collect('err'),
    env: {},
    stdin: (async function* () {})(),
    files: fs,
    readFile: (path) => createReadStream(path),
    client: () => {
      client ??= IpvsClient.open(openSocket, { loadModule: () => loadModule('ip_vs') });
      return client;
    },
    openSocket,
    now: () => performance.now(),
    sleep,
  };
  try {
    const status = await (words[0]?.startsWith('-')
      ? runIpvsadm(words, context)
      : runSubcommand(words, context));
    return { status, ...said };
  } finally {
    (await client?.catch(() => undefined))?.close();
  }
}
