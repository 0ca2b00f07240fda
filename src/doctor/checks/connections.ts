/** Connections that hang, or that will. */
import { destinationKey } from '../../model/destination.js';
import { CONN_MAX } from '../../model/limits.js';
import { isFwmark } from '../../model/service.js';
import { sysctlName } from '../../system/sysctl.js';
import { vsSetting } from '../../system/vs-settings.js';
import type { ConnectionGroup } from '../facts/facts.js';
import { numberOf } from '../facts/settings.js';
import { type Check, manualFix, seen, seenSetting, serverCheck, setSetting } from './check.js';
import { connectionsTo, count, sameEndpoint, serviceOf } from './table.js';

/** `TCP 192.0.2.10:80 -> 10.1.0.7:80` */
const groupName = ({ protocol, virtual, destination }: ConnectionGroup): string =>
  `${protocol} ${destinationKey(virtual)} -> ${destinationKey(destination)}`;

export const removedServer: Check = {
  id: 'removed-server',
  severity: 'warning',
  *find(facts, { vips }) {
    const path = vsSetting('expire_nodest_conn');
    const { ipvs } = facts;
    if (ipvs === undefined || numberOf(facts, path) !== 0) return;
    const inTable = new Set(
      ipvs.services.flatMap(({ destinations }) => destinations.map(({ id }) => id.address)),
    );
    for (const group of ipvs.connections) {
      const { virtual, destination } = group;
      const number = count([group]);
      if (number === 0 || (vips.length > 0 && !vips.includes(virtual.address))) continue;
      const servers = serviceOf(facts, group)?.destinations;
      // Without a service of this address they may belong to a firewall mark, or be data connections of FTP.
      const known = servers
        ? servers.some(
            ({ id }) =>
              sameEndpoint(id, destination) || sameEndpoint(id, { address: destination.address, port: 0 }),
          )
        : inTable.has(destination.address);
      if (known) continue;
      yield {
        subject: groupName(group),
        observed: [
          seen('/proc/net/ip_vs_conn', `${number} connections to a server that is not in the table`),
          seenSetting(facts, path),
        ],
        why:
          'IPVS drops the packets of these connections without an answer until the connections time out: their clients hang ' +
          'instead of connecting to another server.',
        fixes: [setSetting(path, '1')],
      };
    }
  },
};

export const heldByPersistence = serverCheck({
  id: 'held-by-persistence',
  severity: 'warning',
  find({ server }, facts) {
    const path = vsSetting('expire_quiescent_template');
    if (numberOf(facts, path) !== 0) return undefined;
    if (server.weight !== 0 || server.persistentConnections === 0) return undefined;
    return {
      observed: [
        seen('weight', 0),
        seen('persistence templates', server.persistentConnections),
        seenSetting(facts, path),
      ],
      why:
        'Persistent clients keep sending new connections to this server although its weight is 0, and each connection renews ' +
        'the template: the server never runs empty.',
      fixes: [setSetting(path, '1')],
    };
  },
});

export const draining = serverCheck({
  id: 'draining',
  severity: 'note',
  find({ server: { weight, activeConnections } }) {
    if (weight !== 0 || activeConnections === 0) return undefined;
    return {
      observed: [seen('weight', 0), seen('connections', activeConnections)],
      why: 'The server gets no new connections and still has old ones.',
      fixes: [],
    };
  },
});

/** Seconds within which a UDP client repeats a request. */
const UDP_TIMEOUT = 30;

export const staleUdp = serverCheck({
  id: 'stale-udp',
  severity: 'warning',
  find(entry, facts) {
    const { service, server } = entry;
    const timeout = facts.ipvs?.timeouts.udp ?? 0;
    if (timeout <= UDP_TIMEOUT) return undefined;
    if (server.weight !== 0 || isFwmark(service.id) || service.id.protocol !== 'udp') return undefined;
    const number = count(connectionsTo(facts, entry));
    if (number === 0) return undefined;
    return {
      observed: [
        seen('weight', 0),
        seen('/proc/net/ip_vs_conn', `${number} entries`),
        seen('timeout of UDP in seconds', timeout),
      ],
      why:
        'UDP connections have no end. A client that keeps its port (resolvers and SIP phones do) keeps this server, working or ' +
        'not, because each datagram restarts the timeout.',
      fixes: [manualFix(`lvsadm --set 0 0 ${UDP_TIMEOUT}`)],
    };
  },
});

/** Share of the timeout after which a connection is reported as about to expire. */
const NEARLY_EXPIRED = 0.9;
/** Seconds: net.ipv4.tcp_keepalive_time of most peers. */
const KEEPALIVE = 7200;

export const idleTimeout: Check = {
  id: 'idle-timeout',
  severity: 'warning',
  *find({ ipvs }) {
    const timeout = ipvs?.timeouts.tcp ?? 0;
    if (timeout === 0 || timeout >= KEEPALIVE) return;
    for (const group of ipvs?.connections ?? []) {
      const left = group.shortestLeft;
      if (group.protocol !== 'TCP' || left === undefined || left > (1 - NEARLY_EXPIRED) * timeout) continue;
      yield {
        subject: groupName(group),
        observed: [
          seen('timeout of TCP in seconds', timeout),
          seen('/proc/net/ip_vs_conn', `an established connection that is forgotten in ${left} s`),
        ],
        why:
          `The director forgets a connection that is idle for ${timeout} s and refuses its next packet. The peers' keep-alive ` +
          `comes too late to prevent that: after ${KEEPALIVE} s, unless the application sets another time.`,
        fixes: [manualFix(`lvsadm --set ${KEEPALIVE + 600} 0 0`)],
      };
    }
  },
};

/** Share of the limit. */
const NEARLY_AT_LIMIT = 0.8;

export const connectionLimit: Check = {
  id: 'connection-limit',
  severity: 'warning',
  *find(facts) {
    const path = vsSetting('conn_max');
    const most = numberOf(facts, path);
    const { ipvs } = facts;
    if (ipvs === undefined || most === undefined) return;
    const number = count(ipvs.connections) + templates(ipvs.connections);
    if (number < NEARLY_AT_LIMIT * most) return;
    yield {
      severity: number >= most ? 'error' : 'warning',
      subject: 'the connection table',
      observed: [
        seen('/proc/net/ip_vs_conn', `${number} connections and persistence templates`),
        seenSetting(facts, path),
      ],
      why:
        'At the limit IPVS drops the packets of new connections without an answer. Persistence templates count as connections, ' +
        "and the kernel's own limit is far higher: somebody set this one.",
      fixes: [manualFix(`sysctl -w ${sysctlName(path)}=${Math.min(Math.max(2 * most, 1), CONN_MAX)}`)],
    };
  },
};

const templates = (groups: readonly ConnectionGroup[]): number =>
  groups.reduce((sum, group) => sum + group.templates, 0);
