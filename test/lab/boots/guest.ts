/** A guest that boots systemd from a disk of its own, and runs commands until it is powered off. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { lastLines } from '../console.js';
import { LabFailure } from '../errors.js';
import { findInitramfs } from '../initramfs.js';
import { quote } from '../job.js';
import { findKernel, type Kernel } from '../kernel.js';
import { ensurePackages, guestNeeds } from '../packages.js';
import { quietly } from '../process.js';
import { consoleLog, diskArguments } from '../qemu.js';
import { readSettings } from '../settings.js';
import { findRoot, type Release } from './root.js';

export interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

/** Seconds: an emulated machine, beside others. */
const BOOT = 400;
const COMMAND = 600;
/** Seconds for the guest to tell that it has ended a script which took too long. */
const GRACE = 60;
/** Exit status of timeout(1). */
const TIMED_OUT = 124;

export class BootedGuest implements AsyncDisposable {
  private server: Server | undefined;
  private qemu: ChildProcess | undefined;
  private commands: Socket | undefined;
  private answers: AsyncIterator<string> | undefined;
  private count = 0;

  private constructor(
    private readonly directory: string,
    private readonly kernel: Kernel,
    private readonly initramfs: string,
  ) {}

  /** Boots a new copy of a release's disk. */
  static async boot(release: Release): Promise<BootedGuest> {
    await ensurePackages(guestNeeds);
    const kernel = await findKernel(readSettings(process.env).kernel ?? 'stable');
    const [initramfs, root] = [await findInitramfs(kernel, 'disk'), await findRoot(release)];
    const directory = mkdtempSync(join(tmpdir(), `lvsadm-boot-${release}-`));
    const guest = new BootedGuest(directory, kernel, initramfs);
    await quietly('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', root, guest.disk]);
    const modules = join(kernel.root, 'lib/modules', kernel.release);
    const settings = `release=${quote(kernel.release)} modules=${quote(modules)}\n`;
    writeFileSync(join(directory, 'settings'), settings);
    await guest.start();
    return guest;
  }

  private get disk(): string {
    return join(this.directory, 'disk');
  }

  private async start(): Promise<void> {
    const { directory, kernel, initramfs } = this;
    this.server = createServer().listen(join(directory, 'commands'));
    const args = diskArguments(
      { accel: 'tcg', cpus: 1, memory: 1536, image: kernel.image, initramfs, directory },
      this.disk,
    );
    this.qemu = spawn('setpriv', ['--pdeathsig', 'KILL', 'qemu-system-x86_64', ...args], {
      stdio: 'inherit',
    });
    const signal = AbortSignal.timeout(BOOT * 1000);
    const connection = once(this.server, 'connection', { signal }).catch(() => {
      throw new LabFailure(`QEMU did not connect within ${BOOT} s`, this.console());
    });
    const [socket] = (await connection) as [Socket];
    this.commands = socket;
    this.answers = createInterface(socket)[Symbol.asyncIterator]();
    await this.answer('boot', BOOT, 'boot');
  }

  /**
   * Runs a shell script as root.
   * @param limit seconds, after which the guest ends it
   * @throws LabFailure, with the journal, for a script that is not over by then
   */
  async run(script: string, limit = COMMAND): Promise<Ended> {
    const ended = await this.runFor(script, limit);
    if (ended.status !== TIMED_OUT) return ended;
    return this.fail(`not over within ${limit} s: ${script}`, ended);
  }

  private async runFor(script: string, limit: number): Promise<Ended> {
    const number = String(++this.count);
    const file = join(this.directory, number);
    writeFileSync(file, `${script}\n`);
    this.commands?.write(`${number} ${limit}\n`);
    const status = Number((await this.answer(number, limit + GRACE, script)).split(' ')[1]);
    const [out, err] = [readFileSync(`${file}.out`, 'utf8'), readFileSync(`${file}.err`, 'utf8')];
    return { status, out, err };
  }

  /** What a script prints. @throws LabFailure if it fails */
  async output(script: string, limit = COMMAND): Promise<string> {
    const ended = await this.run(script, limit);
    if (ended.status !== 0) return this.fail(`${script}: exit status ${ended.status}`, ended);
    return ended.out;
  }

  /** Calls a script until it succeeds. @param limit seconds */
  async until(script: string, limit = 180): Promise<void> {
    const end = Date.now() + limit * 1000;
    for (;;) {
      const ended = await this.run(script, limit);
      if (ended.status === 0) return;
      if (Date.now() > end) return this.fail(`not within ${limit} s: ${script}`, ended);
    }
  }

  private async fail(problem: string, { out, err }: Ended): Promise<never> {
    const journal = await this.runFor('journalctl --no-pager -n 40', GRACE);
    throw new LabFailure(`${problem}\n${out}${err}`, journal.out);
  }

  /** Shuts down as an administrator does, and boots the same disk again. */
  async reboot(): Promise<void> {
    await this.powerOff();
    await this.start();
  }

  private async powerOff(): Promise<void> {
    const { qemu } = this;
    if (qemu === undefined || qemu.exitCode !== null) return;
    const ended = once(qemu, 'exit');
    await this.run('systemctl --no-block reboot');
    const timer = setTimeout(() => qemu.kill('SIGKILL'), BOOT * 1000);
    await ended;
    clearTimeout(timer);
    this.close();
  }

  private async answer(begin: string, limit: number, doing: string): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const fail = () => reject(new LabFailure(`not over within ${limit} s: ${doing}`, this.console()));
      timer = setTimeout(fail, limit * 1000);
    });
    try {
      for (;;) {
        const next = await Promise.race([this.answers?.next(), late]);
        if (next === undefined || next.done)
          throw new LabFailure(`the guest ended: ${doing}`, this.console());
        if (next.value.split(' ')[0] === begin) return next.value;
      }
    } finally {
      clearTimeout(timer);
    }
  }

  private console(): string {
    return lastLines(readFileSync(join(this.directory, consoleLog), 'utf8'));
  }

  private close(): void {
    this.commands?.destroy();
    this.server?.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.qemu?.kill('SIGKILL');
    this.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
