/** Polls the agent for servers that go down, come up, are kept by the floor, or have a check that this machine cannot run. */
import type { Context } from '../../context.js';
import type { HealthEvent } from '../../observe/table/event.js';
import { type AgentHealth, type HealthMark, healthMark, healthWord } from '../shared/agent/agent-health.js';
import { serverArgument, serviceArgument } from '../shared/service-arg.js';

/** What a change of is an event. */
const wordOf = (mark: HealthMark): string => (mark.notRun === null ? healthWord(mark) : 'not run');

export class HealthWatch {
  /** By service and server; of a server that nobody checks for a while nothing is told. */
  private words: ReadonlyMap<string, string> = new Map();

  constructor(
    private readonly health: AgentHealth,
    private readonly files: Pick<Context, 'readFile'>,
  ) {}

  /** The changes since the last call; none at the first one. While no agent answers nothing changes. */
  async poll(): Promise<HealthEvent[]> {
    const report = await this.health.read();
    if (report === undefined) return [];
    const words = new Map<string, string>();
    const events: HealthEvent[] = [];
    for (const { service, servers } of report.services) {
      for (const each of servers) {
        const mark = healthMark(each);
        if (mark === undefined) continue;
        const key = `${service} ${each.server}`;
        const [from, to] = [this.words.get(key), wordOf(mark)];
        words.set(key, to);
        if (from === undefined || from === to) continue;
        const id = await serviceArgument(service, this.files);
        const server = await serverArgument(each.server, id, this.files);
        const subject = { service: id, server };
        events.push({
          section: 'health',
          subject,
          action: 'changed',
          field: 'health',
          from,
          to,
          reason: mark.notRun ?? mark.reason,
        });
      }
    }
    this.words = words;
    return events;
  }
}
