/** Mistakes in the set-up of a real server. */
import { familyOf } from '../../model/address.js';
import { HIDING_ARP_IGNORE } from '../../setup/real-server.js';
import { hostPrefix } from '../../system/network/network.js';
import { interfaceSetting } from '../../system/sysctl.js';
import { hasLocalRoute, interfacesWith, routeTo } from '../facts/routing.js';
import { largerOf } from '../facts/settings.js';
import { type Check, manualFix, safeFix, seen, seenSetting, setSetting } from './check.js';
import { arpLinks, hiddenHolders, isHidden, isTunnel, vipHolders } from './vip-holders.js';

export const vipMissing: Check = {
  id: 'vip-missing',
  severity: 'error',
  *find(facts, { vips, method = 'dr' }) {
    if (method === 'nat') return;
    for (const vip of vips) {
      if (interfacesWith(facts, vip).length > 0) continue;
      yield {
        subject: vip,
        observed: [seen('addresses of this machine', `none is ${vip}`)],
        why: 'With dr and tun, packets arrive with the VIP as their destination: a machine without that address drops them.',
        fixes: [manualFix(`lvsadm real-server up --method ${method} --vip ${vip}`)],
      };
    }
  },
};

export const vipOnNetwork: Check = {
  id: 'vip-on-network',
  severity: 'error',
  *find(facts, scope) {
    for (const { vip, link } of vipHolders(facts, scope)) {
      if (isHidden(link) || !link.arp) continue;
      const address = `${vip.address}/${vip.prefix}`;
      yield {
        subject: vip.address,
        observed: [seen(`addresses of ${link.name}`, address)],
        why:
          `${link.name} answers ARP requests for the VIP whatever arp_ignore says: clients reach this machine instead of the ` +
          'director.',
        fixes: [
          manualFix(`ip address del ${address} dev ${link.name}`),
          manualFix(`lvsadm real-server up --method ${scope.method ?? 'dr'} --vip ${vip.address}`),
        ],
      };
    }
  },
};

export const carrierDown: Check = {
  id: 'carrier-down',
  severity: 'error',
  *find(facts, scope) {
    for (const { vip, link } of vipHolders(facts, scope)) {
      // The address of a dummy that is down (kube-ipvs0) may have a local route all the same; a tunnel that is down unpacks nothing.
      if (link.up || (!isTunnel(link) && hasLocalRoute(facts, vip.address))) continue;
      yield {
        subject: vip.address,
        observed: [seen(`link ${link.name}`, 'down')],
        why: `The VIP is on ${link.name}, and that link is down: the machine does not accept packets for the VIP.`,
        fixes: [safeFix({ do: 'up', device: link.name })],
      };
    }
  },
};

export const vipDuplicate: Check = {
  id: 'vip-duplicate',
  severity: 'error',
  *find({ addresses }) {
    for (const { address, prefix, device, duplicate } of addresses) {
      if (!duplicate || prefix !== hostPrefix(address)) continue;
      yield {
        subject: address,
        observed: [seen(`addresses of ${device}`, `${address}/${prefix} dadfailed`)],
        why:
          'Another machine claimed this address when it was added here, so the kernel does not use it. That is normal for a ' +
          'virtual address, which has to be added without duplicate address detection (nodad).',
        fixes: [
          manualFix(`ip address del ${address}/${prefix} dev ${device}`),
          manualFix(`ip address add ${address}/${prefix} dev ${device} nodad preferred_lft 0`),
        ],
      };
    }
  },
};

const all = (name: string): string => interfaceSetting('ipv4', 'all', name);

interface ArpSetting {
  readonly id: string;
  readonly name: 'arp_ignore' | 'arp_announce';
  /** Whether a value keeps the VIP secret on a link. */
  hides(value: number): boolean;
  readonly value: string;
  why(devices: string): string;
}

/** The check of a setting that has to hide the VIPs on every link with ARP. */
const arpCheck = ({ id, name, hides, value, why }: ArpSetting): Check => ({
  id,
  severity: 'error',
  *find(facts, scope) {
    const open = arpLinks(facts)
      .map((link) => link.name)
      .filter((device) => !hides(largerOf(facts, device, name) ?? Number(value)));
    if (open.length === 0) return;
    for (const { vip, link } of hiddenHolders(facts, scope)) {
      yield {
        subject: vip.address,
        observed: [
          seen(`addresses of ${link.name}`, `${vip.address}/${vip.prefix}`),
          seenSetting(facts, all(name)),
          ...open.map((device) => seenSetting(facts, interfaceSetting('ipv4', device, name))),
        ],
        why: why(open.join(', ')),
        fixes: [setSetting(all(name), value)],
      };
    }
  },
});

export const arpIgnore = arpCheck({
  id: 'arp-ignore',
  name: 'arp_ignore',
  hides: (value) => HIDING_ARP_IGNORE.includes(String(value)),
  value: '1',
  why: (devices) =>
    `This machine answers ARP requests for the VIP (on ${devices}): clients reach it instead of the director.`,
});

export const arpAnnounce = arpCheck({
  id: 'arp-announce',
  name: 'arp_announce',
  hides: (value) => value >= 2,
  value: '2',
  why: () =>
    'Before this machine answers a client it sends an ARP request for the next hop with the VIP as the sender. Machines that ' +
    'hear the request send packets for the VIP here from then on, instead of to the director.',
});

export const rpFilter: Check = {
  id: 'rp-filter',
  severity: 'error',
  *find(facts, scope) {
    for (const { vip, link } of hiddenHolders(facts, scope)) {
      if (!isTunnel(link) || largerOf(facts, link.name, 'rp_filter') !== 1) continue;
      const own = interfaceSetting('ipv4', link.name, 'rp_filter');
      yield {
        subject: vip.address,
        observed: [seenSetting(facts, all('rp_filter')), seenSetting(facts, own)],
        why:
          `The route back to a client does not use ${link.name}, on which its packets arrive: strict reverse path filtering (the ` +
          'larger of the two settings is 1) drops all of them.',
        fixes: [setSetting(own, '2')],
      };
    }
  },
};

export const natReturnRoute: Check = {
  id: 'nat-way-back',
  severity: 'error',
  *find(facts, { method, gateway }) {
    if (method !== 'nat' || gateway === undefined) return;
    const routes = facts.routes.filter(({ destination }) => destination === 'default');
    const route = routeTo({ ...facts, routes }, familyOf(gateway) === 'inet' ? '0.0.0.0' : '::');
    if (route?.gateway === gateway) return;
    yield {
      subject: gateway,
      observed: [
        seen('default route', route === undefined ? 'none' : `via ${route.gateway ?? route.device}`),
      ],
      why:
        'Answers of this server have its own address as their source, until the director replaces it by the VIP. Clients discard ' +
        'answers that do not go back through the director.',
      fixes: [manualFix(`lvsadm real-server up --method nat --gateway ${gateway}`)],
    };
  },
};
