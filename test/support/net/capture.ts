// The packets that an interface carries, while a capture lasts.
import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Host } from './host.js';
import { decode, type Packet } from './packet.js';
import { PcapReader } from './pcap.js';

const filter = 'ip or ip6';

/** Milliseconds for what tcpdump does at once unless the machine is very busy. */
const patience = 30_000;

export class Capture {
  private readonly reader = new PcapReader();
  private readonly decoded: Packet[] = [];
  private position = 0;
  private messages = '';

  private constructor(
    private readonly tcpdump: ChildProcess,
    /** Open for reading; what tcpdump writes. */
    private readonly file: number,
  ) {
    tcpdump.stderr?.on('data', (bytes) => {
      this.messages += bytes;
    });
    tcpdump.once('close', () => closeSync(file));
  }

  static async start(host: Host, device: string): Promise<Capture> {
    // Headers only and MiBs of room, so that none is lost while the machine is busy. -U: each packet as it comes.
    const recording = ['-s', '192', '-B', '16384', '-U', '--immediate-mode', '-w', '-'];
    // Root to the end: the user that tcpdump otherwise becomes need not exist.
    const args = ['-i', device, '-n', '-Z', 'root', ...recording, filter];
    // Into a file and not through a pipe: nobody has to wake up for every packet.
    const { writing, reading } = namelessFile();
    const tcpdump = host.start('tcpdump', args, { stdio: ['ignore', writing, 'pipe'] });
    closeSync(writing);
    const capture = new Capture(tcpdump, reading);
    await capture.until(() => capture.messages.includes('listening on'), 'did not start');
    return capture;
  }

  /** The headers of every packet so far, in order: all that passed before this was called. */
  async packets(): Promise<readonly Packet[]> {
    await this.until(() => this.isComplete(), 'did not see all packets');
    return this.decoded;
  }

  /** What passed the filter is counted at once and written a little later: tcpdump tells both numbers when asked. */
  private async isComplete(): Promise<boolean> {
    const before = this.messages.length;
    this.tcpdump.kill('SIGUSR1');
    await this.until(() => this.messages.indexOf('dropped by kernel', before) >= 0, 'does not answer');
    const [, written, received, dropped] =
      /(\d+) packets? captured, (\d+) packets? received by filter, (\d+) packets? dropped/.exec(
        this.messages.slice(before),
      ) ?? [];
    if (dropped !== '0') throw new Error(`tcpdump lost ${dropped} packets`);
    if (written !== received) return false;
    this.readFile();
    return this.decoded.length === Number(written);
  }

  private readFile(): void {
    const chunk = Buffer.alloc(1 << 18);
    for (;;) {
      const length = readSync(this.file, chunk, 0, chunk.length, this.position);
      if (length === 0) return;
      this.position += length;
      for (const frame of this.reader.read(chunk.subarray(0, length))) this.decoded.push(decode(frame));
    }
  }

  private async until(holds: () => boolean | Promise<boolean>, otherwise: string): Promise<void> {
    const end = Date.now() + patience;
    while (!(await holds())) {
      if (Date.now() > end || this.tcpdump.exitCode !== null)
        throw new Error(`tcpdump ${otherwise}: ${this.messages.trim().split('\n').at(-1)}`);
      await sleep(20);
    }
  }
}

/** A file that is gone when nobody has it open any more. */
function namelessFile(): { writing: number; reading: number } {
  const directory = mkdtempSync(join(tmpdir(), 'lvs-capture-'));
  const path = join(directory, 'packets');
  const writing = openSync(path, 'w');
  const reading = openSync(path, 'r');
  rmSync(directory, { recursive: true });
  return { writing, reading };
}
