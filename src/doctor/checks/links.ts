/** What the director's links do to forwarded packets. */
import { familyOf } from '../../model/address.js';
import type { EndpointId } from '../../model/service.js';
import type { DestinationEntry } from '../../model/table.js';
import { vsSetting } from '../../system/vs-settings.js';
import { interfacesWith, linkNamed, routeTo } from '../facts/routing.js';
import { numberOf } from '../facts/settings.js';
import { type Check, manualFix, seen, seenSetting, serverCheck } from './check.js';
import { isEndpoint, serversOf } from './table.js';

export const tunnelMtu = serverCheck({
  id: 'tunnel-mtu',
  severity: 'note',
  find({ service, server }, facts) {
    if (server.method !== 'tun' || !isEndpoint(service.id)) return undefined;
    const { address } = server.id;
    const [incoming] = interfacesWith(facts, service.id.address).map(({ device }) =>
      linkNamed(facts, device),
    );
    const outgoing = linkNamed(facts, routeTo(facts, address)?.device);
    if (incoming === undefined || incoming.loopback || outgoing === undefined) return undefined;
    const overhead = overheadOf(server);
    const room = outgoing.mtu - overhead;
    if (room >= incoming.mtu) return undefined;
    const path = vsSetting('pmtu_disc');
    const fragments = numberOf(facts, path) === 0;
    return {
      severity: fragments ? 'warning' : 'note',
      observed: [
        seen(`MTU of ${incoming.name}, where clients come in`, incoming.mtu),
        seen(`MTU of ${outgoing.name}, less ${overhead} for the encapsulation`, room),
        seenSetting(facts, path),
      ],
      why: fragments
        ? 'Full-size packets of clients leave for the server in two fragments each. That costs time on both machines, and more ' +
          'if one of the two is lost.'
        : 'Full-size packets of clients do not fit, and ICMP tells the clients so. Where ICMP is dropped on the way, uploads hang ' +
          'although small requests work.',
      fixes: [manualFix(lowerSegmentSize(service.id.address, room - headersOf(service.id)), address)],
    };
  },
});

/** `ip route change` resets every attribute that it does not name: the server's shell fills in those of its own route. */
const lowerSegmentSize = (vip: string, segment: number): string => {
  const ip = familyOf(vip) === 'inet' ? 'ip' : 'ip -6';
  return `${ip} route change $(${ip} route show default) advmss ${segment}`;
};

/** Bytes around the packet: the outer IP header, and the header of the encapsulation. */
const overheadOf = ({ id, tunnel: { type, checksum } }: DestinationEntry): number =>
  (familyOf(id.address) === 'inet' ? 20 : 40) +
  { ipip: 0, gre: 4, gue: 12 }[type] +
  (checksum === 'nocsum' ? 0 : { ipip: 0, gre: 4, gue: checksum === 'remcsum' ? 8 : 0 }[type]);

/** Bytes of the IP and TCP headers, without options. */
const headersOf = ({ address }: EndpointId): number => (familyOf(address) === 'inet' ? 40 : 60);

export const lro: Check = {
  id: 'lro',
  severity: 'warning',
  *find(facts, scope) {
    const used = new Set(
      serversOf(facts, scope).flatMap(({ service, server }) => [
        routeTo(facts, server.id.address)?.device,
        ...(isEndpoint(service.id)
          ? interfacesWith(facts, service.id.address).map(({ device }) => device)
          : []),
      ]),
    );
    for (const device of facts.lro.filter((name) => used.has(name))) {
      yield {
        subject: device,
        observed: [seen(`ethtool -k ${device}`, 'large-receive-offload: on')],
        why:
          'The network card merges segments into packets larger than the MTU of any link. They cannot be forwarded to a server ' +
          'and are dropped: connections become very slow.',
        fixes: [manualFix(`ethtool -K ${device} lro off`)],
      };
    }
  },
};
