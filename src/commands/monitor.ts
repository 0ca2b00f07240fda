/** `lvsadm monitor`: a line for each change of the table, and of the health of its servers. */
import type { Context } from '../context.js';
import { UsageError } from '../errors.js';
import { printable } from '../foreign-text.js';
import type { EventSection, MonitorEvent } from '../observe/table/event.js';
import { eventLine } from '../output/event.js';
import { toJsonLine } from '../output/json.js';
import { themeFor } from '../output/theme.js';
import { checkProgram, runProgram } from '../system/programs/program.js';
import { defineCommand } from './command.js';
import { eventJson } from './monitor/event-json.js';
import { HealthWatch } from './monitor/health-watch.js';
import { ProgramQueue } from './monitor/program-queue.js';
import { TableWatch } from './monitor/table-watch.js';
import { AgentHealth } from './shared/agent/agent-health.js';
import { Interruption } from './shared/change/interruption.js';
import { ReadingClient, survive } from './shared/reading-client.js';

/** Milliseconds for each datagram of the kernel's. */
const PATIENCE = 30_000;

/** Shortest interval, in seconds. */
const SHORTEST = 0.1;

/** Events that wait for the program of --exec, and milliseconds for each run of it. */
const QUEUE = 1000;
const PROGRAM_TIME = 60_000;

export const command = defineCommand({
  options: {
    interval: { type: 'seconds', default: 1, describe: 'time between two readings of the table' },
    only: { type: 'sections', describe: 'show only these changes', defaultText: 'all' },
    exec: {
      type: 'program',
      describe:
        'run this program for each change, one after the other, with the change as JSON on its standard input',
      defaultText: 'none',
    },
    json: { type: 'flag', describe: 'write a JSON object for each change, on a line of its own' },
  },
  notes:
    'The table is read again and again, for the kernel does not notify of changes: what is undone within the interval is not seen. ' +
    'Counters and connections are no changes. Where an agent (lvsadm run) checks the servers, those that go down or come up are shown, too. The module of the kernel is not loaded. The program gets no arguments; its output goes ' +
    `to standard error. It has ${PROGRAM_TIME / 1000} s; ${QUEUE} changes wait for it at most, and further ones are dropped with a line.`,
  exitStatuses: { 0: 'ended by SIGINT or SIGTERM' },
  examples: [
    ['lvsadm monitor', 'what others do to the table'],
    ['lvsadm monitor --only weights --json >> weights.log', 'a record of weights'],
    ['lvsadm monitor --exec /usr/local/bin/on-change', 'a program for each change'],
  ],
  async run(context, { interval, only, exec, json }) {
    if (interval < SHORTEST) throw new UsageError(`at least ${SHORTEST} s`, '--interval');
    if (exec !== undefined) await checkProgram(exec);
    const tell = (line: string) => void context.err.write(`lvsadm: ${printable(line)}\n`);
    const interruption = new Interruption(context);
    const client = new ReadingClient(context, PATIENCE);
    const queue = exec === undefined ? undefined : programQueue(exec, tell);
    const write = await writer(context, json);
    const watch = new TableWatch(client, tell);
    const health = new HealthWatch(new AgentHealth(context, tell), context);
    try {
      // An error at once is one of the command; later ones may pass.
      await watch.poll();
      await health.poll();
      for (;;) {
        await interruption.sleep(interval * 1000);
        if (interruption.requested) return 0;
        const events: MonitorEvent[] = [
          ...((await survive(() => watch.poll(), tell)) ?? []),
          ...(await health.poll()),
        ];
        for (const event of events.filter(selected(only))) {
          const time = context.date();
          queue?.push(toJsonLine(eventJson(event, time)));
          await write(event, time);
        }
      }
    } finally {
      client.close();
      await queue?.stop();
    }
  },
});

const programQueue = (program: string, tell: (line: string) => void): ProgramQueue =>
  new ProgramQueue(
    QUEUE,
    async (event, stop) => {
      const reason = await runProgram(program, event, { timeout: PROGRAM_TIME, stop });
      return reason && `${program}: ${reason}`;
    },
    tell,
  );

async function writer(
  { out, env }: Context,
  json: boolean,
): Promise<(event: MonitorEvent, time: Date) => Promise<void> | void> {
  if (json) return (event, time) => out.write(toJsonLine(eventJson(event, time)));
  const theme = await themeFor(out, env);
  return (event, time) => out.write(eventLine(event, time, theme));
}

const selected =
  (only: readonly EventSection[] | undefined) =>
  ({ section }: MonitorEvent): boolean =>
    only === undefined || only.includes(section);
