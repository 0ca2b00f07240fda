// What a real server needs for each method: the VIP where no ARP or neighbour request finds it, and the tunnel's end.
import { loadModule } from '../../../src/host/modules.js';
import { type Family, familyOf } from '../../../src/model/address.js';
import type { Tunnel } from '../../../src/model/destination.js';
import type { Host } from '../net/host.js';
import { addressLine, type Sysctls } from '../net/plan.js';
import { ip } from '../net/run.js';
import { hostRoute } from './plans.js';

export type Setup =
  | { method: 'nat' }
  | { method: 'dr'; vip: string }
  /** `address` is the real server's own, where the tunnel ends. */
  | { method: 'tun'; vip: string; address: string; tunnel: Tunnel };

const tunnelDevice = 'tunnel';

/** The VIP stands on no interface that a neighbour could ask about, and no answer or request names it. */
const quietArp: Sysctls = { 'net.ipv4.conf.all.arp_ignore': 1, 'net.ipv4.conf.all.arp_announce': 2 };

/** What comes out of the tunnel has a source whose route does not lead into it. */
const anyPath: Sysctls = { 'net.ipv4.conf.all.rp_filter': 0, [`net.ipv4.conf.${tunnelDevice}.rp_filter`]: 0 };

export async function setUp(host: Host, setup: Setup): Promise<void> {
  if (setup.method === 'nat') return;
  const family = familyOf(setup.vip);
  const vip = hostRoute(setup.vip, family);
  if (setup.method === 'dr') {
    await host.sysctl(quietArp);
    await host.ip([addressLine(vip, 'lo')]);
    return;
  }
  const outer = familyOf(setup.address);
  await listen(host, 'add', setup.tunnel, outer);
  await host.ip([
    `link add ${tunnelDevice} type ${deviceType(setup.tunnel, outer, family)} local ${setup.address}`,
    `link set ${tunnelDevice} up`,
    addressLine(vip, tunnelDevice),
  ]);
  await host.sysctl({ ...quietArp, ...anyPath });
}

export async function tearDown(host: Host, setup: Setup): Promise<void> {
  if (setup.method === 'dr')
    await host.ip([`address delete ${hostRoute(setup.vip, familyOf(setup.vip))} dev lo`]);
  if (setup.method !== 'tun') return;
  await host.ip([`link delete ${tunnelDevice}`]);
  await listen(host, 'delete', setup.tunnel, familyOf(setup.address));
}

/** The type of the device that takes packets of family `inner` out of packets of family `outer`. */
function deviceType({ type, checksum }: Tunnel, outer: Family, inner: Family): string {
  // A GRE device takes either only packets with checksums, or only packets without.
  if (type === 'gre') return `${outer === 'inet' ? 'gre' : 'ip6gre'}${checksum === 'csum' ? ' icsum' : ''}`;
  if (outer === 'inet6') return 'ip6tnl mode any';
  return inner === 'inet' ? 'ipip' : 'sit';
}

/** Generic UDP encapsulation ends at a UDP port; what it held goes to the tunnel device as if it had come plain. */
async function listen(host: Host, action: 'add' | 'delete', tunnel: Tunnel, outer: Family): Promise<void> {
  if (tunnel.type !== 'gue') return;
  // The kernel loads most modules that are missing by itself, but not these.
  await loadModule(outer === 'inet' ? 'fou' : 'fou6');
  const gue = action === 'add' ? ' gue' : '';
  await ip(host.namespace, [`fou ${action} port ${tunnel.port}${gue}`], outer);
}
