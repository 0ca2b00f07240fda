/** Checks as documents make them, with the defaults of the tables. */
import { readFileSync } from 'node:fs';
import { runCheck } from '../../../src/health/run-check.js';
import { type Check, type CheckKind, type CheckOf, optionsOfKind } from '../../../src/model/check.js';

/** A check that is not delayed, with these options; all others have their defaults. */
export const checkOf = <K extends CheckKind>(kind: K, options: Partial<CheckOf<K>> = {}): Check => {
  const defaults = Object.entries(optionsOfKind(kind)).flatMap(([name, option]) =>
    option.default === undefined ? [] : [[name, option.default]],
  );
  return { kind, ...Object.fromEntries(defaults), jitter: 0, timeout: 10_000, ...options } as Check;
};

/** Runs a check of a server on this machine. @returns `up: ...` or `down: ...` with its reason, and what else it tells */
export async function resultOf<K extends CheckKind>(
  kind: K,
  port: number,
  options: Partial<CheckOf<K>> = {},
  address = '127.0.0.1',
) {
  const { ok, ms, reason, ...rest } = await runCheck(checkOf(kind, options), {
    address,
    port,
    bind: options.bind,
  });
  return { result: `${ok ? 'up' : 'down'}: ${reason}`, ms, ...rest };
}

/** The result of a TCP connection that nobody accepts: Bun does not tell why it failed. */
export const refused =
  process.versions['bun'] === undefined
    ? 'down: connection refused'
    : 'down: connection refused or host unreachable';

const vectors = new URL('../../../../test/vectors/tls/', import.meta.url);

/** Certificates and key of test/vectors/tls/. */
export const pem = (name: 'ca' | 'www' | 'expired' | 'key'): string =>
  readFileSync(new URL(`${name}.pem`, vectors), 'utf8');
export const caPath: string = new URL('ca.pem', vectors).pathname;
