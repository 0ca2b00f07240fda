/** keepalived on the director, as Debian has it, without VRRP. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Program } from '../../support/net/program.js';
import { type Balancer, type Setup, WEIGHT } from './balancer.js';
import { serverPort, servers, type Testbed, vips } from './testbed.js';

const seconds = (milliseconds: number): string => String(milliseconds / 1000);

const md5 = (text: string): string => createHash('md5').update(text).digest('hex');

/** keepalived.conf(5) */
export function configurationOf({ ports, servers: names, every, timeout, fastEvery, fall }: Setup): string {
  const real = names.map(
    (name) => `
  real_server ${servers[name].inet} ${serverPort} {
    weight ${WEIGHT}
    HTTP_GET {
      url {
        path /healthz
        status_code 200
        digest ${md5('ready\n')}
      }
      connect_timeout ${seconds(timeout)}
      retry ${fall - 1}
      delay_before_retry ${seconds(fastEvery)}
    }
  }`,
  );
  return ports
    .map(
      (port) => `virtual_server ${vips.inet} ${port} {
  delay_loop ${seconds(every)}
  lvs_sched rr
  lvs_method NAT
  protocol TCP
  warmup 0${real.join('')}
}
`,
    )
    .join('');
}

export class Keepalived implements Balancer {
  readonly name = 'keepalived';
  private program: Program | undefined;

  constructor(
    private readonly testbed: Testbed,
    private readonly directory: string,
  ) {}

  async start(setup: Setup): Promise<void> {
    await this.startWith(configurationOf(setup));
  }

  async startWith(configuration: string): Promise<void> {
    writeFileSync(this.file, configuration);
    const files = ['-f', this.file, '-p', this.pidFile('main'), '-c', this.pidFile('checkers')];
    const words = ['--dont-fork', '--log-console', '--log-detail', '--no-syslog', '--check', ...files];
    this.program = new Program(this.testbed.host('director'), 'keepalived', words);
    await this.program.says('Gained quorum');
  }

  async reload(setup: Setup): Promise<void> {
    writeFileSync(this.file, configurationOf(setup));
    this.program?.reload();
  }

  async stop(): Promise<void> {
    await this.program?.end('SIGTERM');
  }

  /** The process that checks, too: otherwise it would notice, and end as if it were stopped. */
  async kill(): Promise<void> {
    const checkers = Number(readFileSync(this.pidFile('checkers'), 'utf8'));
    process.kill(Number(this.program?.pid), 'SIGKILL');
    process.kill(checkers, 'SIGKILL');
    await this.program?.end('SIGKILL');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  get output(): string {
    return this.program?.output ?? '';
  }

  get file(): string {
    return join(this.directory, 'keepalived.conf');
  }

  private readonly pidFile = (name: string): string => join(this.directory, `keepalived-${name}.pid`);
}
