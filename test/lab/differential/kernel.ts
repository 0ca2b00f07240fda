/**
 * The kernel's IPVS as the attribute tables decode it, without the model in between: what ipvsadm and lvsadm left behind
 * is compared as it lies there.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { type IpvsOperations, ipvsSchema, type ServiceBody } from '../../../src/ipvs/schema.js';
import { Connection } from '../../../src/netlink/connection.js';
import { type Family, findFamily } from '../../../src/netlink/genl.js';
import { Protocol } from '../../../src/netlink/transport/socket.js';
import { openSocket } from '../../support/socket.js';
import type { Attributes, State } from './trial.js';

/** What a fresh network namespace has, in seconds. */
const timeouts = { tcpTimeout: 900, tcpFinTimeout: 120, udpTimeout: 300 };

/**
 * Milliseconds in which a daemon's thread has run for sure: a kernel (6.1) that is told to stop one before does not answer
 * for half a minute.
 */
export const DAEMON_START = 100;

export class Kernel {
  /** When a daemon may have been started last, on the clock of `performance`. */
  private started = Number.NEGATIVE_INFINITY;

  private constructor(
    private readonly connection: Connection,
    private readonly ipvs: Family<IpvsOperations>,
  ) {}

  static async open(): Promise<Kernel> {
    const connection = new Connection(openSocket(Protocol.generic));
    return new Kernel(connection, await findFamily(connection, ipvsSchema));
  }

  /**
   * Back to what a fresh network namespace has: empty, no daemons, and the timeouts that it starts with.
   * @param now the state as it stands, so that only what it takes is done
   */
  async reset(now: State | undefined): Promise<void> {
    if (now?.services.length !== 0) await this.ipvs.acknowledge({ operation: 'flush', body: {} });
    const daemons = now?.daemons ?? [];
    if (daemons.length > 0) await this.daemonsRun();
    for (const { state } of daemons) {
      await this.ipvs.acknowledge({ operation: 'stopDaemon', body: { daemon: { state: state as number } } });
    }
    if (!isDeepStrictEqual(now?.timeouts, timeouts)) {
      await this.ipvs.acknowledge({ operation: 'setTimeouts', body: timeouts });
    }
  }

  async state(): Promise<State> {
    const services = await this.ipvs.dump('getServices', {}, ({ service }) => service ?? {});
    const rows = [];
    for (const service of services) {
      const destinations = await this.ipvs.dump('getDestinations', { service: identity(service) }, (reply) =>
        plain(reply.destination ?? {}),
      );
      rows.push({ service: plain(service), destinations });
    }
    return {
      services: rows.sort((a, b) => compare(key(a.service), key(b.service))),
      daemons: await this.ipvs.dump('getDaemons', {}, ({ daemon }) => plain(daemon ?? {})),
      timeouts: await this.ipvs.get('getTimeouts', {}, plain),
    };
  }

  /** To be told when one may have been. */
  daemonStarted(): void {
    this.started = performance.now();
  }

  /** Waits until every daemon can be stopped. */
  async daemonsRun(): Promise<void> {
    const left = this.started + DAEMON_START - performance.now();
    if (left > 0) await sleep(left);
  }

  close(): void {
    this.connection.close();
  }
}

const identity = ({ family, protocol, address, port, fwmark }: ServiceBody): ServiceBody =>
  fwmark ? { family, fwmark } : { family, protocol, address, port };

const key = (service: Attributes): string => JSON.stringify(service);
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Attributes as JSON takes them. Counters are left out: packets change them, command lines do not, save for -Z, which
 * listings of real traffic show.
 */
const plain = (attributes: Attributes): Attributes =>
  Object.fromEntries(
    Object.entries(attributes)
      .filter(([name]) => name !== 'stats' && name !== 'stats64')
      .map(([name, value]) => [
        name,
        value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
      ]),
  );
