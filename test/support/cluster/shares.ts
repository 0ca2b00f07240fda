// Who got how much.
import assert from 'node:assert/strict';
import type { Outcome } from '../net/http-client.js';

/** How many requests each server answered, by its name. */
export function sharesOf(answers: readonly string[]): Record<string, number> {
  const shares: Record<string, number> = {};
  for (const name of answers) shares[name] = (shares[name] ?? 0) + 1;
  return shares;
}

/** Every request was answered; the share of each server. */
export function answered({ answers, errors }: Outcome): Record<string, number> {
  assert.deepEqual(errors, []);
  return sharesOf(answers);
}

/**
 * Shares are in proportion to weights. Where the requests are no multiple of a round, part of a round more or less.
 */
export function assertShares(shares: Record<string, number>, weights: Record<string, number>): void {
  const sum = (values: Record<string, number>) => Object.values(values).reduce((a, b) => a + b, 0);
  const requests = sum(shares);
  const round = sum(weights);
  assert.deepEqual(
    Object.keys(shares).sort(),
    Object.keys(weights)
      .filter((name) => weights[name])
      .sort(),
  );
  for (const [name, weight] of Object.entries(weights)) {
    const rounds = requests / round;
    const got = shares[name] ?? 0;
    const low = Math.floor(rounds) * weight;
    const high = Math.ceil(rounds) * weight;
    assert.ok(got >= low && got <= high, `${name} answered ${got} of ${requests}, not ${low} to ${high}`);
  }
}
