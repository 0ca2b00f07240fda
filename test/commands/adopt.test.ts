// adopt: boot set-ups of ipvsadm, as directory trees, become a document that lvsadm.service applies; and back.
import assert from 'node:assert/strict';
import { createReadStream, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { main } from '../../src/cli/main.js';
import { IpvsClient } from '../../src/ipvs/client.js';
import { destinationRule, serviceRule } from '../../src/ipvsadm/rules.js';
import { initSystemOf } from '../../src/setup/boot/init-systems.js';
import type { Files } from '../../src/system/files/files.js';
import { rootedFiles } from '../../src/system/files/rooted-files.js';
import { normal, servicesOfRules, state } from '../support/arbitrary-state.js';
import {
  distributions,
  enabled,
  mask,
  plant,
  put,
  rules,
  snapshot,
  type Tree,
} from '../support/boot-trees.js';
import { Captured } from '../support/captured.js';
import { contextWith } from '../support/context.js';
import { Director } from '../support/director.js';
import { isFull } from '../support/extent.js';
import { ownFiles } from '../support/flock.js';
import { countedFiles, FileLocks, failingFrom, Steps } from '../support/steps.js';

const document = '/etc/lvsadm.d/00-adopted.yaml';

/** To wait for the disk takes most of the time of these tests. */
const files = { ...ownFiles, fsyncSync: () => {} };

/** Runs adopt with the files of another machine. */
async function adopt(root: string, words: readonly string[] = [], steps?: Steps, own: Files = files) {
  const out = new Captured();
  const err = new Captured();
  const context = contextWith({
    out,
    err,
    files: steps === undefined ? own : countedFiles(files, steps, new FileLocks()),
    readFile: (path) => createReadStream(path),
  });
  const status = await main(['adopt', '--root', root, '--state-dir', join(root, 'state'), ...words], context);
  return { status, out: out.text, err: err.text };
}

/** Which of the two services the init system of a tree starts. */
function started(root: string): string[] {
  const own = rootedFiles(files, root);
  const init = initSystemOf(own);
  assert.ok(init);
  return ['ipvsadm', 'lvsadm'].filter((name) => init.enabledBy(name, own).length > 0);
}

const services = `services:
  - service: tcp://192.0.2.1:80
    scheduler: wrr
    servers:
      - { server: "198.51.100.1:8080", method: nat, weight: 3 }
# end
`;
const daemons = `sync:
  backup: { interface: eth0, id: 7 }
  master: { interface: eth0, id: 7 }
`;

for (const [name, tree] of Object.entries(distributions)) {
  test(`${name}: adopt writes the document, switches the services, and --undo leads back exactly`, async (t) => {
    const root = plant(t, tree);
    const before = snapshot(root);
    assert.deepEqual(started(root), ['ipvsadm']);
    const dry = await adopt(root, ['--dry-run']);
    assert.equal(dry.status, 0, dry.err);
    assert.deepEqual(snapshot(root), before);

    const { status, out, err } = await adopt(root);
    assert.equal(status, 0, err);
    assert.match(out, /: done\nto go back: lvsadm adopt --undo --root .*\n$/);
    assert.deepEqual(started(root), ['lvsadm']);
    const text = readFileSync(root + document, 'utf8');
    const [head = '', ...rest] = text.split(/(?<=\n)/);
    assert.match(head, /^# Adopted by lvsadm from \/(etc|var)\//);
    assert.equal(rest.join(''), ('/etc/default/ipvsadm' in tree ? daemons : '') + services);
    assert.ok(dry.out.endsWith(`\n\n${text}`), dry.out);

    const after = snapshot(root);
    assert.deepEqual(await adopt(root), {
      status: 0,
      out: `adopted already\nto go back: lvsadm adopt --undo --root ${root} --state-dir ${root}/state\n`,
      err: '',
    });
    assert.deepEqual(snapshot(root), after);

    const undone = await adopt(root, ['--undo']);
    assert.equal(undone.status, 0, undone.err);
    assert.deepEqual(snapshot(root), before);
    assert.deepEqual(await adopt(root, ['--undo']), { status: 0, out: 'nothing is adopted\n', err: '' });
  });
}

test('--dry-run of the files of another machine shows commands for these files', async (t) => {
  const root = plant(t, distributions.trixie);
  const { out } = await adopt(root, ['--dry-run']);
  const commands = [`cat > ${root}${document}`, `ln -sfn /dev/null ${root}${mask}`];
  for (const command of commands) assert.ok(out.includes(`: ${command}\n`), out);
  const { steps } = JSON.parse((await adopt(root, ['--dry-run', '--json'])).out);
  assert.equal(steps[0].command, commands[0]);
});

/** `npm run test:robust` tries all steps, `npm test` every third. */
const STRIDE = isFull ? 1 : 3;

/** Each switches the services in another way: a mask, links of OpenRC, and links of units that a mask cannot replace. */
for (const name of ['trixie', 'alpine', 'own'] as const) {
  test(`${name}: an adoption that is killed at any step is completed by adopt, and undone by --undo`, async (t) => {
    const root = plant(t, distributions[name]);
    const before = snapshot(root);
    await adopt(root);
    const after = snapshot(root);
    await adopt(root, ['--undo']);
    /** @param from adopted or not, before the process that is killed */
    const killed = async (from: 'adopted' | 'original', words: readonly string[], step: number) => {
      if (from === 'adopted') await adopt(root);
      const steps: Steps = new Steps(step, () => steps.kill());
      await adopt(root, words, steps);
      assert.notDeepEqual(started(root), [], `step ${step}: nothing fills the table at boot`);
      return steps.count > step;
    };
    for (const [from, words] of [
      ['original', []],
      ['adopted', ['--undo']],
    ] as const) {
      let step = 0;
      for (; await killed(from, words, step); step += STRIDE) {
        const again = await adopt(root);
        assert.equal(again.status, 0, again.err);
        assert.deepEqual(started(root), ['lvsadm'], `step ${step}`);
        assert.deepEqual(snapshot(root), after, `step ${step}`);
        await adopt(root, ['--undo']);
        await killed(from, words, step);
        const undone = await adopt(root, ['--undo']);
        assert.equal(undone.status, 0, undone.err);
        assert.deepEqual(snapshot(root), before, `step ${step}`);
      }
      assert.ok(step > 12, `only ${step} steps`);
      await adopt(root, ['--undo']);
    }
  });
}

test('where the disk is full from any step on, adopt changes nothing or says what is left to undo', async (t) => {
  const root = plant(t, distributions.trixie);
  const before = snapshot(root);
  let step = 0;
  for (let isOver = false; !isOver; step++) {
    const steps = failingFrom(step, 'ENOSPC');
    const { status, err } = await adopt(root, [], steps);
    isOver = steps.count <= step;
    assert.ok(status === 0 || err.includes('no space left on device'), `step ${step}: ${status} ${err}`);
    assert.notDeepEqual(started(root), []);
    assert.equal((await adopt(root, ['--undo'])).status, 0);
    assert.deepEqual(snapshot(root), before, `step ${step}`);
  }
  assert.ok(step > 12);
});

test('the document makes the table that ipvsadm-restore makes of the saved rules', async (t) => {
  const root = plant(t, distributions.fedora);
  await fc.assert(
    fc.asyncProperty(state(), async (table) => {
      const [restored, applied] = await Promise.all([Director.start(t), Director.start(t)]);
      const saved = servicesOfRules(table)
        .flatMap(({ service, destinations }) => [
          serviceRule(service),
          ...destinations.map((destination) => destinationRule(service.id, destination)),
        ])
        .map((words) => `${words.join(' ')}\n`)
        .join('');
      writeFileSync(`${root}/etc/sysconfig/ipvsadm`, saved);
      assert.equal((await restored.run(['-R'], { stdin: saved })).status, 0);
      const { status, err } = await adopt(root);
      assert.equal(status, 0, err);
      const done = await applied.run(['apply', '-f', root + document]);
      assert.equal(done.status, 0, done.err);
      assert.deepEqual(normal(await applied.state()), normal(await restored.state()));
      await adopt(root, ['--undo']);
    }),
    { numRuns: 25 },
  );
});

test('rules of timeouts are adopted, and sync daemons without rules leave services alone', async (t) => {
  const root = plant(t, {
    ...distributions.trixie,
    '/etc/default/ipvsadm': 'AUTO="false"\nDAEMON=\'master\'\n',
  });
  await adopt(root);
  assert.equal(
    readFileSync(root + document, 'utf8'),
    '# Adopted by lvsadm from /etc/default/ipvsadm\nsync:\n  master: { interface: eth0, id: 0 }\n# end\n',
  );
  const other = plant(t, { ...distributions.arch, '/etc/ipvsadm.conf': '--set 900 0 300\n' });
  await adopt(other);
  assert.equal(
    readFileSync(other + document, 'utf8'),
    '# Adopted by lvsadm from /etc/ipvsadm.conf\ntimeouts: { tcp: 900, udp: 300 }\n# end\n',
  );
});

test('rules without any line become a document that apply takes', async (t) => {
  const root = plant(t, { ...distributions.arch, '/etc/ipvsadm.conf': '' });
  await adopt(root);
  const director = await Director.start(t);
  const { status, err } = await director.run(['apply', '-f', root + document]);
  assert.equal(status, 0, err);
});

/** @param changed files of a trixie machine that are different; undefined for one that is missing */
type Changes = Readonly<Record<string, string | undefined>>;

const treeWith = (tree: Tree, changed: Changes): Tree =>
  Object.fromEntries(
    Object.entries<string | undefined>({ ...tree, ...changed }).flatMap(([path, content]) =>
      content === undefined ? [] : [[path, content]],
    ),
  );

const trixieWith = (changed: Changes): Tree => treeWith(distributions.trixie, changed);

const lvsadmUnit = '/usr/lib/systemd/system/lvsadm.service';
const settings = '/etc/default/ipvsadm';

const refusals: readonly (readonly [what: string, tree: Tree, status: number, message: string])[] = [
  [
    'a rule with a mistake',
    trixieWith({ '/etc/ipvsadm.rules': `# saved\n${rules}-A -t 192.0.2.1:99999\n` }),
    2,
    'ROOT/etc/ipvsadm.rules:4:4: -t: port ',
  ],
  [
    'a rule that is no part of a table',
    trixieWith({ '/etc/ipvsadm.rules': '-D -t 192.0.2.1:80\n' }),
    2,
    'ROOT/etc/ipvsadm.rules:1:1: not a part of a table',
  ],
  [
    'rules that are none',
    trixieWith({ '/etc/ipvsadm.rules': 'web: \x1b[31m\n' }),
    2,
    'ROOT/etc/ipvsadm.rules:1:1: web:',
  ],
  [
    'a server without its service',
    trixieWith({ '/etc/ipvsadm.rules': '-a -t 192.0.2.1:80 -r 198.51.100.1:80\n' }),
    2,
    'ROOT/etc/ipvsadm.rules:1:1: no -A before it',
  ],
  [
    'rules that are missing',
    trixieWith({ '/etc/ipvsadm.rules': undefined }),
    2,
    'ROOT/etc/ipvsadm.rules: no such file or directory',
  ],
  [
    'a sync id out of range',
    trixieWith({ [settings]: 'AUTO=true\nDAEMON=master\nSYNCID=256\n' }),
    2,
    "ROOT/etc/default/ipvsadm:3: SYNCID: '256' is not a number from 0 to 255",
  ],
  [
    'an interface of no name',
    trixieWith({ [settings]: 'AUTO=true\nDAEMON=master\nIFACE="eth 0"\n' }),
    2,
    "ROOT/etc/default/ipvsadm:3: IFACE: 'eth 0' is not the name of a network interface",
  ],
  [
    'a daemon of no kind',
    trixieWith({ [settings]: 'AUTO=true\n\nDAEMON=Master\n' }),
    2,
    "ROOT/etc/default/ipvsadm:3: DAEMON: 'Master' is not one of none, master, backup, both",
  ],
  [
    'a value that a shell computes',
    trixieWith({ [settings]: 'AUTO=true\nIFACE=$(hostname)\n' }),
    2,
    'ROOT/etc/default/ipvsadm:2: not of the form NAME=value',
  ],
  [
    'a daemon that the rules start, too',
    trixieWith({ '/etc/ipvsadm.rules': '--start-daemon master\n' }),
    2,
    'ROOT/etc/default/ipvsadm:5:1: the master daemon stands here a second time; first at ROOT/etc/ipvsadm.rules:1:1',
  ],
  [
    'a document for the same service',
    trixieWith({ '/etc/lvsadm.d/web.yaml': 'services: [tcp://192.0.2.1:80]\n' }),
    2,
    'ROOT/etc/lvsadm.d/',
  ],
  [
    'a document of this name',
    trixieWith({ [document]: services }),
    255,
    `cannot write ${document}: it is there already`,
  ],
  [
    'a service that is not enabled',
    trixieWith({ [enabled]: undefined }),
    1,
    'cannot adopt the boot set-up: ipvsadm.service is not enabled',
  ],
  [
    'a service that is masked',
    trixieWith({ [mask]: '-> /dev/null' }),
    1,
    'cannot adopt the boot set-up: ipvsadm.service is not enabled',
  ],
  [
    'a service that loads nothing',
    trixieWith({ [settings]: 'AUTO="yes"\nDAEMON="none"\n' }),
    1,
    'cannot adopt the boot set-up: ipvsadm.service loads nothing: in /etc/default/ipvsadm AUTO is not true, and DAEMON is none',
  ],
  [
    'no ipvsadm',
    trixieWith({ '/usr/lib/systemd/system/ipvsadm.service': undefined, '/etc/init.d/ipvsadm': undefined }),
    1,
    'cannot adopt the boot set-up: ipvsadm.service is not installed',
  ],
  [
    'a unit that reads other files',
    trixieWith({ '/usr/lib/systemd/system/ipvsadm.service': '[Service]\nExecStart=/root/rules.sh\n' }),
    255,
    'cannot find the boot set-up: /usr/lib/systemd/system/ipvsadm.service reads none of the files that are known',
  ],
  [
    'a drop-in with commands',
    trixieWith({ [`${mask}.d/x.conf`]: '[Service]\nExecStart=\n' }),
    255,
    `cannot find the boot set-up: ${mask}.d/x.conf changes what ipvsadm.service runs`,
  ],
  [
    'a drop-in of a package',
    trixieWith({ '/usr/lib/systemd/system/ipvsadm.service.d/x.conf': '[Service]\nEnvironmentFile=/x\n' }),
    255,
    'cannot find the boot set-up: /usr/lib/systemd/system/ipvsadm.service.d/x.conf changes what',
  ],
  [
    'a directory of documents that is a link',
    trixieWith({ '/etc/lvsadm.d/README': undefined, '/etc/lvsadm.d': '-> /tmp' }),
    255,
    'cannot adopt ROOT: /etc/lvsadm.d is a link, which may lead out of that directory',
  ],
  [
    'a unit that is a link to nothing',
    trixieWith({ '/usr/lib/systemd/system/ipvsadm.service': '-> nowhere.service' }),
    255,
    'cannot read /usr/lib/systemd/system/ipvsadm.service: no such file or directory',
  ],
  [
    'no lvsadm.service',
    trixieWith({ [lvsadmUnit]: undefined }),
    255,
    'cannot adopt the boot set-up: lvsadm.service is not installed: the packages and the tar archive bring it',
  ],
  [
    'OpenRC, and no script of lvsadm',
    treeWith(distributions.alpine, { '/etc/init.d/lvsadm': undefined }),
    255,
    'cannot adopt the boot set-up: /etc/init.d/lvsadm is not installed: the packages and the tar archive bring it',
  ],
  [
    'a masked lvsadm.service',
    trixieWith({ '/etc/systemd/system/lvsadm.service': '-> /dev/null' }),
    255,
    'cannot adopt the boot set-up: lvsadm.service is masked',
  ],
  [
    'an lvsadm.service that nothing wants',
    trixieWith({ [lvsadmUnit]: '[Service]\n' }),
    255,
    `cannot enable lvsadm.service: ${lvsadmUnit} has no WantedBy=`,
  ],
  [
    'keepalived',
    trixieWith({
      '/etc/systemd/system/multi-user.target.wants/keepalived.service': '-> /x',
      '/etc/keepalived/keepalived.conf': 'virtual_server 192.0.2.1 80 {\n}\n',
    }),
    255,
    'cannot adopt the boot set-up: keepalived fills the table; lvsadm import keepalived makes',
  ],
  [
    'no init system',
    trixieWith({ '/usr/lib/systemd/systemd': undefined }),
    255,
    'cannot find the boot set-up: neither systemd nor OpenRC is installed',
  ],
];

test('adopt refuses an image whose directories are files', async (t) => {
  const root = plant(t, { '/etc': 'no directory\n' });
  for (const image of [root, join(root, 'etc'), join(root, 'etc/below')]) {
    const { status, err } = await adopt(image);
    assert.ok(status === 255 || status === 1, err);
    assert.match(err, /^lvsadm: (?:cannot )?[^\n]*\n$/);
  }
});

test('adopt refuses, names the place, and changes nothing', async (t) => {
  for (const [what, tree, status, message] of refusals) {
    const root = plant(t, tree);
    const before = snapshot(root);
    const result = await adopt(root);
    assert.deepEqual([result.status, result.out], [status, ''], `${what}: ${result.err}`);
    const err = result.err.replaceAll(root, 'ROOT');
    assert.ok(err.startsWith(`lvsadm: ${message}`), `${what}: ${err}`);
    assert.ok(!err.includes('\x1b'), what);
    assert.deepEqual(snapshot(root), before, what);
  }
});

test('keepalived without virtual servers does not keep ipvsadm from being adopted', async (t) => {
  const root = plant(t, {
    ...distributions.trixie,
    '/etc/systemd/system/multi-user.target.wants/keepalived.service':
      '-> /usr/lib/systemd/system/keepalived.service',
    '/etc/keepalived/keepalived.conf': 'vrrp_instance web {\n}\n',
  });
  assert.equal((await adopt(root)).status, 0);
});

test('--undo leaves a document that has been edited, and says so', async (t) => {
  const root = plant(t, distributions.trixie);
  await adopt(root);
  writeFileSync(root + document, services);
  assert.equal((await adopt(root)).out.split('\n')[0], 'adopted already');
  const { status, err } = await adopt(root, ['--undo']);
  assert.deepEqual([status, err], [0, `lvsadm: ${document} has been changed since, and stays\n`]);
  assert.equal(readFileSync(root + document, 'utf8'), services);
  assert.deepEqual(started(root), ['ipvsadm']);
});

test('--force without --undo is a mistake, and adopts nothing', async (t) => {
  const root = plant(t, distributions.trixie);
  const before = snapshot(root);
  const { status, err } = await adopt(root, ['--force']);
  assert.equal(status, 2);
  assert.match(err, /^lvsadm: --force: only with --undo\n/);
  assert.deepEqual(snapshot(root), before);
});

test('--undo is refused when ipvsadm is removed while another command has the lock', async (t) => {
  const root = plant(t, distributions.fedora);
  await adopt(root);
  const before = snapshot(root);
  const unit = '/usr/lib/systemd/system/ipvsadm.service';
  const flock = (descriptor: number, patience: number) => {
    rmSync(root + unit, { force: true });
    return files.flock(descriptor, patience);
  };
  const { status, err } = await adopt(root, ['--undo'], undefined, { ...files, flock });
  assert.equal(status, 255);
  assert.match(err, /^lvsadm: cannot undo the adoption: ipvsadm\.service is not installed any more/);
  before.delete(unit);
  assert.deepEqual(snapshot(root), before);
});

describe('links in the files of another machine', () => {
  const unitFile = '/usr/lib/systemd/system/ipvsadm.service';
  /** What the boot set-up of a tree of trixie reads. */
  const read: Tree = {
    ...distributions.trixie,
    '/etc/lvsadm.d/web.yaml': 'services:\n  - service: udp://192.0.2.9:53\n',
  };

  for (const path of ['/etc/ipvsadm.rules', settings, '/etc/lvsadm.d/web.yaml', unitFile]) {
    test(`${path} is followed within that machine, never into this one`, async (t) => {
      const link = (target: string) => ({ ...distributions.trixie, [path]: `-> ${target}` });
      const within = plant(t, { ...link('/srv/../srv/file'), '/srv/file': read[path] ?? '' });
      const { status, err } = await adopt(within);
      assert.equal(status, 0, err);

      const outside = join(plant(t, { '/file': read[path] ?? '' }), 'file');
      for (const target of [outside, `${'../'.repeat(20)}${outside.slice(1)}`]) {
        const root = plant(t, link(target));
        const before = snapshot(root);
        const refused = await adopt(root);
        // A link to nothing is no file of settings: no rules are loaded then.
        assert.equal(refused.status, { [settings]: 1, [unitFile]: 255 }[path] ?? 2, refused.err);
        assert.deepEqual(snapshot(root), before);
      }
    });
  }

  test('a circle of links is refused with one line', async (t) => {
    const root = plant(t, { ...distributions.trixie, '/etc/ipvsadm.rules': '-> /etc/ipvsadm.rules' });
    const { status, err } = await adopt(root);
    assert.equal(status, 255);
    assert.match(err, /^lvsadm: .*too many links.*\n$/);
  });
});

test('--undo is refused when ipvsadm is not installed any more', async (t) => {
  const root = plant(t, distributions.trixie);
  await adopt(root);
  for (const path of ['/usr/lib/systemd/system/ipvsadm.service', '/etc/init.d/ipvsadm']) rmSync(root + path);
  const { status, err } = await adopt(root, ['--undo']);
  assert.equal(status, 255);
  assert.match(err, /^lvsadm: cannot undo the adoption: ipvsadm\.service is not installed any more/);
  assert.ok(existsSync(root + document));
});

test('an init script that is left of a package is no ipvsadm, and --force undoes the adoption all the same', async (t) => {
  const root = plant(t, distributions.bookworm);
  await adopt(root);
  rmSync(`${root}/usr/sbin/ipvsadm`);
  put(`${root}/usr/sbin/ipvsadm`, '-> lvsadm');
  const { status, err } = await adopt(root, ['--undo']);
  assert.equal(status, 255);
  assert.match(err, /^lvsadm: cannot undo the adoption: ipvsadm\.service is not installed any more/);
  assert.equal((await adopt(root, ['--undo', '--force'])).status, 0);
  assert.ok(!existsSync(root + document));
  assert.deepEqual(started(root), ['ipvsadm']);
});

test('a document stays where the files that it was made from are gone, and nothing else has their rules', async (t) => {
  for (const gone of ['/etc/ipvsadm.rules', settings]) {
    const root = plant(t, distributions.trixie);
    await adopt(root);
    // As a purge of ipvsadm does.
    for (const path of [gone, '/usr/lib/systemd/system/ipvsadm.service', '/etc/init.d/ipvsadm'])
      rmSync(root + path);
    const { status, err } = await adopt(root, ['--undo', '--force']);
    assert.deepEqual(
      [status, err],
      [0, `lvsadm: ${document} stays: ${gone}, from which it was made, is gone\n`],
    );
    assert.match(readFileSync(root + document, 'utf8'), /tcp:\/\/192\.0\.2\.1:80/);
    assert.ok(!existsSync(root + mask));
    assert.equal((await adopt(root, ['--undo'])).out, 'nothing is adopted\n');
  }
});

test('a unit that is a link to another file is read', async (t) => {
  const unit = '/usr/lib/systemd/system/ipvsadm.service';
  const other = '/usr/lib/systemd/system/other.service';
  const root = plant(t, trixieWith({ [unit]: '-> other.service', [other]: trixieWith({})[unit] }));
  assert.equal((await adopt(root)).status, 0);
});

test('ipvsadm that was enabled again by hand is adopted again', async (t) => {
  const root = plant(t, distributions.trixie);
  await adopt(root);
  rmSync(root + mask);
  const { status, err } = await adopt(root);
  assert.equal(status, 0, err);
  assert.deepEqual(started(root), ['lvsadm']);
});

test("an adoption is repeated without being undone: the document is the administrator's", async (t) => {
  const link = '/etc/systemd/system/multi-user.target.wants/lvsadm.service';
  const changes: readonly ((root: string) => void)[] = [
    (root) => writeFileSync(root + document, `${services}# edited\n`),
    (root) => {
      for (const path of ['/usr/lib/systemd/system/ipvsadm.service', '/etc/init.d/ipvsadm'])
        rmSync(root + path);
      renameSync(root + document, `${root}/etc/lvsadm.d/table.yaml`);
    },
    (root) => writeFileSync(`${root}/etc/ipvsadm.rules`, 'no rules\n'),
  ];
  for (const change of changes) {
    const root = plant(t, distributions.trixie);
    await adopt(root);
    change(root);
    const before = snapshot(root);
    rmSync(root + link);
    assert.match((await adopt(root, ['--dry-run'])).out, /^enable lvsadm\.service [^\n]*\n$/);
    const { status, out, err } = await adopt(root);
    assert.equal(status, 0, err);
    assert.match(out, /^enable lvsadm\.service .*: done\nto go back: /);
    assert.deepEqual(snapshot(root), before);
    rmSync(root + link);
    put(root + link.replace('lvsadm', 'lvsadm-agent'), '-> /usr/lib/systemd/system/lvsadm-agent.service');
    assert.match((await adopt(root)).out, /^adopted already\n/);
    assert.ok(!existsSync(root + link));
  }
});

test('where ipvsadm is enabled beside an adoption that cannot be made again, adopt changes nothing', async (t) => {
  const root = plant(t, distributions.trixie);
  await adopt(root);
  rmSync(root + mask);
  writeFileSync(root + document, `${services}# edited\n`);
  const before = snapshot(root);
  const { status, err } = await adopt(root);
  assert.deepEqual(
    [status, err],
    [255, `lvsadm: cannot write ${document}: it is there already; move or remove it first\n`],
  );
  assert.deepEqual(snapshot(root), before);
});

test('of two adoptions at once the second one finds the first one made', async (t) => {
  const root = plant(t, distributions.trixie);
  const done = await Promise.all([adopt(root), adopt(root)]);
  assert.deepEqual(
    done.map(({ status }) => status),
    [0, 0],
  );
  assert.equal(done.filter(({ out }) => out.startsWith('adopted already\n')).length, 1);
});

/** Runs adopt on a machine whose root is a tree, with a director's table. */
async function adoptHere(director: Director, root: string, words: readonly string[] = []) {
  const out = new Captured();
  const err = new Captured();
  const context = contextWith({
    out,
    err,
    env: { LVSADM_STATE_DIR: '/state' },
    files: rootedFiles(files, root),
    readFile: (path) => createReadStream(root + path),
    openClient: (how) => IpvsClient.open(director.openSocket, how),
  });
  const status = await main(['adopt', ...words], context);
  return { status, out: out.text, err: err.text };
}

test('on this machine adopt shows the difference to the running table, which it leaves as it is', async (t) => {
  const director = await Director.start(t);
  await director.run(['-A', '-t', '192.0.2.9:80']);
  director.changesSent = 0;
  const root = plant(t, distributions.fedora);
  const { status, out, err } = await adoptHere(director, root);
  assert.equal(status, 0, err);
  assert.match(
    out,
    /\+ tcp:\/\/192\.0\.2\.1:80 .*\n {2}\+ 198\.51\.100\.1:8080 .*\n- tcp:\/\/192\.0\.2\.9:80/,
  );
  assert.equal(
    err,
    'lvsadm: /usr/lib/systemd/system/ipvsadm.service saves the table when it stops: to adopt the running table, first ' +
      'ipvsadm-save -n > /etc/sysconfig/ipvsadm\n',
  );
  assert.equal(director.changesSent, 0);
});

test('a table that cannot be read is told, and does not keep the boot set-up from being adopted', async (t) => {
  const director = await Director.start(t);
  director.ipvs.permitted = false;
  const root = plant(t, distributions.arch);
  const { status, err } = await adoptHere(director, root);
  assert.equal(status, 0, err);
  assert.match(err, /^lvsadm: the running table is not compared: /);
});

test('keepalived that runs without being enabled is seen', async (t) => {
  const director = await Director.start(t);
  const root = plant(t, {
    ...distributions.arch,
    '/proc/17/comm': 'keepalived\n',
    '/proc/self/comm': 'node\n',
    '/etc/keepalived/conf.d/web.conf': '  virtual_server 192.0.2.1 80 {\n}\n',
  });
  assert.equal((await adoptHere(director, root)).status, 255);
});

test('a running systemd is told to read the links, once they are switched', async (t) => {
  const director = await Director.start(t);
  const root = plant(t, { ...distributions.arch, '/run/systemd/system/x': '' });
  const log = join(root, 'log');
  put(join(root, 'bin/systemctl'), `#!/bin/sh\nls -l ${root}${mask} >>${log}\necho "$@" >>${log}\n`);
  const path = process.env['PATH'];
  t.after(() => {
    process.env['PATH'] = path;
  });
  ownFiles.chmodSync(join(root, 'bin/systemctl'), 0o755);
  process.env['PATH'] = `${root}/bin:${path}`;
  assert.equal((await adoptHere(director, root)).status, 0);
  assert.match(readFileSync(log, 'utf8'), /-> \/dev\/null\ndaemon-reload\n$/);
  put(join(root, 'bin/systemctl'), '#!/bin/sh\nexit 4\n');
  const { status, err } = await adoptHere(director, root, ['--undo']);
  assert.deepEqual(
    [status, err],
    [255, 'lvsadm: cannot run systemctl daemon-reload: exit status 4; run it by hand\n'],
  );
  assert.ok(!ownFiles.existsSync(root + mask));
});

test('adopt --json has members that docs/json.md describes', async (t) => {
  const root = plant(t, distributions.trixie);
  const page = readFileSync('docs/json.md', 'utf8');
  const shown = await adopt(root, ['--json', '--dry-run']);
  const { steps, document: written, ...rest } = JSON.parse(shown.out);
  assert.deepEqual(rest, {
    adopted: false,
    bootSetup: {
      name: 'Debian',
      service: '/usr/lib/systemd/system/ipvsadm.service',
      files: ['/etc/ipvsadm.rules', settings],
    },
    notes: [],
  });
  assert.equal(written.path, document);
  assert.equal(written.content.services[0].service, 'tcp://192.0.2.1:80');
  const members = [
    ...Object.keys(rest),
    ...Object.keys(rest.bootSetup),
    ...Object.keys(steps[0]),
    ...Object.keys(written),
  ];
  for (const member of [...members, 'undo']) assert.ok(page.includes(`"${member}"`), member);
  const done = JSON.parse((await adopt(root, ['--json'])).out);
  assert.equal(done.adopted, true);
  assert.equal(done.undo, `lvsadm adopt --undo --root ${root} --state-dir ${root}/state`);
  assert.deepEqual(JSON.parse((await adopt(root, ['--json'])).out).steps, []);
  assert.equal(JSON.parse((await adopt(root, ['--json', '--undo'])).out).adopted, false);
});
