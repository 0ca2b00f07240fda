/** Reasons for which packets do not reach IPVS. */
import { hostPrefix } from '../../system/network/network.js';
import { contains, isLocal, routeTo, vipsOf } from '../facts/routing.js';
import { type Check, manualFix, seen } from './check.js';
import { servicesOf } from './table.js';

export const noIpvs: Check = {
  id: 'no-ipvs',
  severity: 'error',
  *find({ ipvs }) {
    if (ipvs !== undefined) return;
    yield {
      subject: 'ip_vs',
      observed: [seen('/sys/module/ip_vs', 'missing')],
      why: 'The kernel module of IPVS is not loaded: this machine balances nothing.',
      fixes: [manualFix('modprobe ip_vs')],
    };
  },
};

export const vipNotLocal: Check = {
  id: 'vip-not-local',
  severity: 'error',
  *find(facts, scope) {
    for (const vip of vipsOf(servicesOf(facts, scope))) {
      if (isLocal(facts, vip)) continue;
      const onNetwork = facts.addresses.find(
        ({ address, prefix, scope }) => scope === 'global' && contains(`${address}/${prefix}`, vip),
      );
      const device = onNetwork?.device ?? routeTo(facts, vip)?.device ?? 'INTERFACE';
      yield {
        subject: vip,
        observed: [seen('addresses of this machine', `none is ${vip}`)],
        why: 'The table has a virtual service for this address, but the machine does not have the address: packets for it never reach IPVS.',
        fixes: [manualFix(`ip address add ${vip}/${hostPrefix(vip)} dev ${device}`)],
      };
    }
  },
};

export const vipShared: Check = {
  id: 'vip-shared',
  severity: 'error',
  *find({ arpConflicts }, { vips }) {
    for (const { address, device, mac } of arpConflicts) {
      if (vips.length > 0 && !vips.includes(address)) continue;
      yield {
        subject: address,
        observed: [seen(`who has ${address}, asked on ${device}`, mac)],
        why:
          'Another machine answers ARP requests for the VIP as well, so clients reach one of the two at random. It is usually a ' +
          'real server that answers for the VIP, or a second director.',
        fixes: [manualFix(`lvsadm doctor --role real-server --vip ${address}`, mac)],
      };
    }
  },
};
