/** What goes wrong on real servers. */

import { addressLength, familyOf } from '../../model/address.js';
import { HIDING_ARP_IGNORE } from '../../setup/real-server.js';
import { interfaceSetting } from '../../system/sysctl.js';
import { carriersOf, routeTo } from '../facts/routing.js';
import { largerOf } from '../facts/setting.js';
import type { Check } from './check.js';
import { byHand, safe, seen, setTo, setting } from './fixes.js';
import { askedLinks, carriers, isSilent, tunnelKinds } from './vip-holders.js';

const roles = ['real-server'] as const;

export const vipMissing: Check = {
  id: 'vip-missing',
  severity: 'error',
  roles,
  *find(facts, { vips, method }) {
    if (method === 'nat') return;
    for (const vip of vips) {
      if (carriersOf(facts, vip).length > 0) continue;
      yield {
        subject: vip,
        observed: [seen('addresses of this machine', `none is ${vip}`)],
        why: 'With dr and tun, packets arrive here with the VIP as their destination: a machine that does not have it drops them.',
        fixes: [byHand(`lvsadm real-server up --method ${method ?? 'dr'} --vip ${vip}`)],
      };
    }
  },
};

export const vipOnNetwork: Check = {
  id: 'vip-on-network',
  severity: 'error',
  roles,
  *find(facts, scope) {
    for (const { vip, link } of carriers(facts, scope)) {
      if (isSilent(link) || !link.arp) continue;
      yield {
        subject: vip.address,
        observed: [seen(`addresses of ${link.name}`, `${vip.address}/${vip.prefix}`)],
        why:
          `${link.name} answers for the VIP when the network asks who has it, whatever arp_ignore says: clients come here ` +
          'instead of to the director.',
        fixes: [
          byHand(`ip address del ${vip.address}/${vip.prefix} dev ${link.name}`),
          byHand(`lvsadm real-server up --method ${scope.method ?? 'dr'} --vip ${vip.address}`),
        ],
      };
    }
  },
};

export const arpIgnore: Check = {
  id: 'arp-ignore',
  severity: 'error',
  roles,
  *find(facts, scope) {
    for (const { vip, link } of carriers(facts, scope)) {
      if (familyOf(vip.address) !== 'inet' || !isSilent(link)) continue;
      const telling = askedLinks(facts).filter(({ name }) => {
        const value = largerOf(facts, name, 'arp_ignore');
        return value !== undefined && !HIDING_ARP_IGNORE.includes(String(value));
      });
      if (telling.length === 0) continue;
      yield {
        subject: vip.address,
        observed: [
          seen(`addresses of ${link.name}`, `${vip.address}/${vip.prefix}`),
          setting(facts, all('arp_ignore')),
          ...telling.map(({ name }) => setting(facts, interfaceSetting('ipv4', name, 'arp_ignore'))),
        ],
        why:
          `When the network asks who has the VIP, this machine answers (by ${telling.map(({ name }) => name).join(', ')}): ` +
          'clients come here instead of to the director.',
        fixes: [setTo(all('arp_ignore'), '1')],
      };
    }
  },
};

export const arpAnnounce: Check = {
  id: 'arp-announce',
  severity: 'error',
  roles,
  *find(facts, scope) {
    for (const { vip, link } of carriers(facts, scope)) {
      if (familyOf(vip.address) !== 'inet' || !isSilent(link)) continue;
      const telling = askedLinks(facts).filter(
        ({ name }) => (largerOf(facts, name, 'arp_announce') ?? 2) < 2,
      );
      if (telling.length === 0) continue;
      yield {
        subject: vip.address,
        observed: [
          seen(`addresses of ${link.name}`, `${vip.address}/${vip.prefix}`),
          setting(facts, all('arp_announce')),
          ...telling.map(({ name }) => setting(facts, interfaceSetting('ipv4', name, 'arp_announce'))),
        ],
        why:
          'When this machine answers a client it asks the network for the next hop in the name of the VIP; who hears that ' +
          'sends packets for the VIP here from then on, instead of to the director.',
        fixes: [setTo(all('arp_announce'), '2')],
      };
    }
  },
};

const all = (name: string): string => interfaceSetting('ipv4', 'all', name);

export const reversePath: Check = {
  id: 'rp-filter',
  severity: 'error',
  roles,
  *find(facts, scope) {
    for (const { vip, link } of carriers(facts, scope)) {
      if (familyOf(vip.address) !== 'inet' || !tunnelKinds.has(link.kind)) continue;
      if (largerOf(facts, link.name, 'rp_filter') !== 1) continue;
      const own = interfaceSetting('ipv4', link.name, 'rp_filter');
      yield {
        subject: vip.address,
        observed: [setting(facts, all('rp_filter')), setting(facts, own)],
        why:
          `Packets come out of ${link.name} from clients whose way back leads elsewhere: strict reverse path filtering (the ` +
          'larger of the two settings is 1) drops all of them.',
        fixes: [setTo(own, '2')],
      };
    }
  },
};

export const carrierDown: Check = {
  id: 'carrier-down',
  severity: 'error',
  roles,
  *find(facts, scope) {
    for (const { vip, link } of carriers(facts, scope)) {
      if (link.up) continue;
      yield {
        subject: vip.address,
        observed: [seen(`link ${link.name}`, 'down')],
        why: `The VIP stands on ${link.name}, which is switched off: what is sent to the VIP is not taken in.`,
        fixes: [safe({ do: 'up', device: link.name })],
      };
    }
  },
};

export const wayBack: Check = {
  id: 'nat-way-back',
  severity: 'error',
  roles,
  *find(facts, { method, gateway }) {
    if (method !== 'nat' || gateway === undefined) return;
    const anywhere = familyOf(gateway) === 'inet' ? '0.0.0.0' : '::';
    const route = routeTo(
      { ...facts, routes: facts.routes.filter(({ destination }) => destination === 'default') },
      anywhere,
    );
    if (route?.gateway === gateway) return;
    yield {
      subject: gateway,
      observed: [
        seen('default route', route === undefined ? 'none' : `via ${route.gateway ?? route.device}`),
      ],
      why:
        'The director has put the address of this server in the place of the VIP; answers that do not pass it on their way ' +
        'back still have it, and clients throw them away.',
      fixes: [byHand(`lvsadm real-server up --method nat --gateway ${gateway}`)],
    };
  },
};

export const vipDuplicate: Check = {
  id: 'vip-duplicate',
  severity: 'error',
  roles: ['real-server', 'director'],
  *find(facts) {
    for (const { address, prefix, device, duplicate } of facts.addresses) {
      if (!duplicate || prefix !== addressLength[familyOf(address)] * 8) continue;
      yield {
        subject: address,
        observed: [seen(`addresses of ${device}`, `${address}/${prefix} dadfailed`)],
        why:
          'Another machine of the network said that it has this address when it was put here, so the kernel does not use it. ' +
          'That is normal for a virtual address, which must be put on a link without asking (nodad).',
        fixes: [
          byHand(`ip address del ${address}/${prefix} dev ${device}`),
          byHand(`ip address add ${address}/${prefix} dev ${device} nodad preferred_lft 0`),
        ],
      };
    }
  },
};
