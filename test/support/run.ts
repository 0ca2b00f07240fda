/** Runs command lines of ipvsadm's grammar against an IPVS in memory. */

import { render } from '../../src/cli/render.js';
import { type Context, WithStatus } from '../../src/context.js';
import { LvsadmError } from '../../src/errors.js';
import type { IpvsClient } from '../../src/ipvs/client.js';
import { runIpvsadm, runRestore } from '../../src/ipvsadm/run.js';
import { INT_MAX } from '../../src/model/limits.js';
import type { Resolver } from '../../src/system/network/names.js';
import { Captured } from './captured.js';
import { header } from './connection-table.js';
import { chunks, contextWith } from './context.js';
import { FakeIpvs } from './fake-ipvs.js';

export interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface World {
  /** Files by path. */
  readonly files: Record<string, string | Uint8Array>;
  /** What the resolver knows, /etc/hosts apart: addresses by name; the first name of an address is found for it. */
  readonly hosts: Record<string, string>;
  /** Environment variables. */
  readonly env: Record<string, string>;
  run(words: readonly string[], stdin?: string): Promise<Result>;
  /** What `ipvsadm-restore` does with this input. */
  replace(stdin: string, words?: readonly string[]): Promise<Result>;
}

const services = `
discard		9/tcp		sink null
discard		9/udp		sink null
domain		53/tcp				# Domain Name Server
domain		53/udp
http		80/tcp		www		# WorldWideWeb HTTP
https		443/tcp
https		443/udp
sip		5060/tcp
sip		5060/udp
http-alt	8080/tcp	webcache
http-alt	8080/udp
tftp		69/udp
`;

/** A machine with an empty table in memory, and the lab's kernel: without twos, its only interface lo, and no routes for IPv6. */
export function world(): World & { readonly ipvs: FakeIpvs } {
  const ipvs = new FakeIpvs();
  ipvs.schedulers.delete('twos');
  ipvs.thresholdMax = INT_MAX;
  ipvs.interfaces.delete('eth0');
  ipvs.interfaces.delete('eth1');
  ipvs.multicastRoutes.delete('inet6');
  return { ipvs, ...worldOf(ipvs.client()) };
}

/** A machine whose IPVS is reached through this client. */
export function worldOf(client: IpvsClient | Promise<IpvsClient>): World {
  const files: World['files'] = {
    '/etc/services': services,
    '/etc/hosts': '127.0.0.1 localhost here\n',
    '/proc/net/ip_vs_conn': header,
  };
  const hosts: World['hosts'] = { localhost: '127.0.0.1' };
  const env: World['env'] = {};
  const resolver: Resolver = {
    addresses: async (name) => [hosts[name]].filter((address) => address !== undefined),
    name: async (address) => Object.keys(hosts).find((name) => hosts[name] === address),
    cancel: () => {},
  };
  async function capture(stdin: string, program: (context: Context) => Promise<number>): Promise<Result> {
    const out = new Captured();
    const err = new Captured();
    const context = contextWith({
      program: '/usr/sbin/ipvsadm',
      out,
      err,
      env,
      stdin: chunks(stdin),
      readFile: (path) => chunks(files[path]),
      client: async () => client,
    });
    const status = await program(context).catch((thrown) => {
      const error = thrown instanceof WithStatus ? thrown.cause : thrown;
      if (!(error instanceof LvsadmError)) throw error;
      const ending = render(error, 'ipvsadm');
      err.write(ending.text);
      return thrown instanceof WithStatus ? thrown.status : ending.status;
    });
    return { status, stdout: out.text, stderr: err.text };
  }
  return {
    files,
    hosts,
    env,
    run: (words, stdin = '') => capture(stdin, (context) => runIpvsadm(words, context, async () => resolver)),
    replace: (stdin, words = []) =>
      capture(stdin, (context) => runRestore(words, context, async () => resolver)),
  };
}
