/** The packages on a director that boots from a disk, with traffic: installed, adopted, upgraded, removed. `npm run lab:boots`. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { checkout } from '../paths.js';
import { quietly } from '../process.js';
import {
  assertUnharmed,
  host,
  ipvsadmAtBoot,
  rules,
  setUpNetwork,
  shown,
  sorted,
  startServers,
  tallyDuring,
} from './director.js';
import { BootedGuest } from './guest.js';
import { chosenReleases } from './root.js';

/** Where npm run lab:boots makes them. */
const packages = 'build/boots';

/** The path of a package on this machine. */
function packageFile(name: string): string {
  const found = readdirSync(join(checkout, packages)).find(
    (file) => file.startsWith(name) && file.endsWith('.deb'),
  );
  assert.ok(found, `no ${name}* in ${packages}: npm run lab:boots makes it`);
  return join(checkout, packages, found);
}

/** The same package with a higher version. */
async function nextPackage(directory: string): Promise<string> {
  const [tree, path] = [join(directory, 'tree'), join(directory, 'next.deb')];
  await quietly('dpkg-deb', ['-R', packageFile('lvsadm_'), tree]);
  const control = join(tree, 'DEBIAN/control');
  await writeFile(control, (await readFile(control, 'utf8')).replace(/^Version: .*$/m, '$&+next'));
  await quietly('dpkg-deb', ['-Znone', '-b', tree, path]);
  return path;
}

/** Files of the disk, without those that every command may change. */
const listing = `find / -xdev \\( -path /proc -o -path /tmp -o -path /var/log -o -path /var/tmp -o -path /var/cache -o -path /var/lib/dpkg -o -path /var/lib/systemd -o -path /root \\) -prune -o -print | sort`;

let directory: string;
let next: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lvsadm-packages-'));
  next = await nextPackage(directory);
});
after(() => rm(directory, { recursive: true, force: true }));

for (const release of chosenReleases()) {
  describe(`the packages on ${release}`, () => {
    let guest: BootedGuest;
    let initial: string;
    const output = (script: string): Promise<string> => guest.output(script);
    const table = async (): Promise<string> => sorted(await output('ipvsadm -Sn'));
    const wanted = sorted(rules.join('\n'));

    before(async () => {
      guest = await BootedGuest.boot(release);
      await setUpNetwork(guest);
      await output(ipvsadmAtBoot);
      await startServers(guest);
      assert.equal(await table(), wanted);
      initial = await output(listing);
    });
    after(() => guest?.[Symbol.asyncDispose]());

    test('an installation starts and enables nothing, and leaves the table', async (t) => {
      const tally = await tallyDuring(guest, `dpkg -i ${host}${packageFile('lvsadm_')}`);
      t.diagnostic(shown(tally));
      assertUnharmed(tally);
      assert.equal(await table(), wanted);
      for (const unit of ['lvsadm', 'lvsadm-agent', 'lvsadm-metrics']) {
        const { out } = await guest.run(`systemctl is-enabled ${unit}; systemctl is-active ${unit}`);
        assert.equal(out, 'disabled\ninactive\n', unit);
      }
    });

    test('adopt takes the saved rules over, and changes no table', async (t) => {
      const tally = await tallyDuring(guest, 'lvsadm adopt');
      t.diagnostic(shown(tally));
      assertUnharmed(tally);
      assert.equal(await table(), wanted);
      t.diagnostic(await output('cat /etc/lvsadm.d/00-adopted.yaml'));
    });

    test('the next boot has the table before the network', async () => {
      await guest.reboot();
      await guest.until('systemctl is-active lvsadm');
      assert.equal(await table(), wanted);
      const { out } = await guest.run('systemctl is-active ipvsadm');
      assert.notEqual(out, 'active\n');
      await startServers(guest);
    });

    test('an upgrade to the next version drops nothing', async (t) => {
      const tally = await tallyDuring(guest, `dpkg -i ${host}${next}`);
      t.diagnostic(shown(tally));
      assertUnharmed(tally);
      assert.equal(await table(), wanted);
      assert.equal(await output('systemctl is-enabled lvsadm'), 'enabled\n');
    });

    test('adopt --undo, removal and purge leave the table, and nothing else', async (t) => {
      const tally = await tallyDuring(guest, 'lvsadm adopt --undo && dpkg -r lvsadm && dpkg -P lvsadm');
      t.diagnostic(shown(tally));
      assertUnharmed(tally);
      assert.equal(await table(), wanted);
      const left = new Set((await output(listing)).split('\n'));
      for (const path of initial.split('\n')) left.delete(path);
      assert.deepEqual([...left], []);
      await guest.reboot();
      // ipvsadm's unit takes seconds, and nothing waits for it.
      await output(
        'while [ "$(systemctl show -p ActiveState --value ipvsadm)" = activating ]; do sleep 1; done',
      );
      assert.equal(await table(), wanted);
    });
  });
}
