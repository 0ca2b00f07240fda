/** Whether the links of new sync daemons can carry them: found out before a running daemon is stopped. */
import type { Context } from '../../../context.js';
import { UsageError } from '../../../errors.js';
import { familyOf } from '../../../model/address.js';
import { type Daemon, kernelDaemonDefaults } from '../../../model/daemon.js';
import { daemonDifferences } from '../../../plan/compare.js';
import type { InterfaceAddress, Link } from '../../../system/network/network.js';
import { RouteClient } from '../../../system/rtnetlink/client.js';

/** Asks this machine's network only for daemons that are to be restarted. @throws UsageError, and nothing was changed */
export async function checkDaemonLinks(
  current: readonly Daemon[],
  desired: readonly Daemon[],
  { openSocket }: Pick<Context, 'openSocket'>,
): Promise<void> {
  const restarted = desired.filter((daemon) =>
    current.some((before) => before.state === daemon.state && daemonDifferences(before, daemon).length > 0),
  );
  if (restarted.length === 0) return;
  // Without a look at the network the kernel decides, and the daemon before is started again.
  const route = await RouteClient.open(openSocket).catch(() => undefined);
  if (route === undefined) return;
  try {
    const [links, addresses] = [await route.links(), await route.addresses()];
    for (const daemon of restarted) {
      const problem = problemOf(daemon, links, addresses);
      if (problem !== undefined)
        throw new UsageError(`${problem}; the running daemon stays`, `sync.${daemon.state}`);
    }
  } finally {
    route.close();
  }
}

/** Undefined where nothing speaks against the daemon. */
export function problemOf(
  { interface: device, state, group = kernelDaemonDefaults.group }: Daemon,
  links: readonly Pick<Link, 'name'>[],
  addresses: readonly Pick<InterfaceAddress, 'address' | 'device'>[],
): string | undefined {
  if (!links.some(({ name }) => name === device)) return `there is no link '${device}'`;
  const family = familyOf(group);
  const hasAddress = addresses.some((own) => own.device === device && familyOf(own.address) === family);
  // A backup only joins the group; a master sends from an address of the link.
  if (state === 'backup' || hasAddress) return undefined;
  return `link '${device}' has no ${family === 'inet' ? 'IPv4' : 'IPv6'} address to send to group ${group} from`;
}
