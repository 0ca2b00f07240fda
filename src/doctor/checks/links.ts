/** What the director's links do to packets that are passed on. */
import { familyOf } from '../../model/address.js';
import type { EndpointId } from '../../model/service.js';
import type { DestinationEntry } from '../../model/table.js';
import { carriersOf, routeTo } from '../facts/routing.js';
import { numberOf } from '../facts/setting.js';
import type { Check } from './check.js';
import { byHand, seen, setting } from './fixes.js';
import { isEndpoint, nameOf, serversOf, servicesOf } from './table.js';

const roles = ['director'] as const;

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
          subject: nameOf({ service, server }),
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
              askForLess(service.id.address, leaving - overhead - headersOf(service.id)),
              server.id.address,
            ),
          ],
        };
      }
    }
  },
};

/** What a route is beyond its destination must be repeated where it is changed: the server fills in what it has. */
const askForLess = (vip: string, segment: number): string => {
  const ip = familyOf(vip) === 'inet' ? 'ip' : 'ip -6';
  return `${ip} route change $(${ip} route show default) advmss ${segment}`;
};

/** Bytes around the packet: the outer IP header, and what the encapsulation adds to it. */
const overheadOf = ({ id, tunnel: { type, checksum } }: DestinationEntry): number =>
  (familyOf(id.address) === 'inet' ? 20 : 40) +
  { ipip: 0, gre: 4, gue: 12 }[type] +
  (checksum === 'nocsum' ? 0 : { ipip: 0, gre: 4, gue: checksum === 'remcsum' ? 8 : 0 }[type]);

/** Of IP and TCP, without options. */
const headersOf = ({ address }: EndpointId): number => (familyOf(address) === 'inet' ? 40 : 60);

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
