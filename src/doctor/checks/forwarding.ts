/** What keeps a director from getting packets to its servers, and their answers back. */

import { familyOf } from '../../model/address.js';
import { describeDestination } from '../../model/destination.js';
import type { DestinationEntry } from '../../model/table.js';
import { interfaceSetting } from '../../system/sysctl.js';
import type { MachineFacts } from '../facts/facts.js';
import {
  carriersOf,
  contains,
  hasOtherTables,
  isLocal,
  ownAddressToward,
  routeTo,
} from '../facts/routing.js';
import { largerOf, numberOf } from '../facts/setting.js';
import type { Check } from './check.js';
import { byHand, edit, seen, setTo, setting } from './fixes.js';
import { connectionsTo, count, isEndpoint, nameOf, serversOf, vipOf } from './table.js';
import { translationIsBlind } from './untracked-rules.js';

const roles = ['director'] as const;

/** Answers of NAT servers come in by the link that leads to the server, and have to be forwarded from there. */
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
  roles,
  *find(facts, scope) {
    const stuck = [...serversOf(facts, scope)].filter(({ server }) => forwardingIsOff(facts, server));
    for (const [family, path] of [
      ['inet', 'net/ipv4/ip_forward'],
      ['inet6', 'net/ipv6/conf/all/forwarding'],
    ] as const) {
      const servers = stuck.map(({ server }) => server).filter(({ id }) => familyOf(id.address) === family);
      if (servers.length === 0) continue;
      const paths = new Set(servers.map((server) => forwardingPath(facts, server) as string));
      yield {
        subject: [...new Set(servers.map(({ id }) => describeDestination(id)))].join(', '),
        observed: [setting(facts, path), ...[...paths].map((one) => setting(facts, one))],
        why: 'With NAT the answers of the servers pass through this machine, which does not forward: it drops them.',
        fixes: [setTo(path, '1')],
      };
    }
  },
};

export const sendRedirects: Check = {
  id: 'send-redirects',
  severity: 'warning',
  roles,
  *find(facts, scope) {
    const devices = new Set<string>();
    for (const { service, server } of serversOf(facts, scope)) {
      if (server.method !== 'nat' || familyOf(server.id.address) !== 'inet' || !isEndpoint(service.id))
        continue;
      const device = routeTo(facts, server.id.address)?.device;
      const oneArmed = carriersOf(facts, service.id.address).some((carrier) => carrier.device === device);
      if (device && oneArmed && largerOf(facts, device, 'send_redirects') === 1) devices.add(device);
    }
    for (const device of devices) {
      const paths = ['all', device].map((of) => interfaceSetting('ipv4', of, 'send_redirects'));
      yield {
        subject: device,
        observed: paths.map((path) => setting(facts, path)),
        why:
          `Clients and NAT servers are both reached by ${device}: this machine tells the servers of a shorter way to the ` +
          'clients (ICMP redirect), past itself, and answers that take it are thrown away.',
        fixes: paths.map((path) => setTo(path, '0')),
      };
    }
  },
};

/** Neither a route nor a neighbour: nothing that is sent to the server arrives. */
function isUnreachable(
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
  // Between two attempts it is incomplete, for far longer than a machine that is there takes to answer.
  const gone = neighbour?.state === 'failed' || neighbour?.state === 'incomplete';
  return gone ? `nobody on ${neighbour.device} says that it has ${hop}` : undefined;
}

export const serverUnreachable: Check = {
  id: 'server-unreachable',
  severity: 'error',
  roles,
  *find(facts, scope) {
    for (const { service, server } of serversOf(facts, scope)) {
      const reason = server.weight > 0 ? isUnreachable(facts, server) : undefined;
      if (reason === undefined) continue;
      yield {
        subject: nameOf({ service, server }),
        observed: [seen('routes and neighbours', reason)],
        why: 'The server gets its share of the clients, and not one of their packets arrives there.',
        fixes: [byHand(`ip route get ${server.id.address}`)],
      };
    }
  },
};

export const notAdjacent: Check = {
  id: 'dr-not-adjacent',
  severity: 'error',
  roles,
  *find(facts, scope) {
    for (const { service, server } of serversOf(facts, scope)) {
      if (server.method !== 'dr' || isLocal(facts, server.id.address)) continue;
      const route = routeTo(facts, server.id.address);
      if (route?.gateway === undefined) continue;
      yield {
        subject: nameOf({ service, server }),
        observed: [seen(`route to ${server.id.address}`, `via ${route.gateway}`)],
        why:
          'Direct routing only changes the MAC address: the packet still has the VIP as its destination, and the router on the ' +
          'way sends it back here. The server has to be on the same link, or to be reached by a tunnel.',
        fixes: [
          edit({ service, server }, { method: 'tun' }),
          byHand(`lvsadm real-server up --method tun --vip ${vipOf(service.id) ?? 'VIP'}`, server.id.address),
        ],
      };
    }
  },
};

/** Fewer might be clients that gave up. */
const MANY = 3;

export const serverSilent: Check = {
  id: 'server-silent',
  severity: 'error',
  roles,
  *find(facts, scope) {
    // Then that is why, and said already.
    if (translationIsBlind(facts, scope)) return;
    for (const { service, server } of serversOf(facts, scope)) {
      if (isUnreachable(facts, server) || forwardingIsOff(facts, server) || isLocal(facts, server.id.address))
        continue;
      const groups = connectionsTo(facts, { service, server }).filter(({ protocol }) => protocol === 'TCP');
      const waiting = groups.reduce((sum, { states }) => sum + (states['SYN_RECV'] ?? 0), 0);
      // The rest may be of better times, which the table remembers for a while.
      const others = groups.reduce((sum, group) => sum + count(group), 0) - waiting;
      if (waiting < MANY || waiting <= others) continue;
      const clients = [...new Set(groups.flatMap((group) => group.clients))];
      const own = ownAddressToward(facts, server.id.address) ?? 'THE-DIRECTOR';
      const { address } = server.id;
      const vip = vipOf(service.id);
      const nat = server.method === 'nat';
      const near = nat ? clients.filter((client) => sharesLink(facts, client, address)) : [];
      yield {
        subject: nameOf({ service, server }),
        observed: [
          seen('/proc/net/ip_vs_conn', `${waiting} connections in SYN_RECV, ${others} further`),
          seen('clients', clients.join(', ')),
        ],
        why: nat
          ? near.length > 0
            ? `The clients are on the server's own network (${near.join(', ')}): it answers them directly, past this machine, ` +
              'and they throw away answers that do not come from the VIP.'
            : "The server's answers do not come back through this machine, which has to put the VIP into them: its default " +
              'route leads elsewhere, or it does not answer at all.'
          : 'Connections get no further than the first packet: the server drops what it is sent, or its answers do not arrive.',
        fixes: nat
          ? near.length > 0
            ? near.map((client) => byHand(`ip route add ${client} via ${own}`, address))
            : [byHand(`lvsadm real-server up --method nat --gateway ${own}`, address)]
          : [
              byHand(
                `lvsadm doctor --role real-server --method ${server.method}${vip ? ` --vip ${vip}` : ''}`,
                address,
              ),
            ],
      };
    }
  },
};

/** Whether one of this machine's links has both addresses on it. */
const sharesLink = ({ addresses }: MachineFacts, a: string, b: string): boolean =>
  addresses.some(({ address, prefix }) => {
    const network = `${address}/${prefix}`;
    return contains(network, a) && contains(network, b);
  });
