/** `lvsadm top`: rates and connections of services and servers, live, as text or as JSON. */
import { UsageError } from '../errors.js';
import { defineCommand } from './command.js';
import { runDirOption } from './shared/store.js';
import { writeAllNetns } from './top/all-netns.js';
import { sortNames } from './top/arrange.js';
import { showLive } from './top/live.js';
import { unitNames } from './top/measures.js';
import { write } from './top/writing.js';

/** Shortest interval, in seconds. */
const SHORTEST = 0.1;

export const command = defineCommand({
  options: {
    interval: { type: 'seconds', default: 1, describe: 'time between two readings of the table' },
    once: { type: 'flag', describe: 'write the rates of one interval as text, and end' },
    sort: {
      choices: sortNames,
      default: 'name',
      describe: 'column to sort by, services and the servers of each; numbers: the largest first',
    },
    filter: {
      type: 'filter',
      describe: 'show only services and servers with this text in their name',
      defaultText: 'all',
    },
    units: {
      choices: unitNames,
      default: 'bytes',
      describe: 'rates in bytes or bits with units of 1000: 1.2k, 12M; exact: bytes, all digits',
    },
    'read-only': { type: 'flag', describe: 'no keys that change servers' },
    ...runDirOption,
    json: { type: 'flag', describe: 'write a JSON object for each interval, on a line of its own' },
    'all-netns': {
      type: 'flag',
      describe:
        'with --once or --json: this network namespace, and all that have names of ip-netns(8); with their names as netns',
    },
  },
  notes:
    'On a terminal a live screen, whose keys ? lists; otherwise a table as text for each interval. Rates are per second: what the ' +
    '64-bit counters gained between two readings. share is the part of the connections that the servers of the service got in the last ' +
    'minute. - is a rate that is not known yet. health is there where an agent (lvsadm run) checks the servers: of a service, how many are up. Yellow: weight 0. Red: a server at its upper threshold, a service without servers, and one ' +
    'whose servers are all at weight 0. The module of the kernel is not loaded.',
  exitStatuses: { 0: 'ended by q, SIGINT or SIGTERM' },
  examples: [
    ['lvsadm top --sort cps', 'services with the most new connections first'],
    ['lvsadm top --once --interval 10', 'rates of ten seconds, as text'],
    ['lvsadm top --json --interval 5 >> rates.log', 'a record of rates'],
  ],
  async run(context, { interval, once, sort, filter = '', units, readOnly, runDir, json, allNetns }) {
    if (interval < SHORTEST) throw new UsageError(`at least ${SHORTEST} s`, '--interval');
    const tell = (line: string) => void context.err.write(`lvsadm: ${line}\n`);
    const writing = { interval: interval * 1000, once, json, tell, runDir };
    if (allNetns) {
      if (!once && !json)
        throw new UsageError('needs --once or --json: the screen has one namespace', '--all-netns');
      const words = ['top', '--once', '--interval', `${interval}`, '--sort', sort, '--units', units];
      words.push(`--filter=${filter}`, ...(json ? ['--json'] : []));
      await writeAllNetns(context, words, writing);
      return 0;
    }
    const settings = { sort, filter, units, readOnly };
    const isLive = !once && !json && (await showLive(context, { ...settings, ...writing }));
    if (!isLive) await write(context, settings, writing);
    return 0;
  },
});
