/** What the agent tells: each change of a weight with its reason, and what else an administrator should know. */
import { printable } from '../../foreign-text.js';

/**
 * `weight`: a server's weight. `server`: a server was added or removed. `state`: a server is up or down. `quorum`: won or lost.
 * `vip`: a virtual address was announced or withdrawn. `hold`: of an operator, begun, ended or expired.
 * `suspect`: passive evidence against a server has begun or ended.
 * `applied`: documents or the whole table. `network`: all checks fail, or no longer all. `refused`: by the kernel. `fleet`:
 * releases and the store of the fleet. `problem`: the rest.
 */
export type AgentEventKind =
  | 'weight'
  | 'server'
  | 'state'
  | 'quorum'
  | 'vip'
  | 'hold'
  | 'suspect'
  | 'applied'
  | 'network'
  | 'refused'
  | 'fleet'
  | 'problem';

export interface AgentEvent {
  readonly event: AgentEventKind;
  /** `tcp://192.0.2.10:80` */
  readonly service?: string;
  /** `198.51.100.7:80` */
  readonly server?: string;
  /** `192.0.2.10` */
  readonly vip?: string;
  readonly from?: string | number;
  readonly to?: string | number;
  /** One line; it may quote a server. */
  readonly reason: string;
}

/** `tcp://192.0.2.10:80 198.51.100.7:80 weight: 10 -> 0: down: connection refused` */
export function eventText({ event, service, server, vip, from, to, reason }: AgentEvent): string {
  const change = to === undefined ? '' : from === undefined ? `${to}: ` : `${from} -> ${to}: `;
  return printable(
    [...[service, server, vip].filter((name) => name !== undefined), `${event}: ${change}${reason}`].join(
      ' ',
    ),
  );
}
