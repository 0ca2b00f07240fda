/** Watches the connection table for servers that do not answer, and has those checked at once. */
import { LvsadmError } from '../../errors.js';
import type { Endpoint } from '../../model/address.js';
import { isFwmark } from '../../model/service.js';
import type { Clock } from '../../system/clock.js';
import type { AgentEvent } from '../reports/event.js';
import { stateOf, type WatchedServer, type WatchedService } from '../watched-service.js';
import { areSuspect, type Handshakes, type PassivePolicy } from './passive.js';

/** Whose connections are counted: those of clients of `service` that have this server. */
export interface Counted {
  readonly service: Endpoint;
  readonly server: Endpoint;
}

export interface PassivePorts {
  readonly clock: Clock;
  /** @returns the counts of these servers, in their order. @throws LvsadmError if the connection table cannot be read */
  countHandshakes(servers: readonly Counted[]): Promise<readonly Handshakes[]>;
  tell(event: AgentEvent): void;
  /** Called with an error that is a bug. */
  fail(error: unknown): void;
}

/** Milliseconds between two looks. */
const PAUSE = 5000;

/** A look that takes long is followed by a pause this many times as long: before Linux 6.14 large tables cost the kernel seconds. */
const RELATIVE_PAUSE = 20;

/** Looks in a row without evidence after which a server is suspect no more. */
const NORMAL_LOOKS = 2;

export class PassiveWatch {
  private services: readonly WatchedService[] = [];
  /** By the names of services and servers: the looks in a row without evidence. */
  private suspects: ReadonlyMap<string, ReadonlyMap<string, number>> = new Map();
  private cancelTimer: (() => void) | undefined;
  private isLooking = false;
  private problem: string | undefined;

  /** @param check called with servers that have become suspect */
  constructor(
    private readonly ports: PassivePorts,
    private readonly check: (servers: readonly WatchedServer[]) => void,
  ) {}

  /** Watches those of the services that have `passive`. Suspects stay. */
  keep(services: readonly WatchedService[]): void {
    this.services = services.filter((service) => endpointOf(service) !== undefined && service.health.passive);
    this.tellUnwatched();
    const kept = this.services.map(({ name }) => [name, this.suspects.get(name) ?? new Map()] as const);
    this.suspects = new Map(kept);
    this.mark();
    if (this.services.length === 0) this.stop();
    else if (this.cancelTimer === undefined && !this.isLooking) this.lookAfter(PAUSE);
  }

  stop(): void {
    this.services = [];
    this.cancelTimer?.();
    this.cancelTimer = undefined;
  }

  private lookAfter(pause: number): void {
    this.cancelTimer = this.ports.clock.after(pause, () => {
      this.cancelTimer = undefined;
      void this.look().catch(this.ports.fail);
    });
  }

  private async look(): Promise<void> {
    const { clock } = this.ports;
    const start = clock.now();
    const { services } = this;
    this.isLooking = true;
    const counts = await this.count(services);
    this.isLooking = false;
    if (counts !== undefined) this.judge(services, counts);
    if (this.services.length > 0) this.lookAfter(Math.max(PAUSE, RELATIVE_PAUSE * (clock.now() - start)));
  }

  /** @returns undefined if the table cannot be read, which is told once */
  private async count(services: readonly WatchedService[]): Promise<readonly Handshakes[] | undefined> {
    const servers = services.flatMap((each) => {
      const service = endpointOf(each);
      return service ? each.servers.map(({ destination }) => ({ service, server: destination.id })) : [];
    });
    try {
      const counts = await this.ports.countHandshakes(servers);
      this.problem = undefined;
      return counts;
    } catch (error) {
      if (!(error instanceof LvsadmError)) throw error;
      const reason = `passive evidence: ${error.message}`;
      if (reason !== this.problem) this.ports.tell({ event: 'problem', reason });
      this.problem = reason;
      return undefined;
    }
  }

  /** Services whose servers are others by now, after a reload, are left to the next look. */
  private judge(counted: readonly WatchedService[], counts: readonly Handshakes[]): void {
    const present = new Map(this.services.map((service) => [service.name, service]));
    const suspects = new Map(this.suspects);
    const added: WatchedServer[] = [];
    let at = 0;
    for (const { name, servers } of counted) {
      const own = counts.slice(at, at + servers.length);
      at += servers.length;
      const service = present.get(name);
      if (service !== undefined && namesOf(service.servers) === namesOf(servers))
        suspects.set(name, this.suspectsOf(service, own, added));
    }
    this.suspects = suspects;
    this.mark();
    this.check(added);
  }

  /** @param added gets the servers that have become suspect */
  private suspectsOf(
    service: WatchedService,
    counts: readonly Handshakes[],
    added: WatchedServer[],
  ): ReadonlyMap<string, number> {
    const before = this.suspects.get(service.name);
    const evidence = areSuspect(counts, service.health.passive as PassivePolicy);
    const suspects = new Map<string, number>();
    service.servers.forEach((server, index) => {
      const { name } = server;
      const known = before?.get(name);
      // The checks of a server that is down know already.
      const looks =
        evidence[index] && stateOf(server).isUp ? 0 : known === undefined ? NORMAL_LOOKS : known + 1;
      if (looks < NORMAL_LOOKS) suspects.set(name, looks);
      if (suspects.has(name) === (known !== undefined)) return;
      const to = suspects.has(name) ? 'begun' : 'ended';
      if (to === 'begun') added.push(server);
      this.ports.tell({
        event: 'suspect',
        service: service.name,
        server: name,
        to,
        reason: figures(counts, index),
      });
    });
    return suspects;
  }

  /** There is no more evidence against servers of services that the documents do not watch any more. */
  private tellUnwatched(): void {
    const watched = new Set(this.services.map(({ name }) => name));
    for (const [service, servers] of this.suspects) {
      if (watched.has(service)) continue;
      for (const server of servers.keys())
        this.ports.tell({
          event: 'suspect',
          service,
          server,
          to: 'ended',
          reason: 'it is not watched any more',
        });
    }
  }

  private mark(): void {
    for (const service of this.services) {
      service.suspects = new Set(this.suspects.get(service.name)?.keys());
    }
  }
}

/** Undefined for a service whose connections the table does not tell from others: of marks, of any port, and not of TCP. */
function endpointOf({ desired }: WatchedService): Endpoint | undefined {
  const { id } = desired.service;
  return !isFwmark(id) && id.protocol === 'tcp' && id.port > 0 ? id : undefined;
}

/** `40 of 50 connections in SYN_RECV; of the other servers 3 of 120` */
function figures(counts: readonly Handshakes[], index: number): string {
  const others = counts.filter((_, at) => at !== index);
  const sum = (of: keyof Handshakes): number => others.reduce((total, each) => total + each[of], 0);
  const { synReceived, connections } = counts[index] as Handshakes;
  const rest = `of the other servers ${sum('synReceived')} of ${sum('connections')}`;
  return `${synReceived} of ${connections} connections in SYN_RECV; ${rest}`;
}

const namesOf = (servers: readonly WatchedServer[]): string => servers.map(({ name }) => name).join(' ');
