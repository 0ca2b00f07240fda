/** What a case finds: the programs, and IPVS in the state that it asks for. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Program } from '../program.js';
import { openConnections, recordedTable } from './connections.js';
import { Driver, type Run } from './driver.js';
import { copyPrograms, type Programs } from './programs.js';
import { rulesOf, type Shape, shapeName } from './rules.js';

export class World implements Disposable {
  /** In memory. */
  readonly directory = mkdtempSync('/dev/shm/lvsadm-bench-');
  readonly programs: Programs = copyPrograms(this.directory);
  /** In the namespace that this process is in, where real connections are made. */
  readonly #own = new Driver(this.directory);
  #driver = this.#own;
  readonly #recorded = new Map<number, Driver>();
  /** What the table holds, if that is known. */
  #table: string | undefined;
  #connections = 0;

  path(name: string): string {
    return join(this.directory, name);
  }

  run(command: readonly string[], input?: string): Promise<Run> {
    return this.#driver.run(command, input);
  }

  peak(command: readonly string[]): Promise<number> {
    return this.#driver.peak(command);
  }

  async lvsadm(program: Program, ...words: string[]): Promise<Buffer> {
    return (await this.run([...this.programs.commands[program], ...words])).output;
  }

  /**
   * An empty table: that of another network namespace. What -C deletes stays in a list of the kernel's for a minute, which it
   * goes through whenever a server is added: after a few restores of a large table that is most of what the next one takes.
   */
  async flush(): Promise<void> {
    if (this.#table === 'empty') return;
    this.#enter(
      new Driver(this.directory, ['unshare', '--net', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']),
    );
    // The kernel tidies up behind the last one in its own time, which should not be the next program's.
    await sleep(this.#table === undefined ? 500 : 1500);
    this.#table = 'empty';
  }

  #enter(driver: Driver): void {
    if (this.#driver !== this.#own) this.#driver[Symbol.dispose]();
    this.#driver = driver;
  }

  /** Whatever a run has made of the table. */
  changed(): void {
    this.#table = undefined;
  }

  /** A file with the rules of such a table. */
  async rulesFile(shape: Shape): Promise<string> {
    const path = this.path(`rules-${shapeName(shape)}`);
    if (!existsSync(path)) await writeFile(path, rulesOf(shape));
    return path;
  }

  /** Makes the table what rules say. */
  async restore(rules: string): Promise<void> {
    await this.flush();
    const path = this.path('rules');
    await writeFile(path, rules);
    this.changed();
    await this.run([...this.programs.commands.standalone, '-R'], path);
  }

  async hold(shape: Shape): Promise<void> {
    if (this.#table === shapeName(shape)) return;
    await this.restore(rulesOf(shape));
    await this.holds(shape);
  }

  /** @throws Error where the table is not of this shape */
  async holds(shape: Shape): Promise<void> {
    const saved = await this.lvsadm('standalone', '-Sn');
    if (saved.toString() !== rulesOf(shape))
      throw new Error(`the table is not the one of ${shapeName(shape)}`);
    this.#table = shapeName(shape);
  }

  /** At least so many real connections; they last longer than a benchmark. */
  async connect(count: number): Promise<void> {
    if (this.#driver !== this.#own) {
      this.#enter(this.#own);
      this.changed();
    }
    await openConnections((words) => this.lvsadm('ipvsadm', ...words), this.#connections, count);
    this.#connections = count;
  }

  /** Where a recorded table of so many lines stands in for the kernel's connections. */
  async recorded(lines: number): Promise<Driver> {
    const known = this.#recorded.get(lines);
    if (known !== undefined) return known;
    const driver = new Driver(this.directory, await recordedTable(this.path(`connections-${lines}`), lines));
    this.#recorded.set(lines, driver);
    return driver;
  }

  [Symbol.dispose](): void {
    this.#enter(this.#own);
    this.#own[Symbol.dispose]();
    for (const driver of this.#recorded.values()) driver[Symbol.dispose]();
    rmSync(this.directory, { recursive: true });
  }
}
