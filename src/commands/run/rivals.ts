/** Programs that check servers and change the table by themselves. */
import { UsageError } from '../../errors.js';
import type { NetlinkUser } from '../../system/netlink-users.js';

const checkers = ['keepalived', 'ldirectord', 'seesaw_ncc'];

/** @throws UsageError if one of them runs in this network namespace */
export function refuseRivals(users: readonly NetlinkUser[]): void {
  const rival = users.find(({ name }) => checkers.includes(name));
  if (rival === undefined) return;
  throw new UsageError(
    `${rival.name} (process ${rival.pid}) runs here, and may change the table: stop it, or start with --take-over if it has no virtual servers`,
  );
}
