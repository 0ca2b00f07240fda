/** Requests sent as a batch, with what became of each. */
import type { KernelError } from '../../src/errors.js';
import { Batch } from '../../src/netlink/batch.js';
import type { Connection } from '../../src/netlink/connection.js';
import type { Request } from '../../src/netlink/message.js';

/** For each request undefined where it was done, or the refusal. All are of the first one's type. */
export async function batched(
  connection: Connection,
  requests: readonly Request[],
): Promise<(KernelError | undefined)[]> {
  const batch = new Batch();
  for (const { operation, put } of requests) batch.add(operation, put);
  const results: (KernelError | undefined)[] = new Array(requests.length).fill(undefined);
  for (const { index, error } of await connection.batch(batch, requests[0]?.type ?? 0))
    results[index] = error;
  return results;
}
