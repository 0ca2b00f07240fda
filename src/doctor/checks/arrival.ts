/** What keeps packets from getting to IPVS, and from it to a server that is the director itself. */
import { addressLength, familyOf } from '../../model/address.js';
import { contains, isLocal, routeTo } from '../facts/routing.js';
import type { Check } from './check.js';
import { byHand, remove, seen } from './fixes.js';
import { isEndpoint, nameOf, serversOf, vipsOf } from './table.js';

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

export const vipShared: Check = {
  id: 'vip-shared',
  severity: 'error',
  roles,
  *find({ claims }, { vips }) {
    for (const { address, device, mac } of claims) {
      if (vips.length > 0 && !vips.includes(address)) continue;
      yield {
        subject: address,
        observed: [seen(`who has ${address}, asked on ${device}`, mac)],
        why:
          'Another machine of the network answers for the VIP too: which of the two clients reach is chance. Mostly it is a ' +
          'real server that does not keep quiet about it, or a second director.',
        fixes: [byHand(`lvsadm doctor --role real-server --vip ${address}`, mac)],
      };
    }
  },
};

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
        subject: nameOf({ service, server }),
        observed: [seen(`listeners of ${protocol}`, `none on port ${port}`)],
        why: 'This server is the machine itself, and nobody here listens on the port: its share of the clients is refused.',
        fixes: [remove({ service, server })],
      };
    }
  },
};
