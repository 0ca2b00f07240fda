// lvsadm top on a real terminal, over an IPVS in memory: sizes, job control, and the terminal as it was afterwards.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { bun } from '../support/bun.js';
import { Tmux } from '../support/tmux.js';
import { LabUnavailable } from './errors.js';
import { ensurePackages, terminalNeeds } from './packages.js';

const program = join(import.meta.dirname, '../support/top-program.js');
const directory = mkdtempSync(join(tmpdir(), 'lvsadm-top-'));
let missing: string | undefined;
let tmux: Tmux | undefined;

before(async () => {
  try {
    await ensurePackages(terminalNeeds);
    tmux = await Tmux.start(join(directory, 'tmux'), {});
  } catch (error) {
    if (!(error instanceof LabUnavailable)) throw error;
    missing = error.message;
  }
});

after(() => {
  tmux?.[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

const taken = 'alternate 1 cursor 0';

/** Types a command line that starts top, and waits for rates. */
async function start(terminal: Tmux, runtime: string, words = ''): Promise<void> {
  terminal.type(`clear; ${runtime} ${program} ${directory} top ${words}`, 'Enter');
  await terminal.shows(/rates of/);
  assert.equal(terminal.modes, taken);
}

/** Sends a signal to top. */
const kill = (signal: NodeJS.Signals): void => {
  process.kill(Number(readFileSync(join(directory, 'pid'), 'utf8')), signal);
};

const runtimes = { 'Node.js': process.execPath, Bun: bun };

for (const [name, runtime] of Object.entries(runtimes)) {
  const onTerminal = (title: string, body: (terminal: Tmux, runtime: string) => Promise<void>) =>
    test(`${title} (${name})`, async (t: TestContext) => {
      if (tmux === undefined) return t.skip(missing);
      if (runtime === undefined) return t.skip('the bun package brought no executable for this machine');
      tmux.resize(80, 24);
      await body(tmux, runtime);
    });

  onTerminal('the screen follows the size of the terminal', async (terminal, runtime) => {
    await start(terminal, runtime, '--sort cps');
    const wide = await terminal.shows(/^ {5}198.51.100.1:80 +3 +61 +\d+ +75% /m);
    assert.match(wide[2] ?? '', /^ SERVICE\/SERVER +WEIGHT +ACTIVE +\*CPS +SHARE +INBPS +LAST MINUTE$/);
    assert.equal(wide[23], '? keys  q quit');
    assert.match(terminal.coloured, /\p{Cc}\[[0-9;]*31m38/u);
    terminal.resize(60, 20);
    const narrow = await terminal.shows(/^ SERVICE\/SERVER +WEIGHT +ACTIVE +\*CPS +SHARE$/m);
    assert.deepEqual([narrow.length, narrow[19]], [20, '? keys  q quit']);
    terminal.resize(200, 60);
    const widest = await terminal.shows(/SCHED\/METHOD/);
    assert.deepEqual([widest.length, widest[59]], [60, '? keys  q quit']);
    terminal.type('q');
    await terminal.restored();
  });

  onTerminal('keys come in, and a drain goes out', async (terminal, runtime) => {
    await start(terminal, runtime);
    terminal.type('Down', 'd');
    await terminal.shows(/^drain 198.51.100.1:80 of tcp:\/\/192.0.2.10:80: weight 3 -> 0\? \[y\/n\]$/m);
    terminal.type('y');
    await terminal.shows(/^>....198.51.100.1:80 +0 [\s\S]*61 connections left, at weight 0$/m);
    terminal.type('c');
    await terminal.shows(/^203.0.113.9 +2 +ESTABLISHED 1, SYN_RECV 1$/m);
    terminal.type('Escape', '/', '443', 'Enter');
    await terminal.shows(/with '443'[\s\S]*\n>- tcp:\/\/192.0.2.10:443[^\n]*\n\n/);
    terminal.type('C-c');
    await terminal.restored();
  });

  onTerminal(
    'Ctrl-Z, SIGTSTP and SIGSTOP stop it, fg goes on with a whole screen',
    async (terminal, runtime) => {
      await start(terminal, runtime);
      for (const stop of [() => terminal.type('C-z'), () => kill('SIGTSTP')]) {
        stop();
        await terminal.restored();
        terminal.type('fg', 'Enter');
        await terminal.shows(/rates of[\s\S]*quit\s*$/);
        assert.equal(terminal.modes, taken);
      }
      kill('SIGSTOP');
      await terminal.shows(/Stopped/);
      terminal.type('fg', 'Enter');
      await terminal.shows(/^lvsadm [\s\S]*rates of[\s\S]*quit\s*$/);
      terminal.type('q');
      await terminal.restored();
    },
  );

  onTerminal('signals and a crash leave the terminal as it was', async (terminal, runtime) => {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const) {
      await start(terminal, runtime);
      kill(signal);
      const shown = await terminal.restored();
      if (signal === 'SIGUSR2') assert.match(shown, /error: crash/i);
    }
  });
}
