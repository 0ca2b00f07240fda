// Documents are checked without a kernel and without root.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { main } from '../../src/cli/main.js';
import { Captured } from '../support/captured.js';
import { chunks, contextWith } from '../support/context.js';

/** Neither a client nor a socket, and files only as far as a case has them. */
async function check(document: string, words: readonly string[] = [], files: Record<string, string> = {}) {
  const out = new Captured();
  const err = new Captured();
  const context = contextWith({
    out,
    err,
    stdin: chunks(document),
    readFile: (path) => (path in files ? chunks(files[path]) : assert.fail(`reads ${path}`)),
  });
  return { status: await main(['check', '-f', '-', ...words], context), out: out.text, err: err.text };
}

const named = 'services:\n- service: tcp://www.example:http\n  servers: [web.example:8080]\n';

describe('check', () => {
  test('says nothing of a document that is right', async () => {
    const document = 'services:\n- {service: "tcp://192.0.2.1:80", servers: ["198.51.100.1:80"]}\n';
    assert.deepEqual(await check(document), { status: 0, out: '', err: '' });
    assert.deepEqual(await check(document, ['--json']), {
      status: 0,
      out: '{\n  "valid": true\n}\n',
      err: '',
    });
  });

  test('tells each mistake with its place, and exits with 2', async () => {
    const { status, out, err } = await check('services:\n- service: garbage\n- service: tcp://0.0.0.0:80\n');
    assert.deepEqual([status, out], [2, '']);
    assert.match(err, /^lvsadm: standard input:2:12: services\[0\]\.service: 'garbage' is not a service/);
    assert.match(
      err,
      /\nlvsadm: standard input:3:12: services\[1\]\.service: '0\.0\.0\.0' is the unspecified address/,
    );
  });

  test('writes mistakes as JSON', async () => {
    const { status, out, err } = await check('services:\n- service: garbage\n', ['--json']);
    assert.equal(status, 2);
    const [problem] = JSON.parse(out === '' ? err : out).error.problems;
    assert.deepEqual([problem.line, problem.column, problem.path], [2, 12, 'services[0].service']);
  });

  test('looks names up only with --resolve', async () => {
    assert.deepEqual(await check(named), { status: 0, out: '', err: '' });
    const services = { '/etc/services': 'https 443/tcp\n' };
    const { status, err } = await check(named.replace('www.example', '192.0.2.1'), ['--resolve'], services);
    assert.equal(status, 2);
    assert.match(err, /'http' is neither a port/);
  });

  test('finds the mistakes in servers of a service whose name is not looked up', async () => {
    const { status, err } = await check(named.replace('web.example:8080', '224.0.0.1'));
    assert.equal(status, 2);
    assert.match(err, /'224\.0\.0\.1' is a multicast address/);
  });

  test('refuses an interface that no machine can have', async () => {
    for (const name of ['a/b', 'a b', '..', 'ü'.repeat(8), 'x'.repeat(16), 'a:b', '\\u001b[31m']) {
      const { status, err } = await check(`sync: {master: {interface: "${name}"}}`);
      assert.equal(status, 2, name);
      assert.match(err, /is not the name of a network interface, at most 15 bytes/);
    }
  });
});
