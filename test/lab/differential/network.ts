/**
 * A small network around this namespace, the director: real servers in another one, behind a veth pair, whose way back
 * leads through here. Clients are this process itself.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const vip = { inet: '192.0.2.1', marked: '192.0.2.50', inet6: '2001:db8::1' } as const;
export const server = { inet: '198.51.100.2', absent: '198.51.100.9', inet6: '2001:db8:7::2' } as const;

/** The mark of what goes to the address for it. */
export const mark = 7;

const set = (text: string): void => {
  const [program = '', ...args] = text.split(' ');
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
};

export class Network {
  private readonly sockets: Socket[] = [];

  private constructor(private readonly servers: ChildProcess) {}

  static async build(): Promise<Network> {
    const director = ['198.51.100.1/24 dev near', `${vip.inet}/32 dev lo`, `${vip.marked}/32 dev lo`];
    const director6 = ['2001:db8:7::1/64 dev near', `${vip.inet6}/128 dev lo`];
    set('ip netns add servers');
    set('ip link add near type veth peer name far netns servers');
    for (const address of director) set(`ip address add ${address}`);
    for (const address of director6) set(`ip -6 address add ${address} nodad`);
    set('ip link set near up');
    set(`ip -n servers address add ${server.inet}/24 dev far`);
    set(`ip -n servers -6 address add ${server.inet6}/64 dev far nodad`);
    set('ip -n servers link set far up');
    set('ip -n servers route add default via 198.51.100.1');
    set('ip -n servers -6 route add default via 2001:db8:7::1');
    set('nft add table ip marks');
    set('nft add chain ip marks output { type route hook output priority mangle; }');
    set(`nft add rule ip marks output ip daddr ${vip.marked} meta mark set ${mark}`);
    return new Network(await startServers());
  }

  /** A TCP connection that stays open. */
  async connect(host: string, port: number): Promise<Socket> {
    const socket = this.open(host, port);
    await once(socket, 'connect');
    return socket;
  }

  /** A TCP connection that nobody answers. */
  async knock(host: string, port: number): Promise<void> {
    this.open(host, port).on('error', () => {});
    await sleep(100);
  }

  async send(host: string, port: number, text: string): Promise<void> {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
    await new Promise<void>((resolve, reject) =>
      socket.send(text, port, host, (error) => (error ? reject(error) : resolve())),
    );
    socket.close();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    const ended = once(this.servers, 'exit');
    this.servers.kill();
    await ended;
    set('ip netns delete servers');
  }

  private open(host: string, port: number): Socket {
    const socket = connect(port, host);
    this.sockets.push(socket);
    return socket;
  }
}

async function startServers(): Promise<ChildProcess> {
  const script = join(import.meta.dirname, 'real-server.js');
  const servers = spawn('ip', ['netns', 'exec', 'servers', process.execPath, script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await Promise.race([
    once(servers.stdout, 'data'),
    once(servers, 'exit').then(() => Promise.reject(new Error('the real servers ended'))),
  ]);
  return servers;
}

/** A SIP request as the persistence engine reads it. */
export const invite = (callId: string): string =>
  [
    'INVITE sip:bob@example.com SIP/2.0',
    'Via: SIP/2.0/UDP 192.0.2.1:5060',
    `Call-ID: ${callId}`,
    '',
    '',
  ].join('\r\n');
