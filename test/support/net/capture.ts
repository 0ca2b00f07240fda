// The packets that an interface carries, while a capture lasts.
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from './host.js';
import { decode, type Packet } from './packet.js';
import { PcapReader } from './pcap.js';

/** The port that tests use for generic UDP encapsulation. */
export const guePort = 5555;

const filter = 'ip or ip6';
const deadline = 20_000;

export class Capture {
  private readonly reader = new PcapReader();
  private readonly frames: Buffer[] = [];
  private readonly decoded: Packet[] = [];
  private messages = '';

  private constructor(private readonly tcpdump: ChildProcess) {
    tcpdump.stdout?.on('data', (bytes: Buffer) => this.frames.push(...this.reader.read(bytes)));
    tcpdump.stderr?.on('data', (bytes) => {
      this.messages += bytes;
    });
  }

  static async start(host: Host, device: string): Promise<Capture> {
    // Headers only and MiBs of room, so that none is lost while the machine is busy. -U: each packet as it comes.
    const recording = ['-s', '192', '-B', '16384', '-U', '--immediate-mode', '-w', '-'];
    // Root to the end: the user that tcpdump otherwise becomes need not exist.
    const args = ['-i', device, '-n', '-Z', 'root', ...recording, filter];
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
    const capture = new Capture(host.start('tcpdump', args, { stdio }));
    await capture.until(() => capture.messages.includes('listening on'), 'did not start');
    return capture;
  }

  /** The headers of every packet so far, in order: all that passed before this was called. */
  async packets(): Promise<Packet[]> {
    await this.until(() => this.isComplete(), 'did not see all packets');
    for (const frame of this.frames.splice(0)) this.decoded.push(decode(frame, guePort));
    return this.decoded;
  }

  /** What passed the filter is counted at once and captured a little later: tcpdump tells both numbers when asked. */
  private async isComplete(): Promise<boolean> {
    const before = this.messages.length;
    this.tcpdump.kill('SIGUSR1');
    await this.until(() => this.messages.indexOf('dropped by kernel', before) >= 0, 'does not answer');
    const [, captured, received, dropped] =
      /(\d+) packets? captured, (\d+) packets? received by filter, (\d+) packets? dropped/.exec(
        this.messages.slice(before),
      ) ?? [];
    if (dropped !== '0') throw new Error(`tcpdump lost ${dropped} packets`);
    return (
      captured !== undefined &&
      captured === received &&
      this.decoded.length + this.frames.length === Number(captured)
    );
  }

  private async until(holds: () => boolean | Promise<boolean>, otherwise: string): Promise<void> {
    const end = Date.now() + deadline;
    while (!(await holds())) {
      if (Date.now() > end || this.tcpdump.exitCode !== null)
        throw new Error(`tcpdump ${otherwise}: ${this.messages.trim().split('\n').at(-1)}`);
      await sleep(20);
    }
  }
}
