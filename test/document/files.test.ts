// Reading the files that a user names, and refusing those that are no documents.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs, { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type FileAccess, readTexts } from '../../src/document/files.js';
import { DocumentError } from '../../src/errors.js';

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'lvsadm-test-'));
});
after(() => rm(directory, { recursive: true }));

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  // One buffer for all of them, as a reader in a hurry does it.
  const buffer = Buffer.alloc(64);
  for (const text of texts) yield buffer.subarray(0, buffer.write(text));
}

const access = (stdin: AsyncIterable<Uint8Array> = chunks()): FileAccess => ({
  stdin,
  readFile: (path) => createReadStream(path),
});

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

async function problem(path: string, from = access()): Promise<string> {
  const error = await readTexts([path], from).then(
    () => assert.fail('it was read'),
    (error: unknown) => error,
  );
  assert.ok(error instanceof DocumentError, String(error));
  return error.message.replace(path, 'FILE');
}

test('files in the order they are named, and standard input', async () => {
  const a = await file('a.yaml', 'a');
  const texts = await readTexts(['-', a], access(chunks('one ', 'two')));
  assert.deepEqual(texts, [
    { file: '-', text: 'one two' },
    { file: a, text: 'a' },
  ]);
});

test('the documents of a directory, by name, and nothing else in it', async () => {
  const path = join(directory, 'conf.d');
  await mkdir(path);
  for (const name of ['20.yml', '10.yaml', '30.json', '40.rules', 'README', '.hidden.yaml', 'x.yaml~']) {
    await writeFile(join(path, name), name);
  }
  const texts = await readTexts([path], access());
  assert.deepEqual(
    texts.map(({ text }) => text),
    ['10.yaml', '20.yml', '30.json', '40.rules'],
  );
});

test('a byte order mark is no part of the text', async () => {
  const path = await file('bom.yaml', '\ufeffservices: []');
  const [read] = await readTexts([path], access());
  assert.equal(read?.text, 'services: []');
});

test('letters of other languages', async () => {
  const path = await file('names.yaml', '# Straße, 街\n');
  assert.equal((await readTexts([path], access()))[0]?.text, '# Straße, 街\n');
});

test('a directory called like a document', async () => {
  const path = join(directory, 'of.d');
  await mkdir(join(path, 'sub.yaml'), { recursive: true });
  assert.equal(
    (await problem(path)).replace(path, 'FILE'),
    'FILE/sub.yaml: illegal operation on a directory',
  );
});

test('a file that does not exist', async () => {
  assert.equal(await problem(join(directory, 'none.yaml')), 'FILE: no such file or directory');
});

test('a directory without documents', async () => {
  const path = join(directory, 'empty.d');
  await mkdir(path);
  assert.equal(await problem(path), 'FILE: a directory without documents (*.yaml, *.yml, *.json, *.rules)');
});

test('a NUL byte', async () => {
  assert.equal(
    await problem(await file('nul.yaml', 'services:\n  a\0b')),
    'FILE:2:4: a NUL byte; not a text',
  );
  assert.equal(await problem(await file('nul.yaml', '\ufeffa\0b')), 'FILE:1:2: a NUL byte; not a text');
});

test('bytes that are no UTF-8', async () => {
  const path = await file('latin1.yaml', Buffer.from('# caf\xe9\n', 'latin1'));
  assert.equal(await problem(path), 'FILE:1:6: not UTF-8; not a text');
});

test('UTF-16', async () => {
  const path = await file('utf16.yaml', Buffer.from('\ufeffservices: []', 'utf16le'));
  assert.equal(await problem(path), 'FILE: UTF-16; save it as UTF-8');
});

test('a program', async () => {
  assert.match(await problem(process.execPath), /^FILE:1:\d+: a NUL byte; not a text$|^FILE: larger than/);
});

test('100 MB, which are not read to the end', async () => {
  let given = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    const block = new Uint8Array(1024 * 1024).fill(0x20);
    for (; given < 100; given++) yield block;
  }
  assert.equal(await problem('-', access(endless())), 'standard input: larger than 64 MiB');
  assert.ok(given < 70, `${given} MiB were read`);
});

test('a file that one may not read', async () => {
  const path = await file('secret.yaml', 'services: []');
  // Root may read everything: the system call's answer is stood in for.
  const refusing: FileAccess = {
    ...access(),
    readFile: async function* () {
      yield* [];
      throw Object.assign(new Error('EACCES'), { errno: -13, code: 'EACCES' });
    },
  };
  assert.equal(await problem(path, refusing), 'FILE: permission denied');
});

test('a pipe, a device or a socket is refused before it is opened', async () => {
  for (const [mode, what] of [
    [0o010644, 'a pipe'],
    [0o020666, 'a device'],
    [0o060660, 'a device'],
    [0o140755, 'a socket'],
  ] as const) {
    const access = {
      stdin: chunks(''),
      readFile: (): never => assert.fail('opens it'),
      files: { statSync: () => ({ mode }) },
    };
    await assert.rejects(readTexts(['x.yaml'], access), {
      message: `x.yaml: ${what}, not a file; - reads standard input`,
    });
  }
});

test('a link to a pipe is refused as well, and one to a document is read', async () => {
  const [pipe, toPipe, toFile] = ['pipe', 'to-pipe', 'to-file'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  const file = join(directory, 'linked.yaml');
  execFileSync('mkfifo', [pipe]);
  await writeFile(file, 'services: []');
  await symlink(pipe, toPipe);
  await symlink(file, toFile);
  const access: FileAccess = { stdin: chunks(''), readFile: createReadStream, files: fs };
  await assert.rejects(readTexts([toPipe], access), {
    message: `${toPipe}: a pipe, not a file; - reads standard input`,
  });
  assert.deepEqual(await readTexts([toFile], access), [{ file: toFile, text: 'services: []' }]);
});
