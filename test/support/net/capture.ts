// The packets that an interface carries, while a capture lasts.
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from './host.js';
import { decode, type Header } from './packet.js';
import { PcapReader } from './pcap.js';

/** The port that tests use for generic UDP encapsulation. */
export const guePort = 5555;

const filter = 'ip or ip6';
const deadline = 20_000;

export class Capture {
  private readonly reader = new PcapReader();
  private readonly frames: Buffer[] = [];
  private messages = '';

  private constructor(private readonly tcpdump: ChildProcess) {
    tcpdump.stdout?.on('data', (bytes: Buffer) => this.frames.push(...this.reader.read(bytes)));
    tcpdump.stderr?.on('data', (bytes) => {
      this.messages += bytes;
    });
  }

  static async start(host: Host, device: string): Promise<Capture> {
    // Root to the end: the user that tcpdump otherwise becomes need not exist. -U: each packet as it comes.
    const args = ['-i', device, '-n', '-U', '--immediate-mode', '-Z', 'root', '-w', '-', filter];
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
    const capture = new Capture(host.start('tcpdump', args, { stdio }));
    await capture.until(() => capture.messages.includes('listening on'), 'did not start');
    return capture;
  }

  /** Ends the capture; the headers of every packet, in order. */
  async stop(): Promise<Header[][]> {
    await this.until(() => this.isComplete(), 'did not see all packets');
    const closed = once(this.tcpdump, 'close');
    this.tcpdump.kill('SIGTERM');
    await closed;
    return this.frames.map((frame) => decode(frame, guePort));
  }

  /** What passed the filter is counted at once and captured a little later: tcpdump tells both numbers when asked. */
  private async isComplete(): Promise<boolean> {
    const before = this.messages.length;
    this.tcpdump.kill('SIGUSR1');
    await this.until(() => this.messages.indexOf('dropped by kernel', before) >= 0, 'does not answer');
    const [, captured, received] =
      /(\d+) packets? captured, (\d+) packets? received/.exec(this.messages.slice(before)) ?? [];
    return captured !== undefined && captured === received && this.frames.length === Number(captured);
  }

  private async until(holds: () => boolean | Promise<boolean>, otherwise: string): Promise<void> {
    const end = Date.now() + deadline;
    while (!(await holds())) {
      if (Date.now() > end || this.tcpdump.exitCode !== null)
        throw new Error(`tcpdump ${otherwise}: ${this.messages}`);
      await sleep(20);
    }
  }
}
