/** `lvsadm status`: one page about this machine. */
import { UsageError } from '../errors.js';
import { themeFor } from '../output/theme.js';
import { defineCommand } from './command.js';
import { Interruption } from './shared/change/interruption.js';
import { readStatus } from './status/facts.js';
import { groupsOf, listen, unjoinedOf } from './status/probe.js';
import { statusJson, statusText } from './status/sections.js';

/** Seconds of --probe. */
const LONGEST = 3600;

export const command = defineCommand({
  options: {
    probe: {
      type: 'flag',
      describe: 'listen to the groups of the sync daemons, and show the masters that are heard',
    },
    'probe-time': { type: 'seconds', default: 10, describe: 'time that --probe listens' },
    interface: {
      type: 'interface',
      many: true,
      describe: "with --probe: listen there to the kernel's default group",
      defaultText: "the daemons' own interfaces and groups",
    },
    json: { type: 'flag', describe: 'write the page as JSON' },
  },
  notes:
    'Connections, timeouts, sync daemons, rules of netfilter and programs are those of this network namespace. The module of the kernel ' +
    'is not loaded. --probe hears a master when its clients send packets; it changes nothing, and a backup daemon goes on hearing.',
  examples: [
    ['lvsadm status', 'the page'],
    ['lvsadm status --probe --probe-time 30', 'whether this backup hears its master'],
    ['lvsadm status --probe --interface eth1', 'the same before a daemon runs'],
  ],
  acrossNetns: true,
  onlyReads: true,
  async run(context, { probe, probeTime: time, interface: interfaces, json }) {
    if (!probe && interfaces.length > 0) throw new UsageError('only with --probe', '--interface');
    if (time > LONGEST) throw new UsageError(`at most ${LONGEST} s`, '--probe-time');
    const facts = await readStatus(context);
    const groups = probe ? groupsOf(facts.machine, interfaces) : [];
    const unjoined = interfaces.length > 0 ? [] : unjoinedOf(facts.machine);
    if (probe && groups.length + unjoined.length === 0) {
      throw new UsageError(
        'no sync daemon runs here: name the link to listen on with --interface',
        '--probe',
      );
    }
    const interruption = new Interruption(context);
    const heard = probe
      ? { ...(await listen(groups, context.now, () => interruption.sleep(time * 1000))), unjoined }
      : undefined;
    const all = { ...facts, heard };
    await context.out.write(
      json ? statusJson(all) : statusText(all, await themeFor(context.out, context.env), context.out.columns),
    );
    return interruption.requested ? interruption.status : 0;
  },
});
