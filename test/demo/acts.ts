// The three methods as the tour tells them: what is typed, what then has to be true.
import type { Server } from './cluster.js';
import type { DirectorsWork } from './path.js';

/** Where a packet gets to next, and what the director has done to it before. */
export interface Leg {
  to: 'client' | 'director' | Server;
  did?: DirectorsWork;
}

export interface Act {
  method: 'nat' | 'dr' | 'tun';
  title: string;
  /** The idea, for somebody who has never heard of it. */
  idea: string;
  vip: string;
  scheduler: string;
  /** ipvsadm's letter for the method. */
  flag: string;
  /** The port at which the real servers are asked. */
  serverPort: number;
  weights: Partial<Record<Server, number>>;
  /** Why real servers have to be set up, and the words after `lvsadm real-server up`. */
  need: string;
  realServer: string;
  /** Whose connection is looked at, and the way that it must have taken: to the server and back. */
  witness: Server;
  path: readonly Leg[];
  lesson: string;
}

export const acts: readonly Act[] = [
  {
    method: 'nat',
    title: 'NAT: the director rewrites addresses, both ways',
    idea: `The director puts a real server's address in the place of the VIP, and the VIP
back into the answer. So answers have to return through it: it is the servers'
default route. Servers need nothing else, and may listen on another port.`,
    vip: '192.0.2.101',
    scheduler: 'wrr',
    flag: '-m',
    serverPort: 8080,
    weights: { alpha: 1, beta: 3 },
    need: 'The way back, on alpha and beta:',
    realServer: '--method nat --gateway 192.0.2.2',
    witness: 'alpha',
    path: [
      { to: 'director' },
      { to: 'alpha', did: 'destination' },
      { to: 'director' },
      { to: 'client', did: 'source' },
    ],
    lesson: 'Every answer passes the director: its bandwidth is the limit.',
  },
  {
    method: 'dr',
    title: 'Direct routing: the director changes the MAC address, nothing else',
    idea: `The director hands the packet on as it is, to a server's MAC address. The server
has the VIP too, and answers the client itself. It must not tell the network
that it has the VIP: only the director may. All of them stand on one link.`,
    vip: '192.0.2.102',
    scheduler: 'rr',
    flag: '-g',
    serverPort: 80,
    weights: { alpha: 1, beta: 1 },
    need: 'The VIP where nobody sees it, and silence when the network asks for it:',
    realServer: '--method dr --vip 192.0.2.102',
    witness: 'alpha',
    path: [{ to: 'director' }, { to: 'alpha', did: 'mac' }, { to: 'client' }],
    lesson: 'The director sees requests only: answers, most of the bytes, go past it.',
  },
  {
    method: 'tun',
    title: 'IP tunneling: the director puts each packet into another',
    idea: `The packet travels inside of another one, which is addressed to the server: so
servers may stand in other networks, as gamma does. The server unpacks it, finds
that the VIP is its own, and answers the client itself.`,
    vip: '192.0.2.103',
    scheduler: 'rr',
    flag: '-i',
    serverPort: 80,
    weights: { alpha: 1, beta: 1, gamma: 1 },
    need: 'A tunnel that ends here and has the VIP; rp_filter would drop what it brings:',
    realServer: '--method tun --vip 192.0.2.103',
    witness: 'gamma',
    path: [{ to: 'director' }, { to: 'gamma', did: 'tunnel' }, { to: 'client' }],
    lesson: 'As cheap as direct routing for answers, and it crosses routers.',
  },
];
