/** Everything of this network namespace that a set-up could change, as text that compares. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const settings = ['ipv4/conf', 'ipv6/conf', 'ipv4/vs'].map((name) => `/proc/sys/net/${name}`);
const commands = [
  ['-o', 'link'],
  ['-o', 'address'],
  ['route', 'show', 'table', 'all'],
  ['-6', 'route', 'show', 'table', 'all'],
];

/** Made anew by the kernel whenever they like. */
const restless = /stable_secret|\/(addrconf|ndisc)_/;

export function networkState(): Readonly<Record<string, string>> {
  const state: Record<string, string> = { ip_forward: read('/proc/sys/net/ipv4/ip_forward') };
  for (const words of commands) {
    // A link gets its queue when it is first switched on, and keeps it.
    const text = execFileSync('ip', words, { encoding: 'utf8' }).replaceAll(/ qdisc \S+/g, '');
    const lines = text.split('\n');
    state[words.join(' ')] = lines.sort().join('\n');
  }
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

/** Fails with what differs, and only that. */
export function assertSameNetwork(actual: Readonly<Record<string, string>>, expected: typeof actual): void {
  const names = [...new Set([...Object.keys(actual), ...Object.keys(expected)])];
  const differing = names.filter((name) => actual[name] !== expected[name]);
  const pick = (state: typeof actual) => Object.fromEntries(differing.map((name) => [name, state[name]]));
  assert.deepEqual(pick(actual), pick(expected));
}
