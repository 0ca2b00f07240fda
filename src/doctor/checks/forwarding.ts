/** Reasons for which packets do not get from a director to its servers, or answers not back. */
import { familyOf } from '../../model/address.js';
import { describeDestination } from '../../model/destination.js';
import type { DestinationEntry } from '../../model/table.js';
import { interfaceSetting } from '../../system/sysctl.js';
import type { MachineFacts } from '../facts/facts.js';
import {
  contains,
  hasOtherTables,
  interfacesWith,
  isLocal,
  ownAddressToward,
  routeTo,
} from '../facts/routing.js';
import { largerOf, numberOf } from '../facts/settings.js';
import {
  type Check,
  editServer,
  type Found,
  manualFix,
  seen,
  seenSetting,
  serverCheck,
  setSetting,
} from './check.js';
import { connectionsTo, count, isEndpoint, serversOf, vipOf } from './table.js';
import { natIsUntracked } from './untracked-rules.js';

/** The setting that lets answers of a NAT server through: they come in by the link that leads to the server. */
function forwardingPath(facts: MachineFacts, { id, method }: DestinationEntry): string | undefined {
  if (method !== 'nat') return undefined;
  const device = routeTo(facts, id.address)?.device;
  return device && interfaceSetting(familyOf(id.address) === 'inet' ? 'ipv4' : 'ipv6', device, 'forwarding');
}

function forwardingIsOff(facts: MachineFacts, server: DestinationEntry): boolean {
  const path = forwardingPath(facts, server);
  return path !== undefined && numberOf(facts, path) === 0;
}

export const ipForward: Check = {
  id: 'ip-forward',
  severity: 'error',
  *find(facts, scope) {
    const stuck = serversOf(facts, scope).filter(({ server }) => forwardingIsOff(facts, server));
    for (const [family, path] of [
      ['inet', 'net/ipv4/ip_forward'],
      ['inet6', 'net/ipv6/conf/all/forwarding'],
    ] as const) {
      const servers = stuck.map(({ server }) => server).filter(({ id }) => familyOf(id.address) === family);
      if (servers.length === 0) continue;
      const paths = new Set(servers.map((server) => forwardingPath(facts, server) as string));
      yield {
        subject: [...new Set(servers.map(({ id }) => describeDestination(id)))].join(', '),
        observed: [seenSetting(facts, path), ...[...paths].map((one) => seenSetting(facts, one))],
        why: 'With NAT the answers of the servers pass through this machine. It does not forward packets, and drops them.',
        fixes: [setSetting(path, '1')],
      };
    }
  },
};

export const sendRedirects: Check = {
  id: 'send-redirects',
  severity: 'warning',
  *find(facts, scope) {
    const devices = new Set<string>();
    for (const { service, server } of serversOf(facts, scope)) {
      if (server.method !== 'nat' || familyOf(server.id.address) !== 'inet' || !isEndpoint(service.id))
        continue;
      const device = routeTo(facts, server.id.address)?.device;
      const oneArmed = interfacesWith(facts, service.id.address).some((own) => own.device === device);
      if (device && oneArmed && largerOf(facts, device, 'send_redirects') === 1) devices.add(device);
    }
    for (const device of devices) {
      const paths = ['all', device].map((of) => interfaceSetting('ipv4', of, 'send_redirects'));
      yield {
        subject: device,
        observed: paths.map((path) => seenSetting(facts, path)),
        why:
          `Clients and NAT servers are both on ${device}. This machine sends the servers ICMP redirects to the clients; answers ` +
          'that follow them bypass this machine, and the clients discard them.',
        fixes: paths.map((path) => setSetting(path, '0')),
      };
    }
  },
};

/** Why nothing that is sent to the server arrives; undefined if it may arrive. */
function unreachableBecause(
  facts: MachineFacts,
  { id: { address }, method }: DestinationEntry,
): string | undefined {
  if (method === 'local' || isLocal(facts, address)) return undefined;
  const route = routeTo(facts, address);
  if (route === undefined) return hasOtherTables(facts) ? undefined : 'no route leads there';
  const hop = route.gateway ?? address;
  const neighbour = facts.neighbours.find(
    (one) => one.address === hop && (route.device === undefined || one.device === route.device),
  );
  // The kernel keeps a neighbour incomplete between two attempts: far longer than a running machine takes to answer.
  const gone = neighbour?.state === 'failed' || neighbour?.state === 'incomplete';
  return gone ? `no machine on ${neighbour.device} answers for ${hop}` : undefined;
}

export const serverUnreachable = serverCheck({
  id: 'server-unreachable',
  severity: 'error',
  find({ server }, facts) {
    const reason = server.weight > 0 ? unreachableBecause(facts, server) : undefined;
    if (reason === undefined) return undefined;
    return {
      observed: [seen('routes and neighbours', reason)],
      why: 'The server gets its share of the clients, and none of their packets arrives.',
      fixes: [manualFix(`ip route get ${server.id.address}`)],
    };
  },
});

export const notAdjacent = serverCheck({
  id: 'dr-not-adjacent',
  severity: 'error',
  find(entry, facts) {
    const { service, server } = entry;
    const { address } = server.id;
    if (server.method !== 'dr' || isLocal(facts, address)) return undefined;
    const route = routeTo(facts, address);
    if (route?.gateway === undefined) return undefined;
    return {
      observed: [seen(`route to ${address}`, `via ${route.gateway}`)],
      why:
        'Direct routing changes the MAC address only. The packet still has the VIP as its destination, so the router sends it ' +
        'back here. The server has to be on the same link; otherwise use a tunnel.',
      fixes: [
        editServer(entry, { method: 'tun' }),
        manualFix(`lvsadm real-server up --method tun --vip ${vipOf(service.id) ?? 'VIP'}`, address),
      ],
    };
  },
});

/** Fewer connections in SYN_RECV may be clients that gave up. */
const MANY = 3;

export const serverSilent = serverCheck({
  id: 'server-silent',
  severity: 'error',
  find(entry, facts, scope) {
    const { server } = entry;
    if (unreachableBecause(facts, server) || forwardingIsOff(facts, server)) return undefined;
    if (isLocal(facts, server.id.address)) return undefined;
    const groups = connectionsTo(facts, entry).filter(({ protocol }) => protocol === 'TCP');
    const waiting = groups.reduce((sum, { states }) => sum + (states['SYN_RECV'] ?? 0), 0);
    // The others may be older than the fault: the table remembers them for a while.
    const others = count(groups) - waiting;
    // Rules of netfilter that do not see IPVS's connections have the same effect, and a finding of their own.
    if (waiting < MANY || waiting <= others || natIsUntracked(facts, scope)) return undefined;
    const clients = [...new Set(groups.flatMap((group) => group.clients))];
    return {
      observed: [
        seen('/proc/net/ip_vs_conn', `${waiting} connections in SYN_RECV, ${others} further`),
        seen('clients', clients.join(', ')),
      ],
      ...(server.method === 'nat'
        ? silentNat(facts, server, clients)
        : silentOther(server, vipOf(entry.service.id))),
    };
  },
});

type Advice = Pick<Found, 'why' | 'fixes'>;

function silentNat(facts: MachineFacts, { id: { address } }: DestinationEntry, clients: string[]): Advice {
  const own = ownAddressToward(facts, address) ?? 'THE-DIRECTOR';
  const near = clients.filter((client) => sharesLink(facts, client, address));
  if (near.length === 0) {
    return {
      why:
        "The server's answers do not come back through this machine, which has to replace their source address by the VIP: its " +
        'default route leads elsewhere, or it does not answer at all.',
      fixes: [manualFix(`lvsadm real-server up --method nat --gateway ${own}`, address)],
    };
  }
  return {
    why:
      `The clients are on the server's own network (${near.join(', ')}). It answers them directly, not through this machine, ` +
      'and they discard answers that do not come from the VIP.',
    fixes: near.map((client) => manualFix(`ip route add ${client} via ${own}`, address)),
  };
}

function silentOther({ id: { address }, method }: DestinationEntry, vip: string | undefined): Advice {
  const command = `lvsadm doctor --role real-server --method ${method}${vip ? ` --vip ${vip}` : ''}`;
  return {
    why: 'Connections get no further than the first packet: the server drops it, or its answers do not reach the client.',
    fixes: [manualFix(command, address)],
  };
}

/** Whether both addresses are on the network of one of this machine's links. */
const sharesLink = ({ addresses }: MachineFacts, a: string, b: string): boolean =>
  addresses.some(({ address, prefix }) => {
    const network = `${address}/${prefix}`;
    return contains(network, a) && contains(network, b);
  });
