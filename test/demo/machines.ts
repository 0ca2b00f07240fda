// The demo's machines: what is typed on them is shown, run, and its output shown; claims are checked as they are made.
import { ipsOf } from '../support/cluster/headers.js';
import type { Ran } from '../support/modern.js';
import type { Capture } from '../support/net/capture.js';
import type { Asking } from '../support/net/http-client.js';
import { Network } from '../support/net/network.js';
import type { Packet } from '../support/net/packet.js';
import { Program } from '../support/net/program.js';
import { client, plan, serverNames, webPorts } from './cluster.js';
import type { HostOf } from './path.js';
import { stage } from './stage.js';

export class Machines implements AsyncDisposable {
  readonly faults: string[] = [];
  /** How many packets of each capture belong to earlier acts. */
  private readonly seen = new Map<string, number>();

  private constructor(
    private readonly network: Network,
    private readonly captures: ReadonlyMap<string, Capture>,
  ) {}

  static async build(): Promise<Machines> {
    const network = await Network.build(plan);
    try {
      const recorded = ['client outside', 'director lan', 'alpha lan', 'gamma far'];
      const [captures] = await Promise.all([
        Promise.all(
          recorded.map(async (where) => {
            const [host = '', segment = ''] = where.split(' ');
            return [where, await network.host(host).capture(segment)] as const;
          }),
        ),
        network.host('client').agent(),
        ...serverNames.map(async (name) => {
          const agent = await network.host(name).agent();
          for (const port of webPorts) await agent.call('serveHttp', { name, port });
        }),
      ]);
      return new Machines(network, new Map(captures));
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.network[Symbol.asyncDispose]();
  }

  readonly hostOf: HostOf = (mac) => this.network.hostOf(mac);

  /** lvsadm on the director; shows what it prints, through `view` where not all of it is worth showing. */
  async director(words: string, view: (output: string) => string = (output) => output): Promise<void> {
    stage.command('director', `lvsadm ${words}`);
    const { status, out, err } = await this.lvsadm('director', words);
    stage.output(view(out));
    this.claim(status === 0, `lvsadm ${words} on the director: ${err}`);
  }

  /** lvsadm on a machine, where its exit status is an answer. */
  async ask(host: string, words: string): Promise<{ status: number; output: string }> {
    stage.command(host, `lvsadm ${words}`);
    const { status, out, err } = await this.lvsadm(host, words);
    stage.report(out + err);
    return { status, output: out };
  }

  /** By the machine's agent: a process for each command would take a second of an emulated machine's time. */
  private async lvsadm(host: string, words: string): Promise<Ran> {
    return (await this.network.host(host).agent()).call('lvsadm', ...words.split(' '));
  }

  /** Any other program on a machine. */
  async run(host: string, words: string): Promise<void> {
    stage.command(host, words);
    const [file = '', ...args] = words.split(' ');
    stage.output(await this.network.host(host).run(file, args));
  }

  /** A program on a machine that goes on. */
  start(host: string, file: string, words: string): Program {
    return new Program(this.network.host(host), file, words.split(' '));
  }

  /** The same lvsadm on several machines at once, by their agents: one of their outputs is shown. */
  async everywhere(hosts: readonly string[], words: string): Promise<void> {
    const outputs = await Promise.all(
      hosts.map(async (name) => {
        const { status, out, err } = await this.lvsadm(name, words);
        this.claim(status === 0, `lvsadm ${words} on ${name}: ${out}${err}`);
        return out;
      }),
    );
    for (const host of hosts) stage.command(host, `lvsadm ${words}`);
    stage.quiet(outputs[0] ?? '');
  }

  /** Requests of the client, each on a connection of its own. */
  async requests(address: string, count: number, patience: Pick<Asking, 'timeout' | 'parallel'> = {}) {
    const agent = await this.network.host('client').agent();
    return agent.call('ask', { address, port: 80, count, ...patience });
  }

  /** What was captured of the client's connections in this act: on one link (`director lan`), or on all. */
  async packets(where?: string): Promise<Packet[]> {
    const chosen = [...this.captures].filter(([name]) => where === undefined || name === where);
    const all = await Promise.all(
      chosen.map(async ([name, capture]) => (await capture.packets()).slice(this.seen.get(name) ?? 0)),
    );
    return all.flat().filter(concernsClient);
  }

  /** A new act: what was captured so far does not belong to it. */
  async turnPage(): Promise<void> {
    for (const [name, capture] of this.captures) this.seen.set(name, (await capture.packets()).length);
  }

  /** Says what is not as it should be, and remembers it. */
  claim(holds: boolean, otherwise: string): void {
    if (holds) return;
    stage.bad(otherwise);
    this.faults.push(otherwise);
  }
}

const concernsClient = (packet: Packet): boolean =>
  packet.some(({ layer }) => layer === 'tcp') &&
  ipsOf(packet).some(({ source, destination }) => source === client || destination === client);
