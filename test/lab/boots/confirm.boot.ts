/** `apply --confirm` where systemd runs: what takes the change back is a transient timer, which outlives sessions. `npm run lab:boots`. */
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { copied, file, sorted } from './director.js';
import { BootedGuest } from './guest.js';
import { chosenReleases } from './root.js';

const MARKS = 3000;

const web = (weight: number) =>
  JSON.stringify({
    services: [
      {
        service: 'tcp://192.0.2.10:80',
        scheduler: 'wrr',
        servers: [{ server: '198.51.100.11:80', method: 'nat', weight }],
      },
    ],
  });

/** A document that takes an emulated machine seconds to apply. */
const many = [
  `{ printf '{"services": [{"service": "fwmark://1"}'`,
  `for mark in $(seq 2 ${MARKS}); do printf ',{"service": "fwmark://%s"}' $mark; done`,
  "printf ']}'; } >/root/many.json",
].join('\n');

interface Waiting {
  readonly number: number;
  readonly until: string;
  readonly unit: string | null;
  readonly problem: string | null;
}

for (const release of chosenReleases()) {
  describe(`apply --confirm on ${release}`, () => {
    let guest: BootedGuest;
    let wanted: string;
    const output = (script: string): Promise<string> => guest.output(script);
    const table = async (): Promise<string> => sorted(await output('lvsadm -Sn'));
    const waiting = async (): Promise<Waiting | null> =>
      JSON.parse(await output('lvsadm status --json')).confirm;
    /** Units of systemd that take a change back, with their files. */
    const units = (): Promise<string> =>
      output(
        "systemctl list-units --all --plain --no-legend 'lvsadm-confirm*' && { ls /run/systemd/transient | grep lvsadm || true; }",
      );
    const historyLine = async (): Promise<string> =>
      (await output('lvsadm history')).split('\n').find((line) => /^\d/.test(line)) ?? '';

    /** Runs a script in a session of its own, which goes on after it. @param quota of processor time, in percent */
    const inSession = (script: string, quota = 100): Promise<string> =>
      output(
        `systemd-run -q --unit=lab-session -p KillMode=control-group -p CPUQuota=${quota}% sh -c '${script}; sleep 4321'`,
      );
    const killSession = 'systemctl kill -s KILL lab-session';

    /** Waits until a change is taken back, and asserts that this began when it had been announced. */
    async function takenBack(
      { number, until, unit }: Waiting,
      t: { diagnostic(text: string): void },
    ): Promise<void> {
      await guest.until(`lvsadm history | grep -F 'take-back (change ${number} was not confirmed)'`, 240);
      const [began] = (await output(`journalctl -q -o short-unix -u ${unit}.service`)).split(' ');
      const late = Number(began) - Date.parse(until) / 1000;
      t.diagnostic(`${late.toFixed(1)} s after the time that had been announced`);
      assert.ok(late > -1 && late < 10, `${late} s late`);
      // The record comes before the change.
      await guest.until(`[ -z "$(systemctl list-units --all --plain --no-legend 'lvsadm-confirm*')" ]`, 60);
      assert.equal(await table(), wanted);
      assert.equal(await waiting(), null);
      assert.equal(await units(), '');
    }

    before(async () => {
      guest = await BootedGuest.boot(release);
      await output(
        [copied, many, file('/root/before.json', web(1)), file('/root/after.json', web(7))].join('\n'),
      );
    });
    after(() => guest?.[Symbol.asyncDispose]());
    afterEach(() =>
      guest.run(
        'systemctl kill -s KILL lab-session; systemctl reset-failed lab-session; lvsadm confirm --force',
      ),
    );
    beforeEach(async () => {
      await output('lvsadm apply -f /root/before.json --prune');
      wanted = await table();
    });

    test('a session that is killed in the middle of the change: a timer takes the half of it back in time', async (t) => {
      await inSession('lvsadm apply -f /root/many.json --prune --confirm 60', 25);
      await output(
        `for n in $(seq 100); do lvsadm -Ln -f ${MARKS / 4} >/dev/null 2>&1 && break; done; ${killSession}`,
      );
      const now = (await output('lvsadm -Sn')).split('\n').length;
      t.diagnostic(`killed after ${now} of ${MARKS} services`);
      assert.ok(now < MARKS, `${now} services: it was over`);
      const change = await waiting();
      assert.ok(change);
      assert.match(String(change.unit), /^lvsadm-confirm-/);
      assert.match(await output('lvsadm status'), /Change to confirm\s.*taken back at \d\d:\d\d:\d\d/s);
      assert.match(await historyLine(), /many\.json --prune --confirm 60/);
      assert.match(await output('lvsadm history'), /waits for 'lvsadm confirm'/);
      assert.match(
        await output('systemctl list-timers --all --no-pager'),
        new RegExp(`${change.unit}\\.timer`),
      );
      assert.match(await units(), /lvsadm takes a change back/);
      const { status, err } = await guest.run('lvsadm confirm');
      assert.equal(status, 1);
      assert.match(err, /was made in part/);
      await takenBack(change, t);
    });

    test('a terminal that is killed after the change', async (t) => {
      await inSession(
        'script -qec "lvsadm apply -f /root/after.json --confirm 45; sleep 4321" /dev/null >/run/session 2>&1',
      );
      await guest.until("grep -F 'lvsadm confirm' /run/session && lvsadm history | grep -F waits", 120);
      const change = await waiting();
      assert.ok(change);
      assert.notEqual(await table(), wanted);
      const [{ terminal }] = JSON.parse(await output('lvsadm history --json')).changes;
      assert.match(terminal, /^pts\/\d+$/);
      await output(killSession);
      assert.notEqual(await table(), wanted);
      await takenBack(change, t);
    });

    test('confirm keeps the change, and leaves nothing in systemd', async () => {
      await output('lvsadm apply -f /root/after.json --confirm 30');
      assert.match(await units(), /lvsadm-confirm-.*\.timer/);
      const changed = await table();
      assert.notEqual(changed, wanted);
      await output('lvsadm confirm');
      assert.equal(await units(), '');
      assert.equal(await waiting(), null);
      await output('sleep 35');
      assert.equal(await table(), changed);
      assert.match(await historyLine(), /apply -f \/root\/after\.json --confirm 30/);
      assert.equal(await output("systemctl list-units --state=failed --plain --no-legend 'lvsadm*'"), '');
    });

    test('rollback takes the change back at once, and leaves nothing in systemd', async () => {
      await output('lvsadm apply -f /root/after.json --confirm 600 && lvsadm rollback');
      assert.equal(await table(), wanted);
      assert.equal(await units(), '');
      assert.equal(await waiting(), null);
    });

    test('a reboot ends the wait: the table is that of the documents, and nothing waits', async () => {
      await output('cp /root/before.json /etc/lvsadm.d/web.json && systemctl -q enable lvsadm');
      await output('lvsadm apply -f /root/after.json --confirm 600');
      assert.ok(await waiting());
      await guest.reboot();
      await guest.until('systemctl is-active lvsadm', 240);
      assert.equal(await table(), wanted);
      assert.equal(await waiting(), null);
      assert.equal(await units(), '');
      assert.match(await output('lvsadm history'), /after\.json --confirm 600/);
      assert.doesNotMatch(await output('lvsadm history'), /waits for/);
      await output('lvsadm apply -f /root/after.json --prune && lvsadm rollback');
      assert.equal(await table(), wanted);
    });
  });
}
