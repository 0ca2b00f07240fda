/** Everything of this network namespace that a set-up could change, as text that compares. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const settings = ['ipv4/conf', 'ipv6/conf', 'ipv4/vs'].map((name) => `/proc/sys/net/${name}`);
/** For one process of `ip`, since starting it takes longer than its work. Routes are those of both families. */
const commands = ['link', 'address', 'route show table all'].join('\n');

/** Made anew by the kernel whenever they like. */
const restless = /stable_secret|\/(addrconf|ndisc)_/;

export type NetworkState = Readonly<Record<string, string>>;

export function networkState(): NetworkState {
  const state: Record<string, string> = { ip_forward: read('/proc/sys/net/ipv4/ip_forward') };
  const lines = execFileSync('ip', ['-o', '-batch', '-'], { input: commands, encoding: 'utf8' });
  // A link gets its queue when it is first switched on, and keeps it.
  for (const line of lines.replaceAll(/ qdisc \S+/g, '').split('\n')) state[line] = 'there';
  for (const directory of settings.filter((path) => existsSync(path))) {
    for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile() && !restless.test(path)) state[path] = read(path);
    }
  }
  return state;
}

/** Some settings can only be written. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return 'cannot be read';
  }
}

/** Milliseconds for what the kernel finishes after it has answered: an IPv6 address's route, for one. */
const PATIENCE = 5000;
const PAUSE = 20;

/** The state, once it has stopped changing. */
export async function settledNetwork(): Promise<NetworkState> {
  let state = networkState();
  for (let waited = 0; waited < PATIENCE; waited += 5 * PAUSE) {
    await sleep(5 * PAUSE);
    const next = networkState();
    if (differing(state, next).length === 0) return next;
    state = next;
  }
  throw new Error('the network does not come to rest');
}

/** Fails with what differs, and only that, unless the network comes to be as `expected`. */
export async function networkBecomes(expected: NetworkState): Promise<void> {
  let actual = networkState();
  for (let waited = 0; differing(actual, expected).length > 0 && waited < PATIENCE; waited += PAUSE) {
    await sleep(PAUSE);
    actual = networkState();
  }
  const names = differing(actual, expected);
  const pick = (state: NetworkState) => Object.fromEntries(names.map((name) => [name, state[name]]));
  assert.deepEqual(pick(actual), pick(expected));
}

function differing(a: NetworkState, b: NetworkState): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name]);
}
