/** Help of subcommands: value names, defaults with units, exit statuses, and lines that fit. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defineCommand } from '../../src/commands/command.js';
import { commands } from '../../src/commands/index.js';
import { commandHelp } from '../../src/reference/help.js';
import { describeSubcommand, describeSubcommands } from '../../src/reference/subcommands.js';

const command = defineCommand({
  positionals: {
    server: { type: 'server', describe: 'real server' },
    more: { type: 'vips', many: true, describe: 'further VIPs' },
  },
  options: {
    file: { alias: 'f', type: 'path', required: true, many: true, describe: 'document' },
    wait: { type: 'seconds', default: 0, describe: 'time to wait' },
    sort: { choices: ['name', 'weight', 'active', 'rate'], default: 'name', describe: 'column' },
    method: { choices: ['dr', 'tun'], defaultText: 'found by itself', describe: 'forwarding method' },
    json: { type: 'flag', describe: 'write JSON' },
  },
  notes: 'A paragraph.',
  exitStatuses: { 0: 'done', 75: 'busy' },
  examples: [['lvsadm test web -f x', 'for one server']],
  run: async () => 0,
});
const row = { name: 'test', topic: 'setup', summary: 'try it', load: async () => ({ command }) } as const;

test('everything that a definition says is in its help', () => {
  assert.equal(
    commandHelp(describeSubcommand(row, command)),
    `Usage: lvsadm test SERVER [ADDRESS...] [options]

try it

A paragraph.

Arguments:
  SERVER   real server
  ADDRESS  further VIPs

Options:
  -f, --file FILE      document (required, repeatable)
      --wait TIME      time to wait (default: 0 s)
      --sort SORT      column (one of name, weight, active, rate) (default: name)
      --method dr|tun  forwarding method (default: found by itself)
      --json           write JSON
      --netns NETNS    network namespace (default: this one)
  -h, --help           show this help

Values:
  SERVER  ADDRESS or ADDRESS:PORT (default: the service's port); IPv6 with a port: [ADDRESS]:PORT
  TIME    seconds, or a number with its unit: 90, 90s, 5m, 2h, 1d
  NETNS   a name of ip-netns(8), a path such as /proc/1/ns/net, or pid:N for that of process N

Exit status:
  0   done
  75  busy

Examples:
  # for one server
  lvsadm test web -f x
`,
  );
});

for (const description of await describeSubcommands(commands)) {
  test(`lines of ${description.names[0]} --help fit a terminal`, () => {
    const [listed = ''] = commandHelp(description, 60).split('Examples:');
    const long = listed.split('\n').filter((line) => line.length > 60 && !line.startsWith('Usage:'));
    assert.deepEqual(long, []);
  });
}

test('every option with a value has a default, or says when it is required', async () => {
  const silent: string[] = [];
  for (const { name, load } of commands) {
    for (const [option, definition] of Object.entries((await load()).command.options ?? {})) {
      if (definition.type === 'flag' || definition.required || /required/.test(definition.describe)) continue;
      if (definition.default === undefined && definition.defaultText === undefined)
        silent.push(`${name} --${option}`);
    }
  }
  assert.deepEqual(silent, []);
});
