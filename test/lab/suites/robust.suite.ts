/**
 * Interruptions by real signals, processes at once, and descriptors that are closed or full, on a real kernel. With ROBUST=full every
 * signal comes at each of the steps, and eight processes run; otherwise each command has one signal at one step.
 */
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isFull } from '../../support/extent.js';
import { distribution, quickLvsadm as lvsadm } from '../distribution.js';

const ALL = [1, 2, 3, 4, 5, 6, 7, 8] as const;
const HALF = ALL.length / 2;

/** All of them, or the second, at which the command is at work. */
const someOf = (steps: readonly number[]): readonly number[] => (isFull ? steps : steps.slice(1, 2));

let turns = 0;
/** All of them, or one: the next at each call. */
const sampled = <T>(all: readonly T[]): readonly T[] => {
  const at = turns++ % all.length;
  return isFull ? all : all.slice(at, at + 1);
};

const service = 'tcp://192.0.2.10:80';
const server = (number: number) => `198.51.100.${number}:80`;
const rules = [
  '-A -t 192.0.2.10:80 -s wlc',
  ...ALL.map((number) => `-a -t 192.0.2.10:80 -r ${server(number)} -m -w ${number}`),
  '',
].join('\n');
const documentText = `services: [{service: "${service}", scheduler: rr, servers: [198.51.100.1, 198.51.100.9]}]\n`;

let directory: string;
let document: string;
let startTable: string;
let startNetwork: string;

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'lvsadm-robust-'));
  document = join(directory, 'document.yaml');
  writeFileSync(document, documentText);
});
after(() => rmSync(directory, { recursive: true }));
beforeEach(() => {
  shell('umount /run 2>/dev/null; mount -t tmpfs -o mode=755 tmpfs /run; ipvsadm -C');
  spawnSync('ipvsadm', ['-R'], { input: rules });
  startTable = table();
  startNetwork = network();
});

function shell(script: string): string {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8' });
  assert.equal(status, 0, `${script}: ${stderr}`);
  return stdout;
}

const table = (): string => shell('ipvsadm -Sn');
const network = (): string =>
  shell(
    'ip -o address show; sysctl net.ipv4.ip_forward net.ipv4.conf.all.arp_ignore net.ipv4.conf.all.arp_announce',
  );

interface Ran {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

const run = (program: string, words: readonly string[]): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(program, words, (error, out, err) =>
      resolve({ status: error === null ? 0 : Number(error.code ?? -1), out, err }),
    );
  });

async function done(words: readonly string[], statuses: readonly number[] = [0]): Promise<void> {
  const { status, err } = await run(lvsadm, words);
  assert.ok(statuses.includes(status), `${words.join(' ')}: status ${status}: ${err}`);
}

const SIGNALS = ['SIGKILL', 'SIGTERM', 'SIGSTOP'] as const;

interface Scenario {
  readonly words: readonly string[];
  readonly steps: readonly number[];
  /** Undoes the command, whatever was done of it. */
  readonly undo: readonly string[];
  readonly undoStatuses?: readonly number[];
}

const drain = ['drain', service, server(5), '--timeout', '1'];
const undrain = ['undrain', service, server(5)];
const scenarios: Readonly<Record<string, Scenario>> = {
  drain: { words: drain, steps: [4, 18, 20, 22], undo: undrain, undoStatuses: [0, 1] },
  'real-server up': {
    words: ['real-server', 'up', '--method', 'dr', '--vip', '192.0.2.10'],
    steps: [3, 8, 15, 22],
    undo: ['real-server', 'down'],
  },
  'director up': {
    words: ['director', 'up', '--vip', '192.0.2.10', '--interface', 'lo'],
    steps: [3, 9, 16],
    undo: ['director', 'down', '--force'],
  },
};

const stepped = join(import.meta.dirname, '../../robust/stepped.js');

/** Whether a process has been stopped by a signal. */
const isStopped = (pid: number): boolean => /^\d+ \(.*\) T/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

/** Runs a command that sends itself the signal at the step; one that is stopped goes on after `meanwhile`. */
async function interrupted(
  step: number,
  signal: string,
  words: readonly string[],
  meanwhile: () => Promise<void> = async () => {},
): Promise<{ readonly status: number | null; readonly signal: string | null; readonly err: string }> {
  const child = spawn(process.execPath, [stepped, String(step), signal, ...words], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let err = '';
  child.stderr.on('data', (text) => {
    err += text;
  });
  const end = once(child, 'exit');
  if (signal === 'SIGSTOP') {
    const { pid } = child;
    assert.ok(pid !== undefined);
    while (child.exitCode === null && !isStopped(pid)) await sleep(50);
    await meanwhile();
    child.kill('SIGCONT');
  }
  const [status, by] = await end;
  return { status, signal: by, err };
}

// The program that counts its steps runs on Node.js.
describe('interrupted by a signal at a step', {
  skip: distribution !== 'node' && 'runs on Node.js alone',
}, () => {
  for (const [name, { words, steps, undo, undoStatuses }] of Object.entries(scenarios)) {
    for (const signal of sampled(SIGNALS)) {
      test(`${name}, by ${signal}`, async () => {
        for (const step of someOf(steps)) {
          const { status, signal: by, err } = await interrupted(step, signal, words, () => done(['list']));
          if (signal === 'SIGSTOP') assert.equal(status, 0, `step ${step}: ${err}`);
          else if (signal === 'SIGKILL' && step !== steps.at(-1))
            assert.equal(by, signal, `step ${step}: ${status}`);
          else
            assert.ok(
              by === signal || [0, 143].includes(status ?? -1),
              `step ${step}: ${status} ${by}: ${err}`,
            );
          await done(undo, undoStatuses);
          assert.equal(table(), startTable, `step ${step}`);
          assert.equal(network(), startNetwork, `step ${step}`);
        }
      });
    }
  }

  test('apply is completed by the next one', async () => {
    await done(['apply', '--prune', '-f', document]);
    const applied = table();
    for (const signal of sampled(SIGNALS)) {
      for (const step of someOf([2, 4, 7, 10])) {
        shell('ipvsadm -C');
        spawnSync('ipvsadm', ['-R'], { input: rules });
        await interrupted(step, signal, ['apply', '--prune', '-f', document]);
        await done(['apply', '--prune', '-f', document]);
        assert.equal(table(), applied, `${signal} at step ${step}`);
      }
    }
  });
});

describe('processes at once', { skip: !isFull && 'with ROBUST=full: the suite store has others' }, () => {
  const atOnce = async (words: (number: number) => readonly string[]): Promise<void> => {
    const all = await Promise.all(ALL.map((number) => run(lvsadm, words(number))));
    assert.deepEqual(
      all.map(({ status }) => status),
      ALL.map(() => 0),
      JSON.stringify(all),
    );
  };

  test('drain and undrain of all servers, by turns', async () => {
    await atOnce((number) => ['drain', service, server(number)]);
    await Promise.all([
      ...ALL.slice(0, HALF).map((number) => done(['undrain', service, server(number)])),
      ...ALL.slice(HALF).map((number) => done(['drain', service, server(number)])),
    ]);
    await atOnce((number) => (number <= HALF ? ['list'] : ['undrain', service, server(number)]));
    assert.equal(table(), startTable);
  });

  test('weights are all set, and no drained weight is kept', async () => {
    await atOnce((number) => ['drain', service, server(number)]);
    await atOnce((number) => ['weight', service, server(number), String(number)]);
    assert.equal(table(), startTable);
    assert.equal(shell('ls /run/lvsadm/*.json 2>/dev/null || true'), '');
  });

  test('director up, status and down', async () => {
    const up = (number: number) => ['director', 'up', '--vip', `192.0.2.${number}`, '--interface', 'lo'];
    await atOnce(up);
    await atOnce(() => ['director', 'status']);
    await atOnce(() => ['director', 'down', '--force']);
    assert.equal(network(), startNetwork);
  });

  test('real-server up and down by turns ends where down leads', async () => {
    await atOnce((number) =>
      number % 2 === 0
        ? ['real-server', 'down']
        : ['real-server', 'up', '--method', 'dr', '--vip', `192.0.2.${number}`],
    );
    await done(['real-server', 'down']);
    assert.equal(network(), startNetwork);
  });
});

describe('closed and full descriptors change nothing of what is done', () => {
  const commands: Readonly<Record<string, readonly string[]>> = {
    '-Ln': [],
    '-Sn': [],
    'list --json': [],
    export: [],
    [drain.join(' ')]: undrain,
    [`weight ${service} ${server(5)} 9`]: ['weight', service, server(5), '5'],
    'real-server up --method dr --vip 192.0.2.20': ['real-server', 'down'],
    'director up --vip 192.0.2.20 --interface lo': ['director', 'down', '--force'],
  };
  const redirections = ['>/dev/full', '>&-', '2>&-', '<&-', '>&- 2>&- <&-', '>/dev/full 2>/dev/full'];
  for (const [line, undo] of Object.entries(commands)) {
    test(line.split(' ').slice(0, 2).join(' '), async () => {
      const both = () => table() + network();
      shell(`${lvsadm} ${line} >/dev/null 2>&1`);
      const expected = both();
      for (const redirection of sampled(redirections)) {
        if (undo.length > 0) await done(undo);
        assert.equal(both(), startTable + startNetwork);
        const { status, stderr } = spawnSync('sh', ['-c', `${lvsadm} ${line} ${redirection}`], {
          encoding: 'utf8',
        });
        assert.ok(status === 0 || status === 1, `${redirection}: status ${status}: ${stderr}`);
        if (redirection === '>/dev/full') {
          assert.equal(status, 1);
          assert.match(stderr, /cannot write the output: no space left on device\n/);
        }
        assert.equal(both(), expected, `${line} ${redirection}`);
      }
      if (undo.length > 0) await done(undo);
    });
  }
});
