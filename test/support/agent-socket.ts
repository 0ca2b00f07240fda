/** The place of a director's agent, where a test answers in its stead. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { Store } from '../../src/system/files/store.js';
import { type Answer, type LineServer, serveLines } from '../../src/system/network/line-socket.js';
import type { Director } from './director.js';
import { ownFiles } from './flock.js';

export interface AgentPlace {
  readonly env: { readonly LVSADM_RUN: string; readonly LVSADM_STATE_DIR: string };
  readonly store: Store;
  /** Answers questions until the end of the test, or until it is closed. */
  serve(answer: Answer): Promise<LineServer>;
}

export async function agentPlace(
  t: Pick<TestContext, 'after'>,
  { directory }: Director,
): Promise<AgentPlace> {
  const env = { LVSADM_RUN: `${directory}/run`, LVSADM_STATE_DIR: `${directory}/state` };
  const store = new Store({ env, files: ownFiles, warn: assert.fail });
  // Locking makes the directory.
  (await store.lock('test', 'testing', { wait: 0 }))();
  return {
    env,
    store,
    async serve(answer) {
      const server = await serveLines(store.socketPath('agent'), answer, ownFiles);
      t.after(() => server.close());
      return server;
    },
  };
}
