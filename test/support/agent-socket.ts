/** The place of a director's agent, where a test answers in its stead. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { TestContext } from 'node:test';
import type { Hold } from '../../src/model/hold.js';
import { Store } from '../../src/system/files/store.js';
import { type Answer, type LineServer, serveLines } from '../../src/system/network/line-socket.js';
import type { Director } from './director.js';
import { ownFiles } from './flock.js';

export interface AgentPlace {
  readonly env: { readonly LVSADM_RUN: string; readonly LVSADM_STATE_DIR: string };
  readonly store: Store;
  /** The holds in the state directory. */
  holds(): Hold[];
  replaceHolds(change: (hold: Hold) => Hold): void;
  /** Answers questions until the end of the test, or until it is closed. */
  serve(answer: Answer): Promise<LineServer>;
}

export async function agentPlace(
  t: Pick<TestContext, 'after'>,
  { directory }: Director,
): Promise<AgentPlace> {
  const env = { LVSADM_RUN: `${directory}/run`, LVSADM_STATE_DIR: `${directory}/state` };
  const store = new Store({ env, files: ownFiles, warn: assert.fail });
  const read = () => {
    const names = existsSync(env.LVSADM_STATE_DIR) ? readdirSync(env.LVSADM_STATE_DIR) : [];
    // The name ends in that of the namespace in any but the first.
    const [path] = names
      .filter((name) => name.startsWith('holds') && name.endsWith('.json'))
      .map((name) => `${env.LVSADM_STATE_DIR}/${name}`);
    const content: { state: Hold[] } | undefined = path && JSON.parse(readFileSync(path, 'utf8'));
    return path && content && { path, content };
  };
  // Locking makes the directory.
  (await store.lock('test', 'testing', { wait: 0 }))();
  return {
    env,
    store,
    holds: () => (read() || undefined)?.content.state ?? [],
    replaceHolds(change) {
      const { path, content } = read() || assert.fail('there are none');
      writeFileSync(path, JSON.stringify({ ...content, state: content.state.map(change) }));
    },
    async serve(answer) {
      const server = await serveLines(store.socketPath('agent'), answer, ownFiles);
      t.after(() => server.close());
      return server;
    },
  };
}
