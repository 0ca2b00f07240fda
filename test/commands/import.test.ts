// Configurations of keepalived and ldirectord become documents that `check` accepts.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { arbitraryKeepalived, arbitraryLdirectord } from '../support/arbitrary-config.js';
import { Director } from '../support/director.js';
import { checkText, importText, type Program } from '../support/imported.js';

const fixtures = 'test/document/import/fixtures';
const names: Readonly<Record<Program, string>> = {
  keepalived: 'keepalived.conf',
  ldirectord: 'ldirectord.cf',
};
const programs = Object.keys(names) as Program[];

for (const program of programs) {
  const text = readFileSync(`${fixtures}/${names[program]}`, 'utf8');

  describe(`import ${program}`, () => {
    test('writes a document with comments, which check accepts', async () => {
      const { status, out } = await importText(program, text);
      assert.equal(out, readFileSync(`${fixtures}/${program}.yaml`, 'utf8'));
      assert.equal(status, 0);
      assert.deepEqual(await checkText(out), { status: 0, out: '', err: '' });
    });

    test('counts services, servers and comments on standard error', async () => {
      const { out, err } = await importText(program, text);
      const [, services, servers, comments] =
        /^lvsadm: (\d+) services, (\d+) servers; (\d+) settings could not be carried over\n$/.exec(err) ?? [];
      const { services: listed } = JSON.parse((await importText(program, text, ['--json'])).out);
      assert.equal(Number(services), listed.length);
      assert.equal(Number(servers), listed.flatMap((each: { servers: unknown[] }) => each.servers).length);
      assert.equal(Number(comments), out.match(/^ *# standard input:\d+: /gm)?.length);
    });

    test('--json writes the same document, and comments to standard error', async () => {
      const yaml = await importText(program, text);
      const json = await importText(program, text, ['--json']);
      const comments = [...yaml.out.matchAll(/^ *# (standard input:.*)$/gm)].map(
        ([, comment]) => `lvsadm: ${comment}`,
      );
      assert.deepEqual(json.err.split('\n').slice(0, -2).sort(), comments.sort());
      assert.deepEqual(await checkText(json.out), { status: 0, out: '', err: '' });
    });

    test('shows no control characters of the file', async () => {
      const odd = `${program === 'keepalived' ? 'vrrp_\u001b[31m\u202e x\n' : ''}${text}`.replace(
        'ha_suspend',
        'ha_\u001b[31m',
      );
      const { out, err } = await importText(program, odd, ['--json']);
      for (const character of ['\u001b', '\u202e']) assert.ok(!(out + err).includes(character), err);
    });

    test('makes documents that check accepts of every file that it understands', async () => {
      const arbitrary = program === 'keepalived' ? arbitraryKeepalived : arbitraryLdirectord;
      let understood = 0;
      await fc.assert(
        fc.asyncProperty(arbitrary, async (file) => {
          const { status, out, err } = await importText(program, file);
          if (status === 0) {
            understood++;
            assert.deepEqual(await checkText(out), { status: 0, out: '', err: '' }, out);
          } else {
            assert.equal(status, 2, err);
            assert.match(err, /^lvsadm: standard input(?::\d+)?: /);
            assert.equal(out, '');
          }
        }),
        { numRuns: 60 },
      );
      assert.ok(understood > 10, `${understood} of 60`);
    });

    test('understands any text, or says where it does not', async () => {
      const cut = fc
        .tuple(fc.nat(text.length), fc.nat(text.length), fc.string())
        .map(([from, to, insert]) => {
          const [start, end] = [Math.min(from, to), Math.max(from, to)];
          return text.slice(0, start) + insert + text.slice(end);
        });
      await fc.assert(
        fc.asyncProperty(cut, async (file) => {
          const { status, out, err } = await importText(program, file.replaceAll('\0', ''));
          if (status === 0) assert.deepEqual(await checkText(out), { status: 0, out: '', err: '' }, out);
          else assert.equal(status, 2, err);
        }),
        { numRuns: 30 },
      );
    });
  });
}

test('import refuses a file that is none, and writes nothing', async () => {
  assert.deepEqual(await importText('keepalived', 'services:\n'), {
    status: 2,
    out: '',
    err: 'lvsadm: standard input: has no virtual_server; it should be a keepalived.conf with some\n',
  });
  assert.deepEqual(await importText('ldirectord', 'checktimeout = 3\n'), {
    status: 2,
    out: '',
    err: 'lvsadm: standard input: has no virtual service; it should be an ldirectord.cf with some\n',
  });
});

test('import reads the files that a keepalived.conf includes, from the directory of each', async (context) => {
  const director = await Director.start(context);
  const server = (number: number) =>
    `virtual_server 192.0.2.${number} 80 {\n real_server 198.51.100.1 80 {\n  weigth 2\n }\n}\n`;
  const main = 'include conf.d/*.conf\ninclude absent.conf\n';
  const path = await director.file('keepalived.conf', main + server(1));
  await director.file('conf.d/b.conf', server(3));
  await director.file('conf.d/a.conf', `include more/c.txt\n${server(2)}`);
  await director.file('conf.d/more/c.txt', server(4));
  await director.file('conf.d/.hidden.conf', server(5));
  const { status, out, err } = await director.run(['import', 'keepalived', path]);
  assert.equal(status, 0, err);
  assert.deepEqual(
    [...out.matchAll(/service: udp:\/\/192\.0\.2\.(\d)/g)].map(([, number]) => number),
    ['4', '2', '3', '1'],
  );
  const { directory } = director;
  assert.ok(out.includes(`# ${path}:2: include: no file 'absent.conf'\n`), out);
  assert.ok(out.includes(`# ${directory}/conf.d/more/c.txt:3: weigth: unknown here\n`), out);
});

test('import stops where files include each other', async (context) => {
  const director = await Director.start(context);
  const path = await director.file('keepalived.conf', 'include keepalived.conf\n');
  const { status, err } = await director.run(['import', 'keepalived', path]);
  assert.equal(status, 2);
  assert.match(err, /keepalived\.conf:1: included more than 16 levels deep\n$/);
});
