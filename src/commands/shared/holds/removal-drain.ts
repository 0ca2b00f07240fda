/** `apply --drain`: servers lose their connections before a plan removes them. */
import type { Context } from '../../../context.js';
import type { IpvsClient } from '../../../ipvs/client.js';
import { formatService } from '../../../model/service-uri.js';
import { leaving, needFallback, quiesce, undrainable } from '../../../plan/drain.js';
import { whyUndrainable } from '../../../plan/drain-scheduling.js';
import { memberKey } from '../../../plan/losses.js';
import type { Plan } from '../../../plan/plan.js';
import type { Stage } from '../../../plan/stages.js';
import { type Member, type Waiting, waitUntilEmpty } from '../../../plan/wait-until-empty.js';
import type { Fallbacks } from './fallbacks.js';

export class RemovalDrain {
  private readonly atZero = new Map<string, Member>();
  private drained: Plan | undefined;

  constructor(
    private readonly fallbacks: Fallbacks,
    private readonly err: Context['err'],
    private readonly waiting: Waiting & { readonly client: IpvsClient },
  ) {}

  /** Servers whose weight was set to 0, as they were before the first plan that did so. */
  get quiesced(): readonly Member[] {
    return [...this.atZero.values()];
  }

  /** Waits, before the first stage of a plan that removes something, until all servers that the plan removes have no connections left. */
  async before(stage: Stage, plan: Plan): Promise<void> {
    if (plan === this.drained || !removes(stage)) return;
    this.drained = plan;
    for (const service of undrainable(plan)) {
      await this.err.write(
        `lvsadm: ${formatService(service.id)}: servers are removed without a drain: ${whyUndrainable(service)}\n`,
      );
    }
    const members = leaving(plan);
    await this.fallbacks.whileSet(needFallback(plan), async () => {
      for (const { server, error } of await quiesce(members, this.waiting.client)) {
        const key = memberKey(server);
        if (error === undefined && !this.atZero.has(key)) this.atZero.set(key, server);
      }
    });
    await waitUntilEmpty(members, this.waiting);
  }
}

const removes = (stage: Stage): boolean =>
  stage.some((change) => change.do === 'deleteDestination' || change.do === 'deleteService');
