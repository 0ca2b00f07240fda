/** Checks that run programs or read files: on Node, and on Bun. */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCheck } from '../../../src/health/run-check.js';
import type { CheckOf } from '../../../src/model/check.js';
import { checkOf, resultOf } from './check-of.js';
import type { Closing } from './servers.js';

const sh = (script: string): Partial<CheckOf<'command'>> => ({ command: ['/bin/sh', '-c', script] });

/** A directory that others may read, for one test. */
function directoryFor(t: Closing): string {
  const directory = mkdtempSync(join(tmpdir(), 'checks-'));
  chmodSync(directory, 0o755);
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

export function testProgramChecks(): void {
  test('command: exit status, weight and first line of output', async () => {
    const run = async (script: string) => {
      const { ms, ...result } = await resultOf('command', 80, sh(script));
      return result;
    };
    assert.deepEqual(await run('exit 0'), { result: 'up: exit status 0' });
    assert.deepEqual(await run('echo 30; echo 40'), { result: 'up: exit status 0, weight 30%', weight: 30 });
    assert.deepEqual(await run('echo 101'), { result: 'up: exit status 0' });
    assert.deepEqual(await run('echo; printf "disk full" >&2; exit 1'), {
      result: "down: exit status 1: 'disk full'",
      detail: { status: 1 },
    });
    assert.deepEqual(await run('printf "a\\033[2Jb\\nc"; exit 3'), {
      result: "down: exit status 3: 'a\\x1b[2Jb'",
      detail: { status: 3 },
    });
    assert.deepEqual(await run('kill -SEGV $$'), { result: 'down: ended by SIGSEGV', detail: {} });
    assert.deepEqual(await run('head -c 3000000 /dev/zero'), { result: 'up: exit status 0' });
  });

  test('command: the server is in the environment, and nothing else of this process', async () => {
    process.env['LVSADM_SECRET'] = 'secret';
    const script =
      'env | grep -v -e ^PWD= -e ^_= -e ^SHLVL= -e ^PATH= | sort | tr "\\n" " " >&2; pwd >&2; exit 1';
    const { result } = await resultOf('command', 80, sh(script), '2001:db8::1');
    delete process.env['LVSADM_SECRET'];
    assert.equal(result, "down: exit status 1: 'LC_ALL=C LVSADM_ADDRESS=2001:db8::1 LVSADM_PORT=80 /'");
  });

  test('command: at the time limit the program ends with its children', async (t) => {
    const directory = directoryFor(t);
    const script = `sleep 60 & echo $! >${directory}/child; wait`;
    const { result } = await resultOf('command', 80, { ...sh(script), timeout: 4000 });
    assert.equal(result, 'down: no end of /bin/sh within 4s');
    await assertGone(`${directory}/child`);
  });

  test('command: a check that is stopped leaves no program', async (t) => {
    const directory = directoryFor(t);
    const child = `${directory}/child`;
    const stop = new AbortController();
    const check = checkOf('command', sh(`sleep 60 & echo $! >${child}; wait`));
    const result = runCheck(check, { address: '192.0.2.1', port: 80 }, stop.signal);
    const stopped = assert.rejects(result, /^Error: stopped$/);
    while (!existsSync(child) || readFileSync(child, 'utf8') === '') await sleep(10);
    stop.abort(new Error('stopped'));
    await stopped;
    await assertGone(child);
  });

  test('command: programs that cannot run', async () => {
    const run = async (options: Partial<CheckOf<'command'>>) =>
      (await resultOf('command', 80, options)).result;
    assert.equal(
      await run({ command: ['/nonexistent'] }),
      'down: cannot run /nonexistent: no such file or directory',
    );
    assert.equal(await run({ command: ['/etc/passwd'] }), 'down: cannot run /etc/passwd: permission denied');
    assert.equal(
      await run({ command: ['/bin/true'], user: 'nobody-here' }),
      "down: no user 'nobody-here' in /etc/passwd",
    );
  });

  test('command: another user runs the program, without the groups of this one', async (t) => {
    if (process.getuid?.() !== 0) return t.skip('only root runs programs as others');
    const { result } = await resultOf('command', 80, {
      ...sh('echo "$(id -u) $(id -G)"; exit 1'),
      user: 'nobody',
    });
    assert.equal(result, "down: exit status 1: '65534 65534'");
  });

  test('file: there or not, and a weight in it', async (t) => {
    const path = join(directoryFor(t), 'web1');
    const result = async (options: Partial<CheckOf<'file'>> = {}) => {
      const { ms, ...rest } = await resultOf('file', 80, { path, ...options });
      return rest;
    };
    assert.deepEqual(await result(), { result: `down: ${path} is not there` });
    assert.deepEqual(await result({ present: 'down' }), { result: `up: ${path} is not there` });
    writeFileSync(path, '25\n');
    assert.deepEqual(await result(), { result: `up: ${path} is there, weight 25%`, weight: 25 });
    assert.deepEqual(await result({ present: 'down' }), { result: `down: ${path} is there` });
    writeFileSync(path, 'x'.repeat(1_000_000));
    assert.deepEqual(await result(), { result: `up: ${path} is there` });
    assert.deepEqual(await result({ path: '/etc/passwd/x' }), { result: 'down: /etc/passwd/x is not there' });
    assert.deepEqual(await result({ path: '/proc' }), { result: 'up: /proc is there' });
  });

  test('icmp: what ping says', async (t) => {
    const directory = directoryFor(t);
    const { PATH } = process.env;
    process.env['PATH'] = directory;
    t.after(() => {
      process.env['PATH'] = PATH;
    });
    const ping = async (script: string, options: Partial<CheckOf<'icmp'>> = {}) => {
      writeFileSync(join(directory, 'ping'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      return (await resultOf('icmp', 0, options, '192.0.2.1')).result;
    };
    const asked = '[ "$*" = "-n -q -c 1 -W 2 -I 192.0.2.9 192.0.2.1" ]';
    assert.equal(await ping(asked, { bind: '192.0.2.9', timeout: 1500 }), 'up: answered');
    assert.equal(await ping('echo PING; exit 1'), 'down: no answer');
    assert.equal(
      await ping('echo "ping: connect: Network is unreachable" >&2; exit 2'),
      "down: ping: exit status 2: 'ping: connect: Network is unreachable'",
    );
    assert.equal(await ping('/bin/sleep 60', { timeout: 500 }), 'down: no answer within 500ms');
    rmSync(join(directory, 'ping'));
    const { ms, ...missing } = await resultOf('icmp', 0);
    assert.deepEqual(missing, { result: 'down: cannot run ping: no such file or directory', notRun: true });
  });
}

/** Waits for the end of the process whose number is in a file; one that nobody has waited for yet has ended, too. */
async function assertGone(file: string): Promise<void> {
  const pid = readFileSync(file, 'utf8').trim();
  const isAlive = (): boolean =>
    existsSync(`/proc/${pid}/stat`) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  for (let tries = 0; isAlive() && tries < 200; tries++) await sleep(10);
  assert.ok(!isAlive(), `process ${pid} is still there`);
}
