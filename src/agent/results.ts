/** Takes the results of checks: they change the states of servers, and what an administrator should know of them is told. */
import type { CheckResult } from '../health/run-check.js';
import { isChanging } from '../health/state.js';
import type { Clock, RepeatedCheck } from './check-schedule.js';
import type { AgentEvent } from './event.js';
import { NetworkWatch } from './network-watch.js';
import {
  type CheckMember,
  type SharedCheck,
  sharedChecks,
  stateOf,
  type WatchedService,
} from './watched-service.js';

export interface ResultPorts {
  readonly clock: Clock;
  tell(event: AgentEvent): void;
}

export class Results {
  private readonly network = new NetworkWatch();
  private numberOfChecks = 0;
  /** Reasons for which checks did not run, each told once. */
  private readonly notRun = new Set<string>();

  /** @param changed called with what a result has changed */
  constructor(
    private readonly ports: ResultPorts,
    private readonly changed: (service: WatchedService, change: 'weight' | 'memory') => void,
  ) {}

  /** The checks of these services, whose results come here. */
  checksOf(services: readonly WatchedService[]): RepeatedCheck[] {
    const shared = sharedChecks(services);
    this.numberOfChecks = shared.length;
    this.network.keep(new Set(shared.map(({ key }) => key)));
    return shared.map((each) => this.repeated(each));
  }

  private repeated({ key, placed, members }: SharedCheck): RepeatedCheck {
    return {
      key,
      placed,
      interval: () => Math.min(...members.map(intervalOf)),
      report: (result) => {
        if (result.notRun) return this.tellNotRun(result);
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

  /** No state changes: the server may be up. */
  private tellNotRun({ reason }: CheckResult): void {
    if (this.notRun.has(reason)) return;
    this.notRun.add(reason);
    this.ports.tell({ event: 'problem', reason: `this machine could not run a check: ${reason}` });
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
