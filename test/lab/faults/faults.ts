/** Faults of one server, each with its end. */
import type { ServerFault } from '../../support/net/faulty-server.js';
import { type ServerName, serverPort, type Testbed } from './testbed.js';

export interface Fault {
  readonly name: string;
  begin(testbed: Testbed, server: ServerName): Promise<unknown>;
  end(testbed: Testbed, server: ServerName): Promise<unknown>;
}

const ofServer = (name: string, fault: ServerFault): Fault => ({
  name,
  begin: (testbed, server) => testbed.server(server).call('setFault', serverPort, fault),
  end: (testbed, server) => testbed.server(server).call('setFault', serverPort, 'none'),
});

/** What its firewall does with the packets that it gets. */
const ofFirewall = (name: string, verdict: string): Fault => ({
  name,
  begin: (testbed, server) =>
    testbed
      .host(server)
      .run('nft', [
        `add table inet fault; add chain inet fault in { type filter hook input priority 0; };` +
          `add rule inet fault in tcp dport ${serverPort} ${verdict}`,
      ]),
  end: (testbed, server) => testbed.host(server).run('nft', ['delete table inet fault']),
});

/** What its link does with the packets that it sends. */
const ofLink = (name: string, ...words: string[]): Fault => ({
  name,
  begin: (testbed, server) =>
    testbed.host(server).run('tc', ['qdisc', 'add', 'dev', 'inside', 'root', 'netem', ...words]),
  end: (testbed, server) => testbed.host(server).run('tc', ['qdisc', 'del', 'dev', 'inside', 'root']),
});

export const faults = {
  refused: ofServer('connection refused', 'refused'),
  rejected: ofFirewall('rejected by a firewall', 'reject'),
  dropped: ofFirewall('dropped by a firewall', 'drop'),
  stopped: {
    name: 'process stopped',
    begin: async (testbed, server) => testbed.server(server).signal('SIGSTOP'),
    end: async (testbed, server) => testbed.server(server).signal('SIGCONT'),
  },
  silent: ofServer('accepts, never answers', 'silent'),
  slowBody: ofServer('a byte a second', 'slow-body'),
  lost: ofLink('all packets lost', 'loss', '100%'),
  late: ofLink('packets 3 s late', 'delay', '3s'),
} satisfies Record<string, Fault>;

/** Health checks fail, and clients are answered. */
export const checksFail = ofServer('health checks fail', 'checks');
/** One request of three is answered. */
export const oneOfThree = ofServer('answers one of three', 'one-of-three');
