/** `lvsadm help WORD`, and the words that other tools have for what lvsadm does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { main } from '../../src/cli/main.js';
import { commands } from '../../src/commands/index.js';
import { commands as ipvsadmCommands, subcommandFor } from '../../src/ipvsadm/grammar/commands.js';
import { options } from '../../src/ipvsadm/grammar/options.js';
import { spellings } from '../../src/ipvsadm/grammar/popt.js';
import { Captured } from '../support/captured.js';
import { contextWith } from '../support/context.js';

/** Runs a command line where opening the kernel, a socket or a file fails the test. */
async function run(...words: string[]): Promise<{ status: number; out: string; err: string }> {
  const out = new Captured();
  const err = new Captured();
  const status = await main(words, contextWith({ out, err }));
  return { status, out: out.text, err: err.text };
}

test('help, -h, --help and no word write the same overview', async () => {
  const { status, out } = await run('help');
  assert.equal(status, 0);
  assert.match(out, /^Usage: lvsadm SUBCOMMAND/m);
  for (const words of [['-h'], ['--help'], ['help', 'help']]) assert.equal((await run(...words)).out, out);
});

for (const name of commands.map((row) => row.name)) {
  test(`help ${name} is ${name} --help`, async () => {
    const { status, out } = await run('help', name);
    assert.deepEqual([status, out.split('\n')[0]?.startsWith(`Usage: lvsadm ${name} `)], [0, true]);
    assert.equal((await run(name, '--help')).out, out);
    assert.equal((await run('--help', name)).out, out);
  });
}

test('help describes each command of ipvsadm in each spelling', async () => {
  for (const command of ipvsadmCommands) {
    for (const spelling of spellings(command)) {
      const { status, out } = await run('help', spelling);
      assert.equal(status, 0);
      assert.ok(out.startsWith(`Usage: lvsadm ${spellings(command).join('|')}`), out);
      assert.ok(out.includes(command.help));
    }
  }
});

test('help ipvsadm lists all options of that grammar, each on a line', async () => {
  const { out } = await run('help', 'ipvsadm');
  assert.match(out, /--sched-flags/);
  assert.match(out, /--mcast-ttl/);
  assert.equal(out.split('\n').filter((line) => line.startsWith('  -')).length, options.length);
});

const meant: readonly (readonly [word: string, commandLine: string])[] = [
  ['ls', "use 'lvsadm list' or 'lvsadm -Ln'"],
  ['show', "use 'lvsadm list' or"],
  ['get', "use 'lvsadm list' or"],
  ['save', "use 'lvsadm export' for a document, 'lvsadm -Sn'"],
  ['restore', "use 'lvsadm apply -f FILE' for a document, 'lvsadm -R <FILE'"],
  ['flush', "use 'lvsadm -C'"],
  ['add', "use 'lvsadm -A' for a service, 'lvsadm -a' for a server"],
  ['delete', "use 'lvsadm -D' for a service, 'lvsadm -d' for a server"],
  ['validate', "use 'lvsadm check'"],
  ['zero', "(did you mean 'lvsadm --zero'?)"],
  ['add-service', "(did you mean 'lvsadm --add-service'?)"],
  ['lits', "(did you mean 'list'?)"],
];

for (const [word, commandLine] of meant) {
  test(`${word} is answered with the command that is meant, also after help`, async () => {
    const answer = await run(word);
    assert.deepEqual([answer.status, answer.out], [2, '']);
    assert.ok(answer.err.startsWith(`lvsadm: unknown command '${word}'`), answer.err);
    assert.ok(answer.err.includes(commandLine), answer.err);
    assert.deepEqual(await run('help', word), answer);
  });
}

test('every command line that an answer names is one of lvsadm', async () => {
  const lines = (await Promise.all(meant.map(([word]) => run(word))))
    .flatMap(({ err }) => [...err.matchAll(/'lvsadm ([\w-]+)/g)])
    .map(([, word = '']) => word);
  assert.ok(lines.length > 15);
  const names = [...commands.map(({ name }) => name), ...ipvsadmCommands.flatMap(spellings), 'help'];
  for (const line of lines) {
    const known = names.includes(line) || names.includes(line.slice(0, 2));
    assert.ok(known, line);
  }
});

for (const word of ['qqq', 'tests', 'foo', 'xyzzy', 'l', '']) {
  test(`nothing is suggested for '${word}', which is near nothing`, async () => {
    assert.deepEqual(await run(word), {
      status: 2,
      out: '',
      err: `lvsadm: unknown command '${word}'\nTry 'lvsadm help'.\n`,
    });
  });
}

test('an option that only a subcommand has is answered with that subcommand', async () => {
  for (const [words, commandLine] of [
    [['-L', '--json'], 'lvsadm list --json'],
    [['-Ln', '--json'], 'lvsadm list --json'],
    [['--json'], 'lvsadm list --json'],
    [['-S', '--json'], 'lvsadm export --json'],
    [['-R', '--dry-run'], 'lvsadm apply -f FILE --dry-run'],
  ] as const) {
    const { status, err } = await run(...words);
    assert.equal(status, 255);
    assert.match(err, new RegExp(`unknown option \\(did you mean '${commandLine}'\\?\\)`));
  }
});

test('help after a command of ipvsadm names the command line that helps', async () => {
  const { status, err } = await run('-A', '--help');
  assert.equal(status, 2);
  assert.match(err, /^lvsadm: --help: a second command after -A.* \(did you mean 'lvsadm help -A'\?\)\n/);
});

test('the subcommands that stand in for commands have these options', async () => {
  for (const { call, options } of Object.values(subcommandFor)) {
    const row = commands.find(({ name }) => name === call.split(' ')[0]);
    const { command } = (await row?.load()) ?? {};
    for (const option of options)
      assert.ok(Object.hasOwn(command?.options ?? {}, option), `${call} ${option}`);
  }
});

/** None of these may ask the kernel: not even one that has no IPVS is needed to find the mistake. */
const refused = [
  'list garbage',
  'list tcp://192.0.2.1',
  'list --statz',
  'list --filter garbage',
  'list --sort bogus',
  'list --stats --rate',
  'drain --timeout soon 192.0.2.1',
  'drain --all-services 192.0.2.1 tcp://192.0.2.1:80',
  'weight tcp://192.0.2.1:80 192.0.2.2 5 --over 3x',
  'drain',
  'drain tcp://192.0.2.1:80',
  'drain 192.0.2.300',
  'drain tcp://web:80 192.0.2.1',
  'undrain',
  'undrain garbage 192.0.2.1',
  'undrain --all-services web',
  'weight tcp://192.0.2.1:80 192.0.2.2',
  'weight tcp://192.0.2.1:80 192.0.2.2 heavy',
  'weight tcp://192.0.2.1:80 192.0.2.300 1',
  'apply',
  'apply web.yaml',
  'apply -f - --only garbage',
  'apply -f - --watch',
  'diff',
  'diff -f - --only tcp://web:80',
  'export extra',
  'director up --vip 192.0.2.1',
  'director up --interface eth0 --method dir',
  'real-server up --vip 192.0.2.1',
  'real-server up --method dr --tun-port 5',
  'doctor --vip 192.0.2.300',
  'doctor --role both',
  '-A',
  '-A -t 192.0.2.300:80',
  '-a -t 192.0.2.1:80',
  '-L --json',
  '-E -t 192.0.2.1:80 -w 5',
  '--set 1 2',
];

for (const words of refused) {
  test(`a refused command line opens no socket: ${words}`, async () => {
    const { status, out, err } = await run(...words.split(' '));
    assert.ok(status === 2 || status === 3 || status === 255, `status ${status}: ${err}`);
    assert.equal(out, '');
    assert.match(err, /^lvsadm: /);
    assert.doesNotMatch(err, /fault in lvsadm/);
  });
}
