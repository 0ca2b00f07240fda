/** `lvsadm run` on the director, told apart from its surroundings: files and sockets in a directory of the test. */
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Program } from '../../support/net/program.js';
import { lvsadm } from '../distribution.js';
import { type Balancer, type Setup, WEIGHT } from './balancer.js';
import { serverPort, servers, type Testbed, vips } from './testbed.js';

/** The part of a document that is the same for both programs. */
export const documentOf = (
  { ports, servers: names, every, timeout, fastEvery, fall, rise }: Setup,
  health = {},
) => ({
  defaults: {
    server: { method: 'nat' },
    check: {
      kind: 'http',
      path: '/healthz',
      text: 'ready',
      every: `${every}ms`,
      timeout: `${timeout}ms`,
      fastEvery: `${fastEvery}ms`,
      fall,
      rise,
      jitter: '0%',
    },
    health,
  },
  services: ports.map((port) => ({
    service: `tcp://${vips.inet}:${port}`,
    scheduler: 'rr',
    servers: names.map((name) => ({ server: `${servers[name].inet}:${serverPort}`, weight: WEIGHT })),
  })),
});

export class LvsadmRun implements Balancer {
  readonly name = 'lvsadm run';
  program: Program | undefined;

  /**
   * @param directory of this agent alone
   * @param health options of `defaults.health`
   */
  constructor(
    private readonly testbed: Testbed,
    private readonly directory: string,
    private readonly health: object = {},
  ) {}

  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, LVSADM_RUN: this.directory, LVSADM_STATE_DIR: this.directory };
  }

  /** All that it has written since its start. */
  get output(): string {
    return this.program?.output ?? '';
  }

  start(setup: Setup): Promise<void> {
    return this.startWith(documentOf(setup, this.health), '--prune', '--max-remove', '100%');
  }

  async startWith(document: object, ...words: string[]): Promise<void> {
    this.write(document);
    const host = this.testbed.host('director');
    const path = join(this.directory, 'notify');
    // systemd's side of NOTIFY_SOCKET.
    const systemd = host.start('socat', ['-u', `UNIX-RECV:${path},unlink-early`, '-'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    while (!existsSync(path)) await new Promise((resolve) => setTimeout(resolve, 20));
    const env = { ...this.environment, NOTIFY_SOCKET: path };
    this.program = new Program(host, lvsadm, ['run', '-f', this.file, ...words], env);
    const ready = new Promise<void>((resolve) => {
      systemd.stdout?.on('data', (text) => {
        if (String(text).includes('READY=1')) resolve();
      });
    });
    const failed = this.program.closed().then((status) => {
      throw new Error(`lvsadm run ended with ${status}:\n${this.output}`);
    });
    failed.catch(() => {});
    await Promise.race([ready, failed]);
    systemd.kill('SIGKILL');
    await once(systemd, 'close');
  }

  async reload(setup: Setup): Promise<void> {
    this.reloadWith(documentOf(setup, this.health));
  }

  reloadWith(document: object): void {
    this.write(document);
    this.program?.reload();
  }

  async stop(): Promise<void> {
    await this.program?.end('SIGTERM');
  }

  async kill(): Promise<void> {
    await this.program?.end('SIGKILL');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }

  get file(): string {
    return join(this.directory, 'document.json');
  }

  write(document: object): void {
    writeFileSync(this.file, JSON.stringify(document));
  }
}
