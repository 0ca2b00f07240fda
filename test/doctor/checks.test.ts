/** Each trap, on a machine that is healthy but for it: exactly that finding, and none on healthy machines. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { checks } from '../../src/doctor/checks/index.js';
import { examine, rolesOf } from '../../src/doctor/examine.js';
import type { MachineFacts, Scope } from '../../src/doctor/facts/facts.js';
import type { Daemon } from '../../src/model/daemon.js';
import type { SchedulerFlag } from '../../src/model/schedulers.js';
import {
  address,
  by,
  director,
  group,
  link,
  realServer,
  route,
  SERVERS,
  server,
  service,
  VIP,
  VIP6,
  web,
  withIpvs,
  withSettings,
} from '../support/machine-facts.js';

const asDirector: Scope = { roles: ['director'], vips: [] };
const asRealServer: Scope = { roles: ['real-server'], vips: [] };

const vs = (name: string) => `net/ipv4/vs/${name}`;
const conf = (device: string, name: string) => `net/ipv4/conf/${device}/${name}`;
const without = (facts: MachineFacts, ...vips: string[]): MachineFacts => ({
  ...facts,
  addresses: facts.addresses.filter((own) => !vips.includes(own.address)),
  routes: facts.routes.filter(({ type }) => type !== 'local'),
});
const backup: Daemon = { state: 'backup', interface: 'back', syncId: 7 };
const master: Daemon = { ...backup, state: 'master' };
const dns = { protocol: 'udp', address: VIP, port: 53 } as const;
const mark = { fwmark: 7, family: 'inet' } as const;
const marked = { text: 'nft: ip lvs mark, handle 4', hook: 'prerouting', mark: 7, addresses: [] };

/** The first server has weight 0. */
const hashing = (scheduler: string, schedulerFlags: readonly SchedulerFlag[] = []) => ({
  ...service(web, [server(SERVERS[0], { weight: 0 }), server(SERVERS[1])]),
  scheduler,
  schedulerFlags,
});

const addedBackwards = (scheduler: string) => {
  const backwards = service();
  return { ...backwards, scheduler, additions: backwards.additions.toReversed() };
};

interface Trap {
  readonly id: string;
  readonly title: string;
  readonly facts: MachineFacts;
  readonly scope?: Scope;
  /** The fixes' commands; `on HOST: ` in front of those for another machine. */
  readonly fixes: readonly string[];
  /** What must be among the observations. */
  readonly seen: string;
}

const traps: readonly Trap[] = [
  {
    id: 'arp-ignore',
    title: 'a real server answers ARP for the VIP on lo',
    facts: withSettings(realServer, { [conf('all', 'arp_ignore')]: '0' }),
    scope: { ...asRealServer, vips: [VIP] },
    fixes: ['sysctl -w net.ipv4.conf.all.arp_ignore=1'],
    seen: 'net.ipv4.conf.eth0.arp_ignore = 0',
  },
  {
    id: 'arp-ignore',
    title: 'arp_ignore 3 goes by scope, and does not hide the VIP',
    facts: withSettings(realServer, { [conf('eth0', 'arp_ignore')]: '3' }),
    scope: { ...asRealServer, vips: ['192.0.2.11'] },
    fixes: ['sysctl -w net.ipv4.conf.all.arp_ignore=1'],
    seen: 'net.ipv4.conf.eth0.arp_ignore = 3',
  },
  {
    id: 'arp-announce',
    title: 'a real server asks in the name of the VIP',
    facts: withSettings(realServer, {
      [conf('all', 'arp_announce')]: '0',
      [conf('eth0', 'arp_announce')]: '1',
    }),
    scope: { ...asRealServer, vips: [VIP] },
    fixes: ['sysctl -w net.ipv4.conf.all.arp_announce=2'],
    seen: 'net.ipv4.conf.eth0.arp_announce = 1',
  },
  {
    id: 'rp-filter',
    title: 'strict reverse path filtering on the tunnel',
    facts: withSettings(realServer, { [conf('tunl0', 'rp_filter')]: '0' }),
    fixes: ['sysctl -w net.ipv4.conf.tunl0.rp_filter=2'],
    seen: 'net.ipv4.conf.all.rp_filter = 1',
  },
  {
    id: 'carrier-down',
    title: 'the tunnel that carries the VIP is down',
    facts: {
      ...realServer,
      links: realServer.links.map((one) => (one.name === 'tunl0' ? { ...one, up: false } : one)),
      // The local route of the VIP stays when its link goes down.
      routes: [...realServer.routes, route('192.0.2.11/32', 'tunl0', { type: 'local', table: 255 })],
    },
    fixes: ['ip link set tunl0 up'],
    seen: 'link tunl0 = down',
  },
  {
    id: 'vip-missing',
    title: 'the VIP is not on the real server',
    facts: without(realServer, VIP),
    scope: { ...asRealServer, vips: [VIP], method: 'tun' },
    fixes: [`lvsadm real-server up --method tun --vip ${VIP}`],
    seen: `none is ${VIP}`,
  },
  {
    id: 'vip-on-network',
    title: 'the VIP is on the network card of the real server',
    facts: {
      ...without(realServer, VIP),
      addresses: [...without(realServer, VIP).addresses, address(`${VIP}/24`, 'eth0')],
    },
    scope: { ...asRealServer, vips: [VIP] },
    fixes: [`ip address del ${VIP}/24 dev eth0`, `lvsadm real-server up --method dr --vip ${VIP}`],
    seen: `addresses of eth0 = ${VIP}/24`,
  },
  {
    id: 'vip-duplicate',
    title: 'IPv6 found another owner of the VIP',
    facts: {
      ...realServer,
      addresses: realServer.addresses.map((one) =>
        one.address === VIP6 ? { ...one, duplicate: true } : one,
      ),
    },
    fixes: [`ip address del ${VIP6}/128 dev lo`, `ip address add ${VIP6}/128 dev lo nodad preferred_lft 0`],
    seen: 'dadfailed',
  },
  {
    id: 'nat-way-back',
    title: 'the default route of a NAT server does not lead to the director',
    facts: realServer,
    scope: { ...asRealServer, method: 'nat', gateway: '10.1.0.99' },
    fixes: ['lvsadm real-server up --method nat --gateway 10.1.0.99'],
    seen: 'default route = via 10.1.0.1',
  },
  {
    id: 'conntrack-full',
    title: 'the table of tracked connections is nearly full',
    facts: withSettings(director, { 'net/netfilter/nf_conntrack_count': '60000' }),
    fixes: ['sysctl -w net.netfilter.nf_conntrack_max=131072'],
    seen: 'nf_conntrack_count = 60000',
  },
  {
    id: 'connection-limit',
    title: 'connections and templates near conn_max',
    facts: withSettings(
      withIpvs(director, { connections: [group({ ESTABLISHED: 5, SYN_RECV: 2 }, { templates: 1 })] }),
      { [vs('conn_max')]: '10' },
    ),
    fixes: ['sysctl -w net.ipv4.vs.conn_max=20'],
    seen: 'net.ipv4.vs.conn_max = 10',
  },
  {
    id: 'vip-not-local',
    title: 'the director does not have the VIP',
    facts: without(director, VIP),
    fixes: [`ip address add ${VIP}/32 dev front`],
    seen: `none is ${VIP}`,
  },
  {
    id: 'vip-shared',
    title: 'a real server answers for the VIP as well',
    facts: { ...director, arpConflicts: [{ address: VIP, device: 'front', mac: '02:00:00:00:00:07' }] },
    fixes: [`on 02:00:00:00:00:07: lvsadm doctor --role real-server --vip ${VIP}`],
    seen: `who has ${VIP}, asked on front = 02:00:00:00:00:07`,
  },
  {
    id: 'ip-forward',
    title: 'a NAT director does not forward',
    facts: withSettings(director, { 'net/ipv4/ip_forward': '0', [conf('back', 'forwarding')]: '0' }),
    fixes: ['sysctl -w net.ipv4.ip_forward=1'],
    seen: 'net.ipv4.ip_forward = 0',
  },
  {
    id: 'ip-forward',
    title: 'a NAT director does not forward IPv6',
    facts: withIpvs(
      { ...director, addresses: [...director.addresses, address(`${VIP6}/128`, 'front')] },
      { services: [service({ ...web, address: VIP6 }, [server('fd01::7')])], connections: [] },
    ),
    fixes: ['sysctl -w net.ipv6.conf.all.forwarding=1'],
    seen: 'net.ipv6.conf.back.forwarding = 0',
  },
  {
    id: 'send-redirects',
    title: 'clients and NAT servers on one link, and redirects are sent',
    facts: { ...director, addresses: [...director.addresses, address(`${VIP}/32`, 'back')] },
    fixes: ['sysctl -w net.ipv4.conf.all.send_redirects=0', 'sysctl -w net.ipv4.conf.back.send_redirects=0'],
    seen: 'net.ipv4.conf.all.send_redirects = 1',
  },
  {
    id: 'server-unreachable',
    title: 'no machine on the link answers for the server',
    facts: {
      ...director,
      neighbours: [{ address: SERVERS[0], device: 'back', state: 'failed' }],
    },
    fixes: [`ip route get ${SERVERS[0]}`],
    seen: `no machine on back answers for ${SERVERS[0]}`,
  },
  {
    id: 'server-unreachable',
    title: 'a server that no route leads to',
    facts: withIpvs(
      { ...director, routes: director.routes.filter(({ destination }) => destination !== 'default') },
      { services: [service(web, [server('10.9.0.7')])], connections: [] },
    ),
    fixes: ['ip route get 10.9.0.7'],
    seen: 'no route leads there',
  },
  {
    id: 'dr-not-adjacent',
    title: 'a direct routing server behind a router',
    facts: withIpvs(director, {
      services: [service(web, [server('10.9.0.7', { method: 'dr' })])],
      connections: [],
    }),
    fixes: [
      `lvsadm -e -t ${VIP}:80 -r 10.9.0.7:80 -i -w 1 --tun-type ipip`,
      `on 10.9.0.7: lvsadm real-server up --method tun --vip ${VIP}`,
    ],
    seen: 'route to 10.9.0.7 = via 192.0.2.254',
  },
  {
    id: 'server-silent',
    title: 'answers of a NAT server go past the director',
    facts: withIpvs(director, { connections: [group({ SYN_RECV: 9 })] }),
    fixes: [`on ${SERVERS[0]}: lvsadm real-server up --method nat --gateway 10.1.0.1`],
    seen: '9 connections in SYN_RECV',
  },
  {
    id: 'server-silent',
    title: 'clients of a NAT server are on its own network',
    facts: withIpvs(director, { connections: [group({ SYN_RECV: 9 }, { clients: ['10.1.0.9'] })] }),
    fixes: [`on ${SERVERS[0]}: ip route add 10.1.0.9 via 10.1.0.1`],
    seen: 'clients = 10.1.0.9',
  },
  {
    id: 'server-silent',
    title: 'a direct routing server does not answer',
    facts: withIpvs(director, { services: [by('dr')], connections: [group({ SYN_RECV: 9 })] }),
    fixes: [`on ${SERVERS[0]}: lvsadm doctor --role real-server --method dr --vip ${VIP}`],
    seen: '9 connections in SYN_RECV',
  },
  {
    id: 'local-not-listening',
    title: 'a server is the director itself, and no program listens',
    facts: withIpvs(
      { ...director, listeners: [{ protocol: 'udp', address: '0.0.0.0', port: 80 }] },
      { services: [service(web, [server('10.1.0.1', { method: 'local' }), server(SERVERS[0])])] },
    ),
    fixes: [`lvsadm -d -t ${VIP}:80 -r 10.1.0.1:80`],
    seen: 'listeners of tcp = none on port 80',
  },
  {
    id: 'hash-order',
    title: 'servers of mh that were added in another order',
    facts: withIpvs(director, { services: [addedBackwards('mh')] }),
    fixes: [
      `lvsadm -d -t ${VIP}:80 -r ${SERVERS[1]}:80`,
      `lvsadm -a -t ${VIP}:80 -r ${SERVERS[1]}:80 -m -w 1`,
    ],
    seen: `order of addition = ${SERVERS[1]}:80 before ${SERVERS[0]}:80`,
  },
  {
    id: 'hashed-at-zero',
    title: 'sh without fallback has a server at weight 0',
    facts: withIpvs(director, { services: [hashing('sh', ['flag-2'])] }),
    fixes: [`lvsadm -E -t ${VIP}:80 -s sh -b sh-port,sh-fallback`],
    seen: 'scheduler = sh',
  },
  {
    id: 'hashed-at-zero',
    title: 'mh without fallback has a server at weight 0',
    facts: withIpvs(director, { services: [hashing('mh')] }),
    fixes: [`lvsadm -E -t ${VIP}:80 -s mh -b mh-fallback`],
    seen: 'scheduler = mh',
  },
  {
    id: 'hashed-at-zero',
    title: 'dh has a server at weight 0',
    facts: withIpvs(director, { services: [hashing('dh')] }),
    fixes: [`lvsadm -d -t ${VIP}:80 -r ${SERVERS[0]}:80`],
    seen: 'scheduler = dh',
  },
  {
    id: 'all-overloaded',
    title: 'every server has reached its upper threshold',
    facts: withIpvs(director, {
      services: [
        service(web, [
          server(SERVERS[0], { upperThreshold: 10, activeConnections: 4, inactiveConnections: 6 }),
          server(SERVERS[1], { weight: 0, activeConnections: 0 }),
        ]),
      ],
    }),
    fixes: [`lvsadm -e -t ${VIP}:80 -r ${SERVERS[0]}:80 -m -w 1 -x 20`],
    seen: `${SERVERS[0]}:80 = 10 connections, upper threshold 10`,
  },
  {
    id: 'threshold-stuck',
    title: 'a server below its upper threshold is passed over',
    facts: withIpvs(director, {
      services: [
        {
          ...service(web, [
            server(SERVERS[0], { upperThreshold: 100, activeConnections: 10 }),
            server(SERVERS[1], { stats: { ...server(SERVERS[1]).stats, connectionRate: 7n } }),
          ]),
          scheduler: 'rr',
        },
      ],
    }),
    fixes: [
      `lvsadm -e -t ${VIP}:80 -r ${SERVERS[0]}:80 -m -w 1 -x 101`,
      `lvsadm -e -t ${VIP}:80 -r ${SERVERS[0]}:80 -m -w 1 -x 100`,
    ],
    seen: 'lower threshold = 0 (three quarters of the upper one)',
  },
  {
    id: 'nat-port-shared',
    title: 'two services have one server at one port',
    facts: withIpvs(director, {
      services: [service(), service({ ...web, port: 8080 }, [server(SERVERS[0])])],
    }),
    fixes: [],
    seen: `service = TCP ${VIP}:8080`,
  },
  {
    id: 'loopback-service',
    title: 'a service of the loopback has a server elsewhere',
    facts: withIpvs(director, {
      services: [service({ ...web, address: '127.0.0.1' }, [server(SERVERS[0])])],
      connections: [],
    }),
    fixes: [],
    seen: 'address of the service = 127.0.0.1',
  },
  {
    id: 'tunnel-mtu',
    title: 'what is tunnelled is fragmented',
    facts: withSettings(withIpvs(director, { services: [by('tun')] }), { [vs('pmtu_disc')]: '0' }),
    fixes: [
      `on ${SERVERS[0]}: ip route change $(ip route show default) advmss 1440`,
      `on ${SERVERS[1]}: ip route change $(ip route show default) advmss 1440`,
    ],
    seen: 'less 20 for the encapsulation = 1480',
  },
  {
    id: 'lro',
    title: 'the network card merges segments',
    facts: { ...director, lro: ['back', 'other'] },
    fixes: ['ethtool -K back lro off'],
    seen: 'large-receive-offload: on',
  },
  {
    id: 'no-ipvs',
    title: 'IPVS is not loaded',
    facts: { ...director, ipvs: undefined },
    fixes: ['modprobe ip_vs'],
    seen: '/sys/module/ip_vs = missing',
  },
  {
    id: 'no-servers',
    title: 'a service has no server',
    facts: withIpvs(director, { services: [service(web, [])], connections: [] }),
    fixes: [],
    seen: 'real servers = 0',
  },
  {
    id: 'all-quiesced',
    title: 'all servers have weight 0',
    facts: withIpvs(director, { services: [by('nat', { weight: 0 })] }),
    fixes: SERVERS.map((at) => `lvsadm -e -t ${VIP}:80 -r ${at}:80 -m -w 1`),
    seen: 'weight 0',
  },
  {
    id: 'port-mismatch',
    title: 'direct routing to another port',
    facts: withIpvs(director, {
      services: [service(web, [server(SERVERS[0], { method: 'dr' }, 8080)])],
      connections: [],
    }),
    fixes: [],
    seen: 'port of the server = 8080',
  },
  {
    id: 'removed-server',
    title: 'connections to a server that was removed',
    facts: withIpvs(director, { services: [service(web, [server(SERVERS[1])])] }),
    fixes: ['sysctl -w net.ipv4.vs.expire_nodest_conn=1'],
    seen: '7 connections to a server that is not in the table',
  },
  {
    id: 'held-by-persistence',
    title: 'a server at weight 0 whose persistent clients keep coming',
    facts: withIpvs(director, {
      services: [
        service(web, [server(SERVERS[0], { weight: 0, persistentConnections: 4 }), server(SERVERS[1])]),
      ],
    }),
    fixes: ['sysctl -w net.ipv4.vs.expire_quiescent_template=1'],
    seen: 'persistence templates = 4',
  },
  {
    id: 'draining',
    title: 'a server at weight 0 that is not empty yet',
    facts: withIpvs(director, {
      services: [service(web, [server(SERVERS[0], { weight: 0, activeConnections: 5 }), server(SERVERS[1])])],
    }),
    fixes: [],
    seen: 'connections = 5',
  },
  {
    id: 'stale-udp',
    title: 'UDP clients of a server at weight 0',
    facts: withIpvs(director, {
      services: [service(dns, [server(SERVERS[0], { weight: 0 }, 53), server(SERVERS[1], {}, 53)])],
      connections: [
        group(
          { UDP: 3 },
          {
            protocol: 'UDP',
            virtual: { address: VIP, port: 53 },
            destination: { address: SERVERS[0], port: 53 },
          },
        ),
      ],
    }),
    fixes: ['lvsadm --set 0 0 30'],
    seen: 'timeout of UDP in seconds = 300',
  },
  {
    id: 'idle-timeout',
    title: 'idle connections are about to be forgotten',
    facts: withIpvs(director, { connections: [group({ ESTABLISHED: 1 }, { shortestLeft: 42 })] }),
    fixes: ['lvsadm --set 7800 0 0'],
    seen: 'forgotten in 42 s',
  },
  {
    id: 'backup-loop',
    title: 'a backup director that is a real server as well',
    facts: withSettings(
      withIpvs(
        { ...director, listeners: [{ protocol: 'tcp', address: '0.0.0.0', port: 80 }] },
        {
          daemons: [backup],
          services: [service(web, [server('10.1.0.1', { method: 'local' }), server(SERVERS[0])])],
        },
      ),
      { [vs('sloppy_tcp')]: '1' },
    ),
    fixes: ['sysctl -w net.ipv4.vs.backup_only=1'],
    seen: 'net.ipv4.vs.backup_only = 0',
  },
  {
    id: 'sloppy-tcp',
    title: 'a backup director refuses connections that it did not see begin',
    facts: withIpvs(director, { daemons: [backup] }),
    fixes: ['sysctl -w net.ipv4.vs.sloppy_tcp=1'],
    seen: 'net.ipv4.vs.sloppy_tcp = 0',
  },
  {
    id: 'sync-id',
    title: 'master and backup of this machine have two sync ids',
    facts: withSettings(withIpvs(director, { daemons: [master, { ...backup, syncId: 8 }] }), {
      [vs('sloppy_tcp')]: '1',
    }),
    fixes: ['lvsadm --stop-daemon backup', 'lvsadm --start-daemon backup --mcast-interface back --syncid 7'],
    seen: 'sync id of the backup = 8',
  },
  {
    id: 'sync-family',
    title: 'master and backup of this machine talk by two protocols',
    facts: withSettings(withIpvs(director, { daemons: [master, { ...backup, group: 'ff02::81' }] }), {
      [vs('sloppy_tcp')]: '1',
    }),
    fixes: [],
    seen: 'group of the backup = ff02::81',
  },
  {
    id: 'conntrack-off',
    title: 'masquerading that does not see what IPVS forwards',
    facts: {
      ...director,
      rules: [
        {
          text: 'nft: ip nat postrouting, handle 3',
          hook: 'postrouting',
          needs: 'nat',
          addresses: ['10.1.0.0/24'],
        },
      ],
    },
    fixes: ['sysctl -w net.ipv4.vs.conntrack=1'],
    seen: 'postrouting = nft: ip nat postrouting, handle 3',
  },
  {
    id: 'conntrack-off',
    title: 'a firewall that only forwards what it has seen begin',
    facts: {
      ...director,
      rules: [
        {
          text: 'iptables: -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED',
          hook: 'forward',
          needs: 'ct',
          addresses: [],
        },
      ],
    },
    fixes: ['sysctl -w net.ipv4.vs.conntrack=1'],
    seen: 'net.ipv4.vs.conntrack = 0',
  },
  {
    id: 'reuse-delay',
    title: 'an old kernel makes clients wait that use a port again',
    facts: withSettings({ ...director, kernel: '5.8.18' }, { [vs('conntrack')]: '1' }),
    fixes: ['sysctl -w net.ipv4.vs.conn_reuse_mode=0'],
    seen: 'kernel = 5.8.18',
  },
  {
    id: 'fwmark-unmarked',
    title: 'no rule sets the mark of a service',
    facts: withIpvs(
      { ...director, rules: [{ ...marked, mark: 8 }] },
      { services: [service(mark)], connections: [] },
    ),
    fixes: [
      'nft add table inet lvs',
      "nft 'add chain inet lvs marking { type filter hook prerouting priority mangle; }'",
      'nft add rule inet lvs marking ip daddr VIP tcp dport PORT meta mark set 7',
    ],
    seen: 'rules that set a mark = 8',
  },
];

describe('each trap gives exactly its finding', () => {
  for (const { id, title, facts, scope, fixes, seen } of traps) {
    test(`${id}: ${title}`, () => {
      const whose = scope ?? (facts.ipvs === undefined && id !== 'no-ipvs' ? asRealServer : asDirector);
      const found = examine(facts, whose);
      assert.deepEqual(
        [...new Set(found.map((finding) => finding.id))],
        [id],
        JSON.stringify(found, undefined, 2),
      );
      const commands = found.flatMap((finding) =>
        finding.fixes.map(({ on, command }) => (on ? `on ${on}: ${command}` : command)),
      );
      assert.deepEqual(commands, fixes);
      const observed = found.flatMap((finding) =>
        finding.observed.map(({ source, value }) => `${source} = ${value}`),
      );
      assert.ok(
        observed.some((text) => text.includes(seen)),
        observed.join('\n'),
      );
    });
  }

  test('and every check has a trap that it finds', () => {
    const tried = new Set(traps.map(({ id }) => id));
    const all = [...new Set([...checks.director, ...checks['real-server']])];
    assert.deepEqual(
      all.map(({ id }) => id).filter((id) => !tried.has(id)),
      [],
    );
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length, 'two checks share an id');
  });
});

test("hash-order's commands make the order of addition that of addresses, with one server missing at a time", () => {
  const sorted = [1, 2, 3, 4, 5].map((number) => server(`10.1.0.${number}`));
  fc.assert(
    fc.property(fc.shuffledSubarray(sorted, { minLength: 1 }), (added) => {
      const present = sorted.filter((one) => added.includes(one));
      const hashed = { ...service(web, present), scheduler: 'sh', additions: added.map(({ id }) => id) };
      const found = examine(withIpvs(director, { services: [hashed] }), asDirector);
      let order = added.map(({ id }) => id.address);
      for (const { command } of found.flatMap(({ id, fixes }) => (id === 'hash-order' ? fixes : []))) {
        const [, action, address = ''] =
          /^lvsadm (-[ad]) .*-r ([\d.]+):80/.exec(command) ?? assert.fail(command);
        order = action === '-d' ? order.filter((one) => one !== address) : [...order, address];
        assert.ok(order.length >= added.length - 1);
      }
      assert.deepEqual(
        order,
        present.map(({ id }) => id.address),
      );
    }),
  );
});

describe('healthy machines give no finding', () => {
  const healthy: readonly [title: string, facts: MachineFacts, scope: Scope][] = [
    ['a NAT director', director, asDirector],
    [
      'a DR director, which need not forward',
      withSettings(withIpvs(director, { services: [by('dr')] }), {
        'net/ipv4/ip_forward': '0',
        [conf('back', 'forwarding')]: '0',
      }),
      asDirector,
    ],
    [
      'a tunnel director with room for the encapsulation',
      withIpvs(
        {
          ...director,
          links: director.links.map((one) =>
            one.name === 'back' ? link('back', { index: 3, mtu: 1600 }) : one,
          ),
        },
        { services: [by('tun')] },
      ),
      asDirector,
    ],
    [
      'a director whose service is marked',
      withIpvs({ ...director, rules: [marked] }, { services: [service(mark)], connections: [] }),
      asDirector,
    ],
    [
      'a director that is a server, and listens',
      withIpvs(
        { ...director, listeners: [{ protocol: 'tcp', address: '::', port: 80 }] },
        { services: [service(web, [server('10.1.0.1', { method: 'local' }), server(SERVERS[0])])] },
      ),
      asDirector,
    ],
    [
      'a director whose conntrack is on for its rules',
      withSettings(
        { ...director, rules: [{ text: 'x', hook: 'postrouting', needs: 'nat', addresses: [] }] },
        { [vs('conntrack')]: '1' },
      ),
      asDirector,
    ],
    [
      'a director with rules about other machines',
      {
        ...director,
        rules: [{ text: 'x', hook: 'postrouting', needs: 'nat', addresses: ['172.17.0.0/16'] }],
      },
      asDirector,
    ],
    [
      'a director with a few connections that have just begun',
      withIpvs(director, { connections: [group({ SYN_RECV: 2 })] }),
      asDirector,
    ],
    [
      'a director whose VIP is a local route',
      { ...director, addresses: director.addresses.filter((own) => own.address !== VIP) },
      asDirector,
    ],
    [
      'a pair of sync daemons',
      withSettings(withIpvs(director, { daemons: [master, backup] }), { [vs('sloppy_tcp')]: '1' }),
      asDirector,
    ],
    [
      'an order of addition that no hash depends on',
      withIpvs(director, { services: [addedBackwards('wlc')] }),
      asDirector,
    ],
    [
      'hashing schedulers that fall back',
      withIpvs(director, { services: [hashing('sh', ['flag-1'])] }),
      asDirector,
    ],
    [
      'servers of UDP and TCP at one port',
      withIpvs(director, { services: [service(), service({ ...web, protocol: 'udp' })] }),
      asDirector,
    ],
    [
      'a server with many connections that lc passes over',
      withIpvs(director, {
        services: [
          {
            ...service(web, [
              server(SERVERS[0], { upperThreshold: 100, activeConnections: 10 }),
              server(SERVERS[1], { stats: { ...server(SERVERS[1]).stats, connectionRate: 7n } }),
            ]),
            scheduler: 'lc',
          },
        ],
      }),
      asDirector,
    ],
    [
      'a director with a router id on lo, and its VIPs on a dummy that is down (kube-ipvs0)',
      {
        ...director,
        links: [...director.links, link('kube-ipvs0', { index: 9, kind: 'dummy', up: false, arp: false })],
        addresses: [
          ...director.addresses.filter(({ address: own }) => own !== VIP),
          address('10.255.0.1/32', 'lo'),
          address('169.254.20.10/32', 'kube-ipvs0'),
          address(`${VIP}/32`, 'kube-ipvs0'),
        ],
      },
      asDirector,
    ],
    ['a real server', realServer, asRealServer],
    [
      'a real server whose VIP is on a dummy that was down when it came',
      {
        ...realServer,
        links: realServer.links.map((one) =>
          one.name === 'tunl0' ? { ...one, kind: 'dummy', up: false } : one,
        ),
        routes: [...realServer.routes, route('192.0.2.11/32', 'tunl0', { type: 'local', table: 255 })],
      },
      asRealServer,
    ],
    ['a real server, asked for its VIPs', realServer, { ...asRealServer, vips: [VIP, VIP6], method: 'dr' }],
    [
      'a NAT server whose default route leads to the director',
      realServer,
      { ...asRealServer, method: 'nat', gateway: '10.1.0.1' },
    ],
    [
      'a machine that is both: the VIP of its own service may answer',
      withIpvs(
        withSettings(
          { ...director, addresses: [...director.addresses, address(`${VIP}/32`, 'lo')] },
          { [conf('all', 'arp_ignore')]: '0' },
        ),
        {},
      ),
      { roles: ['director', 'real-server'], vips: [] },
    ],
    [
      'a server behind policy routing, where the main table proves nothing',
      withIpvs(
        {
          ...director,
          routes: [
            ...director.routes.filter(({ destination }) => destination !== 'default'),
            route('default', 'front', { table: 100 }),
          ],
        },
        { services: [service(web, [server('10.9.0.7')])], connections: [] },
      ),
      asDirector,
    ],
  ];
  for (const [title, facts, scope] of healthy) {
    test(title, () => assert.deepEqual(examine(facts, scope), []));
  }
});

test('connections and templates below four fifths of conn_max are no finding; at conn_max they are an error', () => {
  const connections = [group({ ESTABLISHED: 5 }, { templates: 3 })];
  const severities = (most: number) =>
    examine(withSettings(withIpvs(director, { connections }), { [vs('conn_max')]: String(most) }), asDirector)
      .filter(({ id }) => id === 'connection-limit')
      .map(({ severity }) => severity);
  assert.deepEqual([11, 10, 9, 8].map(severities), [[], ['warning'], ['warning'], ['error']]);
});

describe('the role of a machine', () => {
  const routerId = { ...director, addresses: [...director.addresses, address('10.255.0.1/32', 'lo')] };
  const bare = { ...routerId, ipvs: undefined };

  test('a machine with services is a director, whatever else is on its lo', () => {
    assert.deepEqual(rolesOf(routerId, []), ['director']);
    assert.deepEqual(rolesOf(withIpvs(routerId, { services: [] }), []), ['real-server']);
    assert.deepEqual(rolesOf(director, [VIP]), ['director']);
    assert.deepEqual(rolesOf({ ...director, ipvs: undefined }, []), []);
  });

  test('an address that nothing names a VIP is a note at most, and nothing that --fix changes', () => {
    const findings = examine(bare, { roles: rolesOf(bare, []), vips: [], assumed: true });
    const open = withSettings(bare, {
      [conf('front', 'arp_ignore')]: '0',
      [conf('back', 'arp_ignore')]: '0',
    });
    const found = examine(open, { roles: ['real-server'], vips: [], assumed: true });
    assert.ok(found.length > 0);
    for (const { severity, fixes, observed } of [...findings, ...found]) {
      assert.equal(severity, 'note');
      assert.ok(fixes.every(({ step }) => step === undefined));
      assert.match(observed.at(-1)?.value ?? '', /assumed; --vip or --role/);
    }
    const [confirmed] = examine(open, { roles: ['real-server'], vips: [] });
    assert.equal(confirmed?.severity, 'error');
    assert.ok(confirmed?.fixes[0]?.step);
  });
});
