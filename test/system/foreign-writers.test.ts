// Who may write a path: every place on the way counts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foreignWriterOf } from '../../src/system/files/foreign-writers.js';

const directory = 0o040755;
const file = 0o100644;
const link = 0o120777;

/** Owner, group and mode by path; links with where they lead. */
type Places = Readonly<Record<string, readonly [uid: number, gid: number, mode: number, target?: string]>>;

const etc: Places = { '/': [0, 0, directory], '/etc': [0, 0, directory], '/etc/lvs.d': [0, 0, directory] };

function writerOf(path: string, places: Places): string | undefined {
  const placeOf = (at: string) => places[at] ?? assert.fail(`looks at ${at}`);
  const found = foreignWriterOf(path, {
    lstatSync(at) {
      const [uid, gid, mode] = placeOf(at);
      return { uid, gid, mode, ino: 0, mtimeMs: 0 };
    },
    readlinkSync: (at) => placeOf(at)[3] ?? assert.fail(at),
  });
  return found && `${found.path} ${found.mode} ${found.writer}`;
}

for (const [what, places, expected] of [
  ['a file that only root writes', { '/etc/lvs.d/a': [0, 0, file] }, undefined],
  ['a file of the group root', { '/etc/lvs.d/a': [0, 0, 0o100664] }, undefined],
  ['a file of a user', { '/etc/lvs.d/a': [1000, 0, 0o100600] }, '/etc/lvs.d/a 0600 user 1000'],
  ['a file of a group', { '/etc/lvs.d/a': [0, 50, 0o100664] }, '/etc/lvs.d/a 0664 group 50'],
  ['a file of everybody', { '/etc/lvs.d/a': [0, 0, 0o100646] }, '/etc/lvs.d/a 0646 all users'],
  ['a directory of a group', { '/etc/lvs.d': [0, 50, 0o040775] }, '/etc/lvs.d 0775 group 50'],
  ['a directory further up', { '/etc': [7, 0, directory] }, '/etc 0755 user 7'],
  ['a sticky directory', { '/etc/lvs.d': [0, 0, 0o041777], '/etc/lvs.d/a': [0, 0, file] }, undefined],
  ['a link', { '/etc/lvs.d/a': [0, 0, link, '../b'], '/etc/b': [0, 0, 0o100666] }, '/etc/b 0666 all users'],
  ['a link of a user', { '/etc/lvs.d/a': [9, 0, link, '/etc/b'] }, '/etc/lvs.d/a 0777 user 9'],
  ['links in a circle', { '/etc/lvs.d/a': [0, 0, link, 'a'] }, undefined],
] as const satisfies readonly (readonly [string, Places, string | undefined])[]) {
  test(`${what}: ${expected ?? 'root alone'}`, () => {
    assert.equal(writerOf('/etc/lvs.d/a', { ...etc, ...places }), expected);
  });
}

test('a directory of documents must not be sticky: everybody may add one', () => {
  assert.equal(
    writerOf('/etc/lvs.d', { ...etc, '/etc/lvs.d': [0, 0, 0o041777] }),
    '/etc/lvs.d 1777 all users',
  );
});
