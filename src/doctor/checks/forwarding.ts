/** What keeps a director from getting packets to its servers, and their answers back. */

import { interfaceSetting } from '../../host/sysctl.js';
import { addressLength, familyOf } from '../../model/address.js';
import { describeDestination } from '../../model/destination.js';
import { describeService } from '../../model/service.js';
import type { DestinationEntry } from '../../model/table.js';
import type { MachineFacts } from '../facts/facts.js';
import { carriersOf, contains, hasOtherTables, isLocal, ownAddressToward, routeTo } from '../facts/reach.js';
import { largerOf, numberOf } from '../facts/setting.js';
import { translationIsBlind } from './blind-rules.js';
import type { Check } from './check.js';
import { byHand, lvsadm, seen, setTo, setting } from './fixes.js';
import { connectionsTo, isEndpoint, serversOf, servicesOf, vipOf, vipsOf } from './table.js';

const roles = ['director'] as const;

export const vipNotLocal: Check = {
  id: 'vip-not-local',
  severity: 'error',
  roles,
  *find(facts, scope) {
    for (const vip of vipsOf(facts, scope)) {
      if (isLocal(facts, vip)) continue;
      const device =
        facts.addresses.find((own) => own.scope === 'global' && contains(`${own.address}/${own.prefix}`, vip))
          ?.device ?? routeTo(facts, vip)?.device;
      yield {
        subject: vip,
        observed: [seen('addresses of this machine', `none is ${vip}`)],
        why: 'There is a virtual service for this address, but the machine does not have it: packets for it never get to IPVS.',
        fixes: [
          byHand(`ip address add ${vip}/${addressLength[familyOf(vip)] * 8} dev ${device ?? 'INTERFACE'}`),
        ],
      };
    }
  },
};

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
  return neighbour?.state === 'failed' ? `nobody on ${neighbour.device} says that it has ${hop}` : undefined;
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
        subject: `${describeService(service.id)} -> ${describeDestination(server.id)}`,
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
        subject: `${describeService(service.id)} -> ${describeDestination(server.id)}`,
        observed: [seen(`route to ${server.id.address}`, `via ${route.gateway}`)],
        why:
          'Direct routing only changes the MAC address: the packet still has the VIP as its destination, and the router on the ' +
          'way sends it back here. The server has to be on the same link, or to be reached by a tunnel.',
        fixes: [
          byHand(lvsadm('-e', { service, server }, '-i', '-w', String(server.weight))),
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
      const sum = (states: readonly string[]) =>
        groups.reduce(
          (all, group) => all + states.reduce((some, state) => some + (group.states[state] ?? 0), 0),
          0,
        );
      const waiting = sum(['SYN_RECV']);
      if (
        waiting < MANY ||
        sum(['ESTABLISHED', 'FIN_WAIT', 'TIME_WAIT', 'CLOSE', 'CLOSE_WAIT', 'LAST_ACK']) > 0
      )
        continue;
      const clients = [...new Set(groups.flatMap((group) => group.clients))];
      const own = ownAddressToward(facts, server.id.address) ?? 'THE-DIRECTOR';
      const { address } = server.id;
      const vip = vipOf(service.id);
      const nat = server.method === 'nat';
      const near = nat ? clients.filter((client) => sharesLink(facts, client, address)) : [];
      yield {
        subject: `${describeService(service.id)} -> ${describeDestination(server.id)}`,
        observed: [
          seen('/proc/net/ip_vs_conn', `${waiting} connections in SYN_RECV, none further`),
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

export const localNotListening: Check = {
  id: 'local-not-listening',
  severity: 'error',
  roles,
  *find(facts, scope) {
    for (const { service, server } of serversOf(facts, scope)) {
      const { address, port } = server.id;
      if (!isEndpoint(service.id) || server.weight === 0 || port === 0) continue;
      if (server.method !== 'local' && !isLocal(facts, address)) continue;
      const { protocol } = service.id;
      // A local server is reached by its own address with NAT, by the VIP with everything else.
      const wanted = [address, service.id.address, familyOf(address) === 'inet' ? '0.0.0.0' : '::', '::'];
      if (
        facts.listeners.some(
          (one) => one.protocol === protocol && one.port === port && wanted.includes(one.address),
        )
      ) {
        continue;
      }
      yield {
        subject: `${describeService(service.id)} -> ${describeDestination(server.id)}`,
        observed: [seen(`listeners of ${protocol}`, `none on port ${port}`)],
        why: 'This server is the machine itself, and nobody here listens on the port: its share of the clients is refused.',
        fixes: [byHand(lvsadm('-d', { service, server }))],
      };
    }
  },
};

export const tunnelMtu: Check = {
  id: 'tunnel-mtu',
  severity: 'note',
  roles,
  *find(facts, scope) {
    const fragments = numberOf(facts, 'net/ipv4/vs/pmtu_disc') === 0;
    for (const service of servicesOf(facts, scope)) {
      if (!isEndpoint(service.id)) continue;
      const [carrier] = carriersOf(facts, service.id.address);
      const coming = facts.links.find(({ name, loopback }) => name === carrier?.device && !loopback)?.mtu;
      for (const server of service.destinations) {
        if (server.method !== 'tun' || coming === undefined) continue;
        const device = routeTo(facts, server.id.address)?.device;
        const leaving = facts.links.find(({ name }) => name === device)?.mtu;
        const overhead = overheadOf(server);
        if (leaving === undefined || leaving - overhead >= coming) continue;
        yield {
          severity: fragments ? 'warning' : 'note',
          subject: `${describeService(service.id)} -> ${describeDestination(server.id)}`,
          observed: [
            seen(`MTU of ${carrier?.device}, where clients come in`, coming),
            seen(`MTU of ${device}, less ${overhead} for the encapsulation`, leaving - overhead),
            setting(facts, 'net/ipv4/vs/pmtu_disc'),
          ],
          why: fragments
            ? 'Full packets of clients leave for the server in two fragments each, which costs time on both machines and more ' +
              'where one of them is lost.'
            : 'Full packets of clients do not fit; they are told so by ICMP. Where something on the way drops ICMP, uploads hang ' +
              'although small requests work.',
          fixes: [
            byHand(
              `ip route change default advmss ${leaving - overhead - headersOf(server)}`,
              server.id.address,
            ),
          ],
        };
      }
    }
  },
};

/** Bytes around the packet: the outer IP header, and what the encapsulation adds to it. */
const overheadOf = ({ id, tunnel: { type, checksum } }: DestinationEntry): number =>
  (familyOf(id.address) === 'inet' ? 20 : 40) +
  { ipip: 0, gre: 4, gue: 12 }[type] +
  (checksum === 'nocsum' ? 0 : { ipip: 0, gre: 4, gue: checksum === 'remcsum' ? 8 : 0 }[type]);

/** Of IP and TCP, without options. */
const headersOf = ({ id }: DestinationEntry): number => (familyOf(id.address) === 'inet' ? 40 : 60);

export const merging: Check = {
  id: 'lro',
  severity: 'warning',
  roles,
  *find(facts, scope) {
    const used = new Set(
      [...serversOf(facts, scope)].flatMap(({ service, server }) => [
        routeTo(facts, server.id.address)?.device,
        ...(isEndpoint(service.id) ? carriersOf(facts, service.id.address).map(({ device }) => device) : []),
      ]),
    );
    for (const device of facts.merging) {
      if (!used.has(device)) continue;
      yield {
        subject: device,
        observed: [seen(`ethtool -k ${device}`, 'large-receive-offload: on')],
        why:
          'The network card merges segments into packets that are larger than any link takes: what is passed on to a server ' +
          'has to be dropped, and connections crawl.',
        fixes: [byHand(`ethtool -K ${device} lro off`)],
      };
    }
  },
};
