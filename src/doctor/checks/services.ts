/** Mistakes in the table itself: services and servers. */
import { familyOf } from '../../model/address.js';
import { describeDestination } from '../../model/destination.js';
import { describeService, isFwmark } from '../../model/service.js';
import { isLocal } from '../facts/routing.js';
import { type Check, editServer, removeServer, seen, serverCheck } from './check.js';
import { isEndpoint, type ServerEntry, serversOf, servicesOf } from './table.js';

export const noServers: Check = {
  id: 'no-servers',
  severity: 'error',
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
  *find(facts, scope) {
    for (const service of servicesOf(facts, scope)) {
      const { id, destinations } = service;
      if (destinations.length === 0 || destinations.some(({ weight }) => weight > 0)) continue;
      yield {
        subject: describeService(id),
        observed: destinations.map((server) => seen(describeDestination(server.id), 'weight 0')),
        why: 'A server of weight 0 gets no new connections, and the service has no other: it refuses new clients.',
        fixes: destinations.map((server) => editServer({ service, server }, { weight: 1 })),
      };
    }
  },
};

export const portMismatch = serverCheck({
  id: 'port-mismatch',
  severity: 'warning',
  find({ service, server }) {
    if (server.method !== 'dr' && server.method !== 'tun') return undefined;
    if (!isEndpoint(service.id) || server.id.port === service.id.port) return undefined;
    return {
      observed: [seen('port of the service', service.id.port), seen('port of the server', server.id.port)],
      why: 'Only NAT rewrites ports. With dr and tun the packet arrives with the port of the service, whatever the table says.',
      fixes: [],
    };
  },
});

export const localNotListening = serverCheck({
  id: 'local-not-listening',
  severity: 'error',
  find(entry, facts) {
    const { service, server } = entry;
    const { address, port } = server.id;
    if (!isEndpoint(service.id) || server.weight === 0 || port === 0) return undefined;
    if (server.method !== 'local' && !isLocal(facts, address)) return undefined;
    const { protocol } = service.id;
    // Packets reach a local server by its own address with NAT, by the VIP with every other method.
    const wanted = [address, service.id.address, familyOf(address) === 'inet' ? '0.0.0.0' : '::', '::'];
    const isListening = facts.listeners.some(
      (one) => one.protocol === protocol && one.port === port && wanted.includes(one.address),
    );
    if (isListening) return undefined;
    return {
      observed: [seen(`listeners of ${protocol}`, `none on port ${port}`)],
      why: 'This server is the director itself, and no program here listens on the port: the clients sent to it are refused.',
      fixes: [removeServer(entry)],
    };
  },
});

export const natPortShared: Check = {
  id: 'nat-port-shared',
  severity: 'warning',
  *find(facts, scope) {
    const users = new Map<string, ServerEntry[]>();
    // The other service may be that of another VIP.
    for (const entry of serversOf(facts, { ...scope, vips: [] })) {
      const { service, server } = entry;
      if (server.method !== 'nat') continue;
      const key = `${isFwmark(service.id) ? 'any' : service.id.protocol} ${describeDestination(server.id)}`;
      users.set(key, [...(users.get(key) ?? []), entry]);
    }
    const inScope = new Set(servicesOf(facts, scope));
    for (const [first, ...others] of users.values()) {
      if (first === undefined || others.length === 0) continue;
      if (![first, ...others].some(({ service }) => inScope.has(service))) continue;
      yield {
        subject: describeDestination(first.server.id),
        observed: [first, ...others].map(({ service }) => seen('service', describeService(service.id))),
        why:
          'With NAT, connections of one client port to these services are one connection to the server: the newer one ends the ' +
          'older. Give each service a port of its own on the server, or use dr or tun.',
        fixes: [],
      };
    }
  },
};

export const loopbackService = serverCheck({
  id: 'loopback-service',
  severity: 'error',
  find(entry, facts) {
    const { service, server } = entry;
    const { address } = server.id;
    if (!isEndpoint(service.id) || !isLoopback(service.id.address)) return undefined;
    if (server.method === 'local' || isLoopback(address) || isLocal(facts, address)) return undefined;
    return {
      observed: [
        seen('address of the service', service.id.address),
        seen('addresses of this machine', `none is ${address}`),
      ],
      why:
        'Clients of a loopback address have one themselves, and the kernel sends no packet with a loopback address to another ' +
        'machine: no connection reaches this server. Use another address of this machine for the service.',
      fixes: [],
    };
  },
});

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';
