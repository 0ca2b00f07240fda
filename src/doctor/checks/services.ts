/** What is wrong with the table itself: services, servers, and what connections still hang on. */
import { describeDestination, destinationKey } from '../../model/destination.js';
import { describeService, isFwmark } from '../../model/service.js';
import { numberOf, vs } from '../facts/setting.js';
import type { Check } from './check.js';
import { byHand, edit, seen, setTo, setting } from './fixes.js';
import {
  connectionsTo,
  count,
  isEndpoint,
  nameOf,
  sameEndpoint,
  serversOf,
  serviceOf,
  servicesOf,
} from './table.js';

const roles = ['director'] as const;

export const noTable: Check = {
  id: 'no-ipvs',
  severity: 'error',
  roles,
  *find(facts) {
    if (facts.ipvs !== undefined) return;
    yield {
      subject: 'ip_vs',
      observed: [seen('/sys/module/ip_vs', 'missing')],
      why: 'The kernel has no IPVS loaded: nothing is balanced here.',
      fixes: [byHand('modprobe ip_vs')],
    };
  },
};

export const noServers: Check = {
  id: 'no-servers',
  severity: 'error',
  roles,
  *find(facts, scope) {
    for (const { id, destinations } of servicesOf(facts, scope)) {
      if (destinations.length > 0) continue;
      yield {
        subject: describeService(id),
        observed: [seen('real servers', 0)],
        why: 'A service without a server refuses its clients.',
        fixes: [],
      };
    }
  },
};

export const allQuiesced: Check = {
  id: 'all-quiesced',
  severity: 'error',
  roles,
  *find(facts, scope) {
    for (const service of servicesOf(facts, scope)) {
      const { id, destinations } = service;
      if (destinations.length === 0 || destinations.some(({ weight }) => weight > 0)) continue;
      yield {
        subject: describeService(id),
        observed: destinations.map((server) => seen(describeDestination(server.id), 'weight 0')),
        why: 'A server of weight 0 takes no new connections, and there is no other: new clients are refused.',
        fixes: destinations.map((server) => edit({ service, server }, { weight: 1 })),
      };
    }
  },
};

export const portMismatch: Check = {
  id: 'port-mismatch',
  severity: 'warning',
  roles,
  *find(facts, scope) {
    for (const { service, server } of serversOf(facts, scope)) {
      if (server.method !== 'dr' && server.method !== 'tun') continue;
      if (!isEndpoint(service.id) || server.id.port === service.id.port) continue;
      yield {
        subject: nameOf({ service, server }),
        observed: [seen('port of the service', service.id.port), seen('port of the server', server.id.port)],
        why:
          'Only NAT rewrites ports: with dr and tun the packet arrives at the server with the port of the service, whatever the ' +
          'table says.',
        fixes: [],
      };
    }
  },
};

/** Connections of TCP and SCTP; those of UDP have a check of their own. */
export const removedServer: Check = {
  id: 'removed-server',
  severity: 'warning',
  roles,
  *find(facts, { vips }) {
    const { ipvs } = facts;
    if (ipvs === undefined || numberOf(facts, vs('expire_nodest_conn')) !== 0) return;
    const anywhere = new Set(
      ipvs.services.flatMap(({ destinations }) => destinations.map(({ id }) => id.address)),
    );
    for (const group of ipvs.connections) {
      const number = count(group);
      if (number === 0 || (vips.length > 0 && !vips.includes(group.virtual.address))) continue;
      const servers = serviceOf(facts, group)?.destinations;
      // Connections that no service of an address accounts for may be of a firewall mark, or of FTP's data.
      const known = servers
        ? servers.some(
            ({ id }) =>
              sameEndpoint(id, group.destination) ||
              (id.port === 0 && id.address === group.destination.address),
          )
        : anywhere.has(group.destination.address);
      if (known) continue;
      yield {
        subject: `${group.protocol} ${destinationKey(group.virtual)} -> ${destinationKey(group.destination)}`,
        observed: [
          seen('/proc/net/ip_vs_conn', `${number} connections to a server that is not in the table`),
          setting(facts, vs('expire_nodest_conn')),
        ],
        why:
          'Packets of these connections vanish without an answer until the connections time out: their clients hang instead of ' +
          'connecting anew to another server.',
        fixes: [setTo(vs('expire_nodest_conn'), '1')],
      };
    }
  },
};

export const heldByTemplates: Check = {
  id: 'held-by-persistence',
  severity: 'warning',
  roles,
  *find(facts, scope) {
    if (numberOf(facts, vs('expire_quiescent_template')) !== 0) return;
    for (const { service, server } of serversOf(facts, scope)) {
      if (server.weight !== 0 || server.persistentConnections === 0) continue;
      yield {
        subject: nameOf({ service, server }),
        observed: [
          seen('weight', 0),
          seen('persistence templates', server.persistentConnections),
          setting(facts, vs('expire_quiescent_template')),
        ],
        why:
          'The server shall get no new connections, but its persistent clients still send all of theirs there, and each one ' +
          'renews the template: it never runs empty.',
        fixes: [setTo(vs('expire_quiescent_template'), '1')],
      };
    }
  },
};

export const draining: Check = {
  id: 'draining',
  severity: 'note',
  roles,
  *find(facts, scope) {
    for (const { service, server } of serversOf(facts, scope)) {
      if (server.weight !== 0 || server.activeConnections === 0) continue;
      yield {
        subject: nameOf({ service, server }),
        observed: [seen('weight', 0), seen('connections', server.activeConnections)],
        why: 'The server takes no new connections; those that it has go on. It is not empty yet.',
        fixes: [],
      };
    }
  },
};

/** Seconds after which a UDP client has certainly sent its question again. */
const LONG_FOR_UDP = 30;

export const staleUdp: Check = {
  id: 'stale-udp',
  severity: 'warning',
  roles,
  *find(facts, scope) {
    const timeout = facts.ipvs?.timeouts.udp ?? 0;
    if (timeout <= LONG_FOR_UDP) return;
    for (const { service, server } of serversOf(facts, scope)) {
      if (server.weight !== 0 || isFwmark(service.id) || service.id.protocol !== 'udp') continue;
      const number = connectionsTo(facts, { service, server }).reduce((sum, group) => sum + count(group), 0);
      if (number === 0) continue;
      yield {
        subject: nameOf({ service, server }),
        observed: [
          seen('weight', 0),
          seen('/proc/net/ip_vs_conn', `${number} entries`),
          seen('timeout of UDP in seconds', timeout),
        ],
        why:
          'UDP has no end of a connection: a client that keeps its port (as resolvers and SIP phones do) keeps this server, dead ' +
          'or not, and every datagram starts the timeout anew.',
        fixes: [byHand(`lvsadm --set 0 0 ${LONG_FOR_UDP}`)],
      };
    }
  },
};

/** Of the timeout has passed when a connection counts as one that will be forgotten. */
const NEARLY = 0.9;
/** net.ipv4.tcp_keepalive_time, as nearly every peer has it. */
const KEEPALIVE = 7200;

export const idleTimeout: Check = {
  id: 'idle-timeout',
  severity: 'warning',
  roles,
  *find(facts) {
    const timeout = facts.ipvs?.timeouts.tcp ?? 0;
    if (timeout === 0 || timeout >= KEEPALIVE) return;
    for (const group of facts.ipvs?.connections ?? []) {
      const { protocol, shortestLeft } = group;
      if (protocol !== 'TCP' || shortestLeft === undefined || shortestLeft > (1 - NEARLY) * timeout) continue;
      yield {
        subject: `${protocol} ${destinationKey(group.virtual)} -> ${destinationKey(group.destination)}`,
        observed: [
          seen('timeout of TCP in seconds', timeout),
          seen('/proc/net/ip_vs_conn', `an established connection that is forgotten in ${shortestLeft} s`),
        ],
        why:
          `A connection that is silent for ${timeout} s is forgotten here, long before the peers' keep-alive ` +
          `(${KEEPALIVE} s unless the application says otherwise) would have shown that it lives: its next packet is refused.`,
        fixes: [byHand(`lvsadm --set ${KEEPALIVE + 600} 0 0`)],
      };
    }
  },
};
