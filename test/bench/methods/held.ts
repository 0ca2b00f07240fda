/** Connections that the director's table holds while others are measured. */
import { type Destination, plainTunnel } from '../../../src/model/destination.js';
import type { Agent } from '../../support/net/agent.js';
import type { Network } from '../../support/net/network.js';
import { run } from '../../support/net/run.js';
import { sinkAddress, vips } from './network.js';

/** UDP, because one packet makes a connection. */
const service = { protocol: 'udp', address: vips.inet, port: 9 } as const;

/** Seconds: longer than any measurement. */
const timeout = 86_400;

/** Of RFC 2544, for benchmarks: 131,072 clients with a connection each. */
const firstClient = (198 << 24) + (18 << 16);

const dotted = (address: number): string =>
  [24, 16, 8, 0].map((shift) => (address >>> shift) & 255).join('.');

export class HeldConnections {
  private sent = 0;

  private constructor(
    private readonly network: Network,
    private readonly director: Agent,
  ) {}

  static async begin(network: Network): Promise<HeldConnections> {
    const director = await network.host('director').agent();
    const destination: Destination = {
      id: { address: sinkAddress, port: service.port },
      method: 'dr',
      weight: 1,
      upperThreshold: 0,
      lowerThreshold: 0,
      tunnel: plainTunnel,
    };
    await director.call('applyChanges', [
      { do: 'setTimeouts', timeouts: { tcp: 0, tcpFin: 0, udp: timeout } },
      { do: 'addService', service: { id: service, scheduler: 'rr', schedulerFlags: [], onePacket: false } },
      { do: 'addDestination', of: service, destination },
    ]);
    await run('modprobe', ['pktgen']);
    return new HeldConnections(network, director);
  }

  /** Adds connections until there are so many. A device drops packets that come too fast: they are made up for. */
  async grow(wanted: number): Promise<void> {
    let held = await this.count();
    while (held < wanted) {
      await this.send(wanted - held);
      const before = held;
      held = await this.count();
      if (held === before) throw new Error(`the director has ${held} connections and gets no more`);
    }
  }

  /** The kernel's packet generator sends on the router's link: one packet from each client. */
  private async send(packets: number): Promise<void> {
    const first = firstClient + this.sent;
    this.sent += packets;
    const settings = [
      ...['clone_skb 0', 'pkt_size 60', `count ${packets}`, 'delay 0'],
      ...[`dst_mac ${this.network.mac('director', 'front')}`, `dst ${vips.inet}`],
      ...[`src_min ${dotted(first)}`, `src_max ${dotted(first + packets)}`],
      ...['udp_src_min 1024', 'udp_src_max 1024'],
      ...[`udp_dst_min ${service.port}`, `udp_dst_max ${service.port}`],
    ];
    const script = [
      'cd /proc/net/pktgen',
      'echo rem_device_all >kpktgend_0',
      'echo add_device front >kpktgend_0',
      'while read -r setting; do echo "$setting" >front || exit 1; done',
      'echo start >pgctrl',
    ].join(' && ');
    await this.network.host('router').run('sh', ['-c', script], { input: `${settings.join('\n')}\n` });
  }

  private async count(): Promise<number> {
    const table = await this.director.call('readTable');
    const held = table.find(({ id }) => 'protocol' in id && id.protocol === service.protocol);
    return held?.destinations[0]?.inactiveConnections ?? 0;
  }
}
