// --json: of every subcommand one object, which docs/json.md describes; errors too.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { commands } from '../../src/commands/index.js';
import { header, plain } from '../support/connection-table.js';
import { Director } from '../support/director.js';

const page = readFileSync('docs/json.md', 'utf8');

/** Their output is a file for other programs, or a log. */
const others = ['completion', 'man', 'metrics', 'run', 'schema'];

const table = `
timeouts: {tcp: 100}
services:
  - service: tcp://192.0.2.1:80
    persistence: 300
    servers: [{server: 198.51.100.1, weight: 5, upperThreshold: 9}, {server: 198.51.100.2, method: tun, tunnel: {type: gue, port: 6080}}]
`;

const named = ['tcp://192.0.2.1:80', '198.51.100.1'];

/** Command lines that write JSON, by the name of their subcommand; those of set-ups and links have tests beside theirs. */
const lines: Readonly<Record<string, readonly (readonly string[])[]>> = {
  top: [['--once']],
  list: [[], ['tcp://192.0.2.1:80'], ['--filter', 'weight=77']],
  connections: [['--count'], ['--by', 'client'], ['--by', 'client/24', '--top', '1'], ['--stuck']],
  where: [['203.0.113.9', 'tcp://192.0.2.1:80']],
  diff: [
    ['-f', '-'],
    ['-f', '-', '--moves'],
  ],
  check: [['-f', '-']],
  apply: [
    ['-f', '-', '--dry-run'],
    ['-f', '-'],
  ],
  rollback: [['1', '--allow-empty', '--dry-run'], ['1', '--allow-empty', '--confirm', '60'], []],
  history: [[]],
  confirm: [[]],
  export: [[]],
  drain: [named, ['198.51.100.2'], ['--all-services', '198.51.100.2']],
  undrain: [named, ['198.51.100.2']],
  weight: [[...named, '7']],
};

/** The names of all members of a value, at every depth. */
function membersOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(membersOf);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, member]) => [name, ...membersOf(member)]);
}

const isDescribed = (member: string): boolean =>
  page.includes(`\`${member}\``) || page.includes(`"${member}"`);

function oneObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  assert.ok(typeof value === 'object' && value !== null && !Array.isArray(value), text);
  return value as Record<string, unknown>;
}

for (const row of commands.filter(({ name }) => !others.includes(name))) {
  test(`${row.name} --json writes one object, also for an error, and is described`, async (context) => {
    const { command } = await row.load();
    assert.ok(command.options?.['json'], 'there is no --json');
    assert.match(page, new RegExp(`^## .*\`lvsadm ${row.name}[ \`]`, 'm'));
    const director = await Director.start(context);
    director.contents.set('/proc/net/ip_vs_conn', `${header}${plain}\n`);
    await director.run(['apply', '-f', '-'], { stdin: table });
    for (const words of lines[row.name] ?? []) {
      const { out, err } = await director.run([row.name, ...words, '--json'], { stdin: table });
      const members = membersOf(oneObject(out));
      assert.deepEqual(
        members.filter((member) => !isDescribed(member)),
        [],
        `${words.join(' ')}${err}`,
      );
    }
    const wrong = await director.run([row.name, '--nonsense', '--json']);
    const { error, ...rest } = oneObject(wrong.out);
    assert.deepEqual(rest, {});
    assert.deepEqual(error, { message: '--nonsense: unknown option', status: wrong.status });
    assert.match(wrong.err, /^lvsadm: --nonsense: unknown option$/m);
    assert.notEqual(wrong.status, 0);
  });
}

test('a host is a list of servers, however many there are; one server of one service is itself', async (context) => {
  const director = await Director.start(context);
  await director.run(['apply', '-f', '-'], { stdin: table });
  const host = oneObject((await director.run(['drain', '198.51.100.1', '--json'])).out);
  const one = oneObject((await director.run(['undrain', ...named, '--json'])).out);
  assert.deepEqual(host, {
    servers: [
      {
        service: 'tcp://192.0.2.1:80',
        server: '198.51.100.1:80',
        drained: true,
        connectionsLeft: 0,
        weight: 0,
        removed: false,
      },
    ],
  });
  assert.deepEqual(one, {
    service: 'tcp://192.0.2.1:80',
    server: '198.51.100.1:80',
    weight: 5,
    restored: true,
  });
});

test('errors have their facts as members, and the exit status that the process has', async (context) => {
  const director = await Director.start(context);
  const errorOf = async (words: readonly string[], stdin = '') => {
    const { out, status, err } = await director.run([...words, '--json'], { stdin });
    const { error } = oneObject(out) as { error: Record<string, unknown> };
    assert.equal(error['status'], status);
    assert.notEqual(err, '');
    return error;
  };
  assert.deepEqual(await errorOf(['list', 'tcp://192.0.2.9:80']), {
    message: 'tcp://192.0.2.9:80: no such service',
    status: 2,
  });
  const { message, problems } = await errorOf(
    ['apply', '-f', '-'],
    'services: [{service: web}, {service: "tcp://192.0.2.1:80", servers: [{server: nobody}]}]',
  );
  assert.match(String(message), /^standard input:1:22: services\[0\]\.service: 'web' is not a service/);
  assert.ok(Array.isArray(problems));
  assert.deepEqual(problems[1], {
    file: '-',
    line: 1,
    column: 79,
    path: 'services[1].servers[0].server',
    text: "the name 'nobody' has no address",
  });
  assert.equal((await errorOf(['diff', '-f', '/nowhere']))['status'], 2);
  director.ipvs.permitted = false;
  assert.deepEqual(await errorOf(['list']), {
    message: 'getServices needs CAP_NET_ADMIN in the initial user namespace',
    reason: 'not-permitted',
    status: 2,
  });
  for (const words of [
    ['list', '-o', 'json'],
    ['list', '--output=json'],
    ['list', '-ojson'],
  ]) {
    const { out } = await director.run(words);
    assert.ok('error' in oneObject(out), words.join(' '));
  }
  const text = await director.run(['list', '--', '--json']);
  assert.equal(text.out, '');
});
