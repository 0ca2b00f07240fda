// Settings of IPVS in documents: diff, apply and export.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Director } from '../support/director.js';

/** A director whose kernel has these settings. */
async function directorWith(
  context: TestContext,
  settings: Readonly<Record<string, string>>,
): Promise<Director> {
  const director = await Director.start(context);
  for (const [name, value] of Object.entries(settings)) await director.file(`vs/${name}`, `${value}\n`);
  return director;
}

const settingOf = async ({ directory }: Director, name: string): Promise<string> =>
  (await readFile(join(directory, 'vs', name), 'utf8')).trim();

const run = (director: Director, words: string, document: string) =>
  director.run([...words.split(' '), '-f', '-'], { stdin: document });

const service = 'services: [{service: "fwmark://7"}]';

test('diff and apply compare the settings of the document, and apply sets them before the table', async (context) => {
  const director = await directorWith(context, { conntrack: '0', sync_threshold: '3\t50', sloppy_tcp: '1' });
  const document = `settings: {conntrack: 1, sync_threshold: [4, 60], sloppy_tcp: 1}\n${service}`;
  assert.deepEqual(await run(director, 'diff', document), {
    status: 1,
    out: [
      '~ settings',
      '    conntrack: 0 -> 1',
      '    sync_threshold: 3 50 -> 4 60',
      '+ fwmark://7  wlc',
      '1 to add, 1 to change, 0 to remove, 0 unchanged',
      '',
    ].join('\n'),
    err: '',
  });
  assert.equal(await settingOf(director, 'conntrack'), '0');
  assert.deepEqual(await run(director, 'apply', document), {
    status: 0,
    out: [
      'changed  setting conntrack  0 -> 1',
      'changed  setting sync_threshold  3 50 -> 4 60',
      'added    fwmark://7',
      '3 done',
      '',
    ].join('\n'),
    err: '',
  });
  assert.deepEqual(
    [await settingOf(director, 'conntrack'), await settingOf(director, 'sync_threshold')],
    ['1', '4 60'],
  );
  const again = await run(director, 'apply', document);
  assert.deepEqual([again.status, again.out], [0, 'nothing to change\n']);
  const same = await run(director, 'diff', document);
  assert.deepEqual([same.status, same.out], [0, 'no difference: 2 unchanged\n']);
});

test('the JSON of diff and apply has the settings of a document that has some', async (context) => {
  const director = await directorWith(context, { conntrack: '0' });
  const differences = [{ field: 'conntrack', from: 0, to: 1 }];
  const diff = JSON.parse((await run(director, 'diff --json', 'settings: {conntrack: 1}')).out);
  assert.deepEqual(diff.settings, { action: 'change', differences });
  const apply = JSON.parse((await run(director, 'apply --json', 'settings: {conntrack: 1}')).out);
  assert.deepEqual(apply.changes, [
    { change: 'setSetting', what: 'setting conntrack', result: 'done', differences },
  ]);
  assert.ok(!('settings' in JSON.parse((await run(director, 'diff --json', service)).out)));
});

test('a setting that the kernel lacks is refused before anything is changed', async (context) => {
  const director = await directorWith(context, { conntrack: '0' });
  const { status, out, err } = await run(
    director,
    'apply',
    `settings: {conntrack: 1, conn_max: 5}\n${service}`,
  );
  assert.deepEqual([status, out], [2, '']);
  assert.match(err, /settings\.conn_max: this kernel has no setting net\.ipv4\.vs\.conn_max/);
  assert.equal(await settingOf(director, 'conntrack'), '0');
  assert.deepEqual((await director.state()).services, []);
});

test('--only and --prune leave settings alone that they are not about', async (context) => {
  const director = await directorWith(context, { conntrack: '0', sloppy_tcp: '1' });
  await run(director, 'apply --only fwmark://7', `settings: {conntrack: 1}\n${service}`);
  assert.equal(await settingOf(director, 'conntrack'), '0');
  await run(director, 'apply --prune', `settings: {conntrack: 1}\n${service}`);
  assert.deepEqual(
    [await settingOf(director, 'conntrack'), await settingOf(director, 'sloppy_tcp')],
    ['1', '1'],
  );
});

test('the two automatic states of a defence are the same', async (context) => {
  const director = await directorWith(context, { drop_entry: '2', secure_tcp: '2' });
  assert.equal((await run(director, 'diff', 'settings: {drop_entry: 1}')).status, 0);
  assert.equal((await run(director, 'diff', 'settings: {secure_tcp: 3}')).status, 1);
});

test('export writes settings only if they are asked for, and what it writes is no difference', async (context) => {
  const director = await directorWith(context, {
    ...{ conntrack: '1', sync_threshold: '3\t50', est_cpulist: '', est_nice: '-5', debug_level: '0' },
  });
  assert.ok(!(await director.run(['export'])).out.includes('settings'));
  const { out } = await director.run(['export', '--settings']);
  assert.match(out, /^settings:\n {2}conntrack: 1\n {2}est_nice: -5\n {2}sync_threshold:/);
  assert.deepEqual((await run(director, 'diff', out)).status, 0);
});

for (const [what, settings, message] of [
  [
    'a name that no kernel has',
    '{contrack: 1}',
    /settings\.contrack: unknown key 'contrack' \(did you mean 'conntrack'\?\)/,
  ],
  ['a value out of range', '{drop_entry: 4}', /settings\.drop_entry: '4' is not a whole number from 0 to 3/],
  [
    'a number of ports that is no power of 2',
    '{sync_ports: 3}',
    /settings\.sync_ports: '3' is not a power of 2 from 1 to 64/,
  ],
  [
    'a threshold above its period',
    '{sync_threshold: [50, 3]}',
    /settings\.sync_threshold: a list is not a threshold and a period/,
  ],
] as const) {
  test(`${what} is refused with its place`, async (context) => {
    const director = await Director.start(context);
    const { status, err } = await run(director, 'check', `settings: ${settings}`);
    assert.equal(status, 2);
    assert.match(err, message);
  });
}

test('a setting in two documents is refused with both places', async (context) => {
  const director = await Director.start(context);
  const { err } = await run(director, 'check', 'settings: {conntrack: 1}\n---\nsettings: {conntrack: 0}\n');
  assert.match(err, /setting conntrack stands here a second time; first at standard input:1:23/);
});
