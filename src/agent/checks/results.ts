/** Takes the results of checks: they change the states of servers, and what an administrator should know of them is told. */
import type { CheckResult } from '../../health/run-check.js';
import { isChanging } from '../../health/state.js';
import type { Clock } from '../../system/clock.js';
import type { AgentEvent } from '../reports/event.js';
import {
  type CheckMember,
  type SharedCheck,
  sharedChecks,
  stateOf,
  type WatchedService,
} from '../watched-service.js';
import type { RepeatedCheck } from './check-schedule.js';
import { NetworkWatch } from './network-watch.js';

export interface ResultPorts {
  readonly clock: Clock;
  tell(event: AgentEvent): void;
}

export class Results {
  private readonly network = new NetworkWatch();
  private numberOfChecks = 0;
  /** Reasons that were told, with the keys of the checks that have not run since for each. */
  private readonly notRun = new Map<string, Set<string>>();

  /** @param changed called with what a result has changed */
  constructor(
    private readonly ports: ResultPorts,
    private readonly changed: (service: WatchedService, change: 'weight' | 'memory') => void,
  ) {}

  /** The checks of these services, whose results come here. */
  checksOf(services: readonly WatchedService[]): RepeatedCheck[] {
    const shared = sharedChecks(services);
    this.numberOfChecks = shared.length;
    const keys = new Set(shared.map(({ key }) => key));
    this.network.keep(keys);
    this.forgetNotRun((key) => !keys.has(key));
    return shared.map((each) => this.repeated(each));
  }

  private repeated({ key, placed, members }: SharedCheck): RepeatedCheck {
    return {
      key,
      placed,
      interval: () => Math.min(...members.map(intervalOf)),
      report: (result) => {
        if (result.notRun) return this.recordNotRun(key, members, result);
        this.forgetNotRun((each) => each === key);
        for (const member of members) this.record(member, result);
        this.watchNetwork(key, result);
      },
    };
  }

  private record({ service, server, check, probe }: CheckMember, result: CheckResult): void {
    const wasUp = stateOf(server).isUp;
    const change = probe.record(result, check, this.ports.clock.now());
    if (change === undefined) return;
    const { isUp } = stateOf(server);
    if (isUp !== wasUp) {
      const [from, to] = wasUp ? ['up', 'down'] : ['down', 'up'];
      this.ports.tell({
        event: 'state',
        service: service.name,
        server: server.name,
        from,
        to,
        reason: result.reason,
      });
    }
    this.changed(service, change);
  }

  /** A reason is told once for all checks, and again after each of them has run. */
  private recordNotRun(key: string, members: readonly CheckMember[], result: CheckResult): void {
    const now = this.ports.clock.now();
    for (const { probe } of members) probe.recordNotRun(result, now);
    const { reason } = result;
    const known = this.notRun.get(reason);
    known?.add(key);
    if (known !== undefined) return;
    this.notRun.set(reason, new Set([key]));
    this.ports.tell({ event: 'problem', reason: `this machine could not run a check: ${reason}` });
  }

  private forgetNotRun(which: (key: string) => boolean): void {
    for (const [reason, keys] of this.notRun) {
      for (const key of keys) if (which(key)) keys.delete(key);
      if (keys.size === 0) this.notRun.delete(reason);
    }
  }

  private watchNetwork(key: string, result: CheckResult): void {
    const event = this.network.record(key, result, this.numberOfChecks);
    if (event === undefined) return;
    this.ports.tell({
      event: 'network',
      to: event,
      reason:
        event === 'back'
          ? 'a check succeeds again'
          : `all ${this.numberOfChecks} checks fail: the network of this machine may be down; the floor of each service holds`,
    });
  }
}

function intervalOf({ check, server, service }: CheckMember): number {
  const { every, fastEvery = every } = check;
  return isChanging(stateOf(server)) || service.suspects.has(server.name) ? fastEvery : every;
}
