// The agent's copy of the documents that were in force last.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { type TestContext, test } from 'node:test';
import { OwnDocuments } from '../../../src/commands/run/own-documents.js';
import { DocumentError } from '../../../src/errors.js';
import { Captured } from '../../support/captured.js';
import { contextWith } from '../../support/context.js';
import { ownFiles } from '../../support/flock.js';

const documentOf = (port: number): string =>
  JSON.stringify({ services: [{ service: `tcp://192.0.2.10:${port}`, servers: [] }] });

/** An agent that starts and ends, on a machine whose state directory is that of `copy`. */
async function machine(t: TestContext) {
  const directory = await mkdtemp(join(tmpdir(), 'lvsadm-test-'));
  t.after(() => rm(directory, { recursive: true }));
  const [state, file] = [join(directory, 'state'), join(directory, 'web.json')];
  // The file's name ends in that of the namespace in any but the first.
  const files = {
    ...ownFiles,
    statSync: (path: string) => ownFiles.statSync(path === '/proc/1/net/dev' ? '/proc/self/net/dev' : path),
  };
  const context = contextWith({
    out: new Captured(),
    err: new Captured(),
    files,
    readFile: async function* (path) {
      yield await readFile(path);
    },
  });
  const start = (path = file) =>
    new OwnDocuments(context, { file: [path], prune: false, stateDir: state, label: [], variable: [] });
  return { file, start, copy: join(state, 'documents.json') };
}

/** @param isDone is asked again until the disk has taken what it was given */
async function until(isDone: () => Promise<boolean>): Promise<void> {
  while (!(await isDone().catch(() => false))) await new Promise((resolve) => setTimeout(resolve, 5));
}

test('the copy can be read by its owner alone', { timeout: 10_000 }, async (t) => {
  const { file, start, copy } = await machine(t);
  await writeFile(file, documentOf(80));
  const own = start();
  own.applied(await own.first());
  await until(async () => (await stat(copy)).isFile());
  assert.equal((await stat(copy)).mode & 0o777, 0o600);
});

test('a copy that could not be written is written at a later look', { timeout: 10_000 }, async (t) => {
  const { file, start, copy } = await machine(t);
  await writeFile(file, documentOf(80));
  const own = start();
  const documents = await own.first();
  // No file can take its place.
  await mkdir(join(copy, 'full'), { recursive: true });
  own.applied(documents);
  await until(async () => own.problems.length === 1);
  own.failed(new Error('a mistake in the files of now'));
  await rm(join(copy, 'full'), { recursive: true });
  await rmdir(copy);
  own.applied(documents);
  await until(async () => (await readFile(copy, 'utf8')).includes('192.0.2.10:80'));
  await until(async () => own.problems.length === 1);
  assert.match(own.problems.join(), /a mistake in the files of now$/);
});

test('a start with mistakes has the documents before of the same files alone', {
  timeout: 10_000,
}, async (t) => {
  const { file, start, copy } = await machine(t);
  await writeFile(file, documentOf(80));
  const own = start();
  own.applied(await own.first());
  await until(async () => (await stat(copy)).isFile());
  await own.idle();
  const other = `${file}.new.json`;
  await Promise.all([file, other].map((path) => writeFile(path, '{ "services": 7 }')));
  await assert.rejects(start(other).first(), DocumentError);
  const { state } = await start(relative('.', file)).first();
  assert.equal(state.services?.length, 1);
});
