/** Traffic through restarts of the unit, of Debian's ipvsadm and of lvsadm, on a director that boots from a disk: `npm run lab:boots`. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  assertUnharmed,
  copied,
  file,
  ipvsadmAtBoot,
  port,
  repeated,
  rules,
  servers,
  setUpNetwork,
  shown,
  sorted,
  startServers,
  tallyDuring,
  vip,
} from './director.js';
import { BootedGuest } from './guest.js';
import { chosenReleases } from './root.js';

const document = JSON.stringify({
  services: [port, port + 1].map((each) => ({
    service: `tcp://${vip}:${each}`,
    scheduler: 'wrr',
    servers: servers.map((address) => ({ server: `${address}:${each}`, method: 'nat', weight: 10 })),
  })),
});

for (const release of chosenReleases()) {
  describe(`restarts under traffic on ${release}`, () => {
    let guest: BootedGuest;
    const table = async (): Promise<string> => sorted(await guest.output('ipvsadm -Sn'));
    const wanted = sorted(rules.join('\n'));

    before(async () => {
      guest = await BootedGuest.boot(release);
      await setUpNetwork(guest);
      await guest.output([copied, ipvsadmAtBoot].join('\n'));
      await startServers(guest);
      assert.equal(await table(), wanted);
    });
    after(() => guest?.[Symbol.asyncDispose]());

    test('systemctl restart ipvsadm drops requests', async (t) => {
      const tally = await tallyDuring(guest, repeated('systemctl restart ipvsadm'));
      t.diagnostic(shown(tally));
      assert.ok(tally.failed + tally.broken > 0, 'none failed');
    });

    test('systemctl restart and reload of lvsadm drop none', async (t) => {
      await guest.output(
        [
          file('/etc/lvsadm.d/web.json', document),
          'systemctl -q disable ipvsadm',
          'systemctl -q enable lvsadm',
        ].join('\n'),
      );
      const restarts = await tallyDuring(guest, repeated('systemctl restart lvsadm'));
      t.diagnostic(`restart: ${shown(restarts)}`);
      const reloads = await tallyDuring(guest, repeated('systemctl reload lvsadm'));
      t.diagnostic(`reload: ${shown(reloads)}`);
      assertUnharmed(restarts);
      assertUnharmed(reloads);
      assert.equal(await table(), wanted);
    });

    test('a stop leaves the table', async () => {
      await guest.output('systemctl stop lvsadm');
      assert.equal(await table(), wanted);
    });

    test('the next boot has the table before the network', async (t) => {
      await guest.reboot();
      await guest.until('systemctl is-active lvsadm');
      assert.equal(await table(), wanted);
      const time = (unit: string, name: string) => guest.output(`systemctl show --value -p ${name} ${unit}`);
      const [applied, network] = [
        Number(await time('lvsadm', 'ExecMainExitTimestampMonotonic')),
        Number(await time('lab-network', 'ExecMainStartTimestampMonotonic')),
      ];
      t.diagnostic(`applied ${applied} us, network ${network} us after the start`);
      assert.ok(applied > 0 && applied < network);
    });
  });
}
