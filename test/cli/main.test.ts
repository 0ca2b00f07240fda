/** The command line as a whole: which grammar a call gets, and what its name stands for. */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { main } from '../../src/cli/main.js';
import { ClosedPipe, type Output } from '../../src/context.js';
import { Captured } from '../support/captured.js';
import { chunks, contextWith } from '../support/context.js';
import { FakeIpvs } from '../support/fake-ipvs.js';

/** A machine with one service in its table, and a way to call the program by any name. */
function machine() {
  const client = new FakeIpvs().client();
  async function call(program: string, words: readonly string[], stdin = '', out: Output = new Captured()) {
    const err = new Captured();
    const context = contextWith({ program, out, err, stdin: chunks(stdin), client: () => client });
    const status = await main(words, context);
    return { status, out: out instanceof Captured ? out.text : '', err: err.text };
  }
  return { call, rules: async () => (await call('/sbin/lvsadm', ['-Sn'])).out };
}

const before = '-A -t 192.0.2.1:80 -s rr\n';

async function machineWithService() {
  const { call, rules } = machine();
  assert.equal((await call('/sbin/lvsadm', before.trim().split(' '))).status, 0);
  return { call, rules };
}

describe('called as ipvsadm-save', () => {
  test('it writes the table', async () => {
    const { call } = await machineWithService();
    assert.deepEqual(await call('/usr/sbin/ipvsadm-save', ['-n']), { status: 0, out: before, err: '' });
  });
});

describe('called as ipvsadm-restore', () => {
  test('it replaces the table with the rules on standard input', async () => {
    const { call, rules } = await machineWithService();
    const wanted = '-A -u 192.0.2.2:53 -s wlc\n-a -u 192.0.2.2:53 -r 198.51.100.7:53 -g -w 1\n';
    const { status, err } = await call('/usr/sbin/ipvsadm-restore', [], `# saved\n${wanted}`);
    assert.deepEqual([status, err], [0, '']);
    assert.equal(await rules(), wanted);
  });

  for (const [what, input, complaint] of [
    ['a line that makes no sense', '-A -u 192.0.2.2:53\n-A -t 192.0.2.300:80\n', /line 2: .*192\.0\.2\.300/],
    ['an unknown option', '-A -u 192.0.2.2:53 --schedular rr\n', /line 1: .*--schedular/],
    [
      'an option of whole command lines',
      '-A -u 192.0.2.2:53\n-A -t 192.0.2.3:80 --netns blue\n',
      /line 2: .*--netns: a rule has no network namespace/,
    ],
    ['no rules', '# nothing\n\n', /no rules/],
  ] as const) {
    test(`${what} leaves the table as it is`, async () => {
      const { call, rules } = await machineWithService();
      const { status, err } = await call('/usr/sbin/ipvsadm-restore', [], input);
      assert.equal(status, 2);
      assert.match(err, complaint);
      assert.equal(await rules(), before);
    });
  }

  test('no rules on standard input restore an empty table', async () => {
    const { call } = machine();
    assert.deepEqual(await call('/usr/sbin/ipvsadm-restore', [], ''), { status: 0, out: '', err: '' });
  });
});

describe('called as lvsadm', () => {
  test('an unknown persistence engine without -p begins with the phrase of ipvsadm', async () => {
    const { status, err } = await machine().call('/usr/sbin/lvsadm', [
      '-A',
      '-t',
      '192.0.2.1:80',
      '--pe',
      'nosuch',
    ]);
    assert.match(err, /^Scheduler or persistence engine not found: --pe: no persistence engine 'nosuch'/);
    assert.equal(status, 255);
  });

  test('an unknown subcommand is an error with a suggestion', async () => {
    const { status, err } = await machine().call('/usr/sbin/lvsadm', ['aply']);
    assert.equal(status, 2);
    assert.match(err, /unknown command 'aply' \(did you mean 'apply'\?\)/);
  });

  test('help lists the subcommands, and -h points to it', async () => {
    const { call } = machine();
    assert.match((await call('/usr/sbin/lvsadm', ['help'])).out, /^ {2}apply +make the table/m);
    assert.match((await call('/usr/sbin/lvsadm', ['-h'])).out, /^lvsadm help ipvsadm /m);
    assert.doesNotMatch((await call('/usr/sbin/ipvsadm', ['-h'])).out, /lvsadm help/);
  });

  test('a closed pipe ends the program with status 141 and no message', async () => {
    const closed: Output = {
      isTTY: false,
      write() {
        throw new ClosedPipe('gone');
      },
    };
    const { call } = await machineWithService();
    assert.deepEqual(await call('/usr/sbin/lvsadm', ['-Ln'], '', closed), { status: 141, out: '', err: '' });
  });
});

describe('a hostile word', () => {
  const word = `\x1b]0;title\x07\n\u202e${'x'.repeat(60_000)}`;
  for (const [what, words, stdin] of [
    ['a command', [word]],
    ['a positional', ['weight', 'tcp://192.0.2.1:80', '192.0.2.7', '1', word]],
    ['an option of a subcommand', ['list', `--${word}`]],
    ['a value of a subcommand', ['drain', '192.0.2.7', '--timeout', word]],
    ['a value of a flag', ['list', `--json=${word}`]],
    ['a word of a list', ['real-server', 'up', '--method', word]],
    ['an option of ipvsadm', ['-L', `--${word}`]],
    ['a value of ipvsadm', ['-A', '-t', word]],
    ['a surplus word of ipvsadm', ['-L', word]],
    ['a scheduler', ['-A', '-t', '192.0.2.9:80', '-s', word]],
    ['a word of -R', ['-R'], `-A -t ${word.replace('\n', '')}\n`],
    ['an option of -R', ['-R'], `-A --${word.replace('\n', '')}\n`],
    ['a document', ['apply', '-f', '-'], JSON.stringify({ services: [{ service: word, [word]: word }] })],
    ['rules as a document', ['apply', '-f', '-'], `-A -t ${word.replace('\n', '')}\n`],
  ] as readonly (readonly [string, string[], string?])[]) {
    test(`as ${what} is told in printable characters, and cut`, async () => {
      const { call } = await machineWithService();
      const { status, err } = await call('/usr/sbin/lvsadm', words, stdin);
      assert.ok(status === 2 || status === 255, `status ${status}`);
      assert.doesNotMatch(err.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
      const lines = err.split('\n');
      assert.ok(lines.length <= 4 && lines.every((line) => line.length < 400), err.slice(0, 1000));
      assert.match(err, /\\x1b\]0;title\\x07/);
    });
  }
});
