import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import fc from 'fast-check';
import { parse, tokensOf } from '../../../src/ipvsadm/grammar/parse.js';
import { destinationRule, serviceRule, splitRule } from '../../../src/ipvsadm/rules.js';
import type { Batch } from '../../../src/netlink/batch.js';
import { destination, service } from '../../support/arbitrary.js';
import { FakeIpvs } from '../../support/fake-ipvs.js';
import { type World, world, worldOf } from '../../support/run.js';

describe('the words of a line of -R', () => {
  it('are apart by blanks, tabs and carriage returns', () => {
    assert.deepEqual(splitRule('  -A\t-t \t 192.0.2.1:80\r'), ['-A', '-t', '192.0.2.1:80']);
    assert.deepEqual(splitRule(''), []);
    assert.deepEqual(splitRule(' \t\r'), []);
  });

  it('may follow the name of the program', () => {
    assert.deepEqual(splitRule('ipvsadm -C'), ['-C']);
    assert.deepEqual(splitRule('  lvsadm ipvsadm -C ipvsadm'), ['-C', 'ipvsadm']);
    assert.deepEqual(splitRule('ipvsadm'), []);
    assert.deepEqual(splitRule('/sbin/ipvsadm -C'), ['/sbin/ipvsadm', '-C']);
  });

  it('end where a word begins with #', () => {
    assert.deepEqual(splitRule('# -C'), []);
    assert.deepEqual(splitRule('-A -s rr #-p'), ['-A', '-s', 'rr']);
    assert.deepEqual(splitRule('-s rr#1'), ['-s', 'rr#1']);
  });

  it('are those that were joined', () => {
    const word = fc.stringMatching(/^[!-"$-~][!-~]*$/).filter((text) => !/^(ipvs|lvs)adm$/.test(text));
    const separator = fc.stringMatching(/^[ \t\r]+$/);
    fc.assert(
      fc.property(fc.array(word), separator, (words, between) => {
        assert.deepEqual(splitRule(words.join(between)), words);
      }),
    );
  });
});

test('a line with the largest thresholds that a kernel may have taken reads back as it was written', () => {
  const rule = '-a -t 192.0.2.1:80 -r 198.51.100.7:80 -m -w 1 -x 4294967295 -y 4294967294';
  const command = parse(tokensOf(splitRule(rule)));
  assert.ok(command.do === 'change' && command.change.do === 'addDestination');
  assert.equal(destinationRule(command.change.of, command.change.destination).join(' '), rule);
});

/** -R has two roads from a line to its message: by a template, or by parsing. Both must do the same. */
const roads = ['on', 'off'] as const;
type Road = (typeof roads)[number];

function machineWith(templates: Road, made: World = world()) {
  made.env['LVSADM_TEMPLATES'] = templates;
  return made;
}

for (const templates of roads) {
  const machine = () => machineWith(templates);

  describe(`-R with templates ${templates}`, () => {
    const service = (n: number) => `-A -t 192.0.2.${n}:80 -s rr`;

    it('sends changes in batches of 1000, in the order of their lines', async (t) => {
      const client = await new FakeIpvs().client();
      const batches: number[] = [];
      const applyBatch = client.applyBatch.bind(client);
      t.mock.method(client, 'applyBatch', (batch: Batch) => {
        batches.push(batch.count);
        return applyBatch(batch);
      });
      const { run } = machineWith(templates, worldOf(client));
      const lines = Array.from({ length: 2500 }, (_, n) => `-A -f ${n + 1}`);
      const { status } = await run(['-R'], `${lines.join('\n')}\n-D -f 1\n-A -f 1 -s rr\n`);
      assert.equal(status, 0);
      assert.deepEqual(batches, [1000, 1000, 502]);
      assert.equal((await run(['-L', '-n', '-f', '1'])).stdout.split('\n')[2], 'FWM  1 rr');
    });

    it('names the line of each change that is refused, and goes on', async () => {
      const { run } = machine();
      const text = [
        '# a table',
        '',
        service(1),
        service(1),
        '-a -t 192.0.2.2:80 -r 198.51.100.7 -m',
        service(3),
      ].join('\n');
      const { status, stdout, stderr } = await run(['-R'], text);
      assert.equal(stdout, '');
      assert.equal(
        stderr,
        'Service already exists: TCP 192.0.2.1:80 (line 4)\n' +
          'Service not defined: TCP 192.0.2.2:80 -> 198.51.100.7:80 (line 5)\n',
      );
      assert.equal(status, 0, 'the status is the last line’s');
      assert.equal((await run(['-Sn'])).stdout, `${service(1)}\n${service(3)}\n`);
    });

    it('suggests a scheduler for an unknown one', async () => {
      const { run } = machine();
      const { stderr } = await run(['-R'], '-A -t 192.0.2.1:80 -s wrrr\n-A -t 192.0.2.1:80 -s twos\n');
      assert.equal(
        stderr,
        "Scheduler or persistence engine not found: TCP 192.0.2.1:80: no scheduler 'wrrr' (did you mean 'wrr'?) (line 1)\n" +
          'Scheduler or persistence engine not found: TCP 192.0.2.1:80: the kernel could not load ip_vs_twos (line 2)\n',
      );
    });

    it('stops at a wrong line, after the lines before it took effect', async () => {
      const { run } = machine();
      const { status, stderr } = await run(['-R'], `${service(1)}\n-A -t nowhere:80:90\n${service(3)}\n`);
      assert.equal(status, 2);
      assert.match(stderr, /^ipvsadm: line 2: -t: virtual service 'nowhere:80:90' is not /);
      assert.equal((await run(['-Sn'])).stdout, `${service(1)}\n`);
    });

    it('reports a line with an unknown option, and goes on', async () => {
      const { run } = machine();
      const { status, stderr } = await run(['-R'], `${service(1)}\n-A --quiet\n${service(3)}\n`);
      assert.equal(status, 0);
      assert.equal(stderr, 'line 2: --quiet: unknown option\n');
      assert.equal((await run(['-Sn'])).stdout, `${service(1)}\n${service(3)}\n`);
    });

    it('refuses a line above 64 KiB by its number, and takes one of 64 KiB', async () => {
      const { run } = world();
      const rule = '-A -t 192.0.2.1:80 -s rr';
      assert.deepEqual(await run(['-R'], `${rule.padEnd(65536)}\n`), { status: 0, stdout: '', stderr: '' });
      const { status, stderr } = await run(['-R'], `# saved\n${rule.padEnd(65537)}\n`);
      assert.equal(status, 2);
      assert.equal(stderr.split('\n')[0], 'ipvsadm: line 2: longer than 64 KiB');
      const last = await run(['-R'], `${'x'.repeat(1_000_000)}`);
      assert.equal(last.stderr.split('\n')[0], 'ipvsadm: line 1: longer than 64 KiB');
    });

    it('runs listings between the changes before and after them', async () => {
      const { run } = machine();
      const { stdout } = await run(['-R'], `${service(1)}\n-S -n\n-C\n-S -n\n${service(2)}\n-S -n`);
      assert.equal(stdout, `${service(1)}\n${service(2)}\n`);
    });

    it('looks a name up once', async () => {
      const { run, hosts } = machine();
      hosts['www.example.com'] = '192.0.2.80';
      const { status } = await run(
        ['-R'],
        '-A -t www.example.com:http\n-a -t www.example.com:http -r localhost:8080 -m\n',
      );
      assert.equal(status, 0);
      assert.equal(
        (await run(['-Sn'])).stdout,
        '-A -t 192.0.2.80:80 -s wlc\n-a -t 192.0.2.80:80 -r 127.0.0.1:8080 -m -w 1\n',
      );
    });

    it('reads what -S wrote, with numbers and with names', async () => {
      for (const form of ['-S', '-Sn']) {
        const { run, hosts } = machine();
        hosts['www.example.com'] = '192.0.2.80';
        hosts['six.example.com'] = '2001:db8::1';
        const lines = [
          '-A -t 192.0.2.80:80 -s mh -p 60 -M 255.255.255.0 -b mh-port,flag-3',
          '-a -t 192.0.2.80:80 -r 127.0.0.1:8080 -m -w 7 -x 9 -y 3',
          '-a -t 192.0.2.80:80 -r 127.0.0.1:8081 -m -w 2147483647 -x 2147483647 -y 2147483646',
          '-A -t [2001:db8::1]:443 -s wlc',
          '-a -t [2001:db8::1]:443 -r 192.0.2.80:443 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum',
          '-A -f 4294967295 -6 -s rr',
        ];
        await run(['-R'], lines.join('\n'));
        const saved = (await run([form])).stdout;
        await run(['-C']);
        assert.equal((await run(['-R'], saved)).status, 0, saved);
        assert.equal((await run(['-Sn'])).stdout, `${lines.join('\n')}\n`);
      }
    });
  });

  describe(`ipvsadm-restore with templates ${templates}`, () => {
    const before = '-A -t 192.0.2.99:80 -s rr\n';
    const table = '-A -t 192.0.2.1:80 -s wlc\n-a -t 192.0.2.1:80 -r 198.51.100.7:80 -g -w 1\n';

    async function farm() {
      const made = machine();
      await made.run(['-R'], before);
      return { ...made, saved: async () => (await made.run(['-Sn'])).stdout };
    }

    it('changes nothing if any line is wrong', async () => {
      const wrong = {
        '-a -t 192.0.2.1:80 -r 198.51.100.256:80 -g -w 1': /line 3: -r: real server/,
        '-R': /line 3: -R cannot read itself/,
      };
      for (const [line, message] of Object.entries(wrong)) {
        const { replace, saved } = await farm();
        const { status, stderr } = await replace(`${table}${line}\n`);
        assert.equal(status, 2, line);
        assert.match(stderr, message);
        assert.equal(await saved(), before);
      }
    });

    it('names the line of a refused change', async () => {
      const { replace, saved } = await farm();
      const { status, stderr } = await replace(`${table}\n${table}`);
      assert.equal(status, 255);
      assert.equal(
        stderr,
        'Service already exists: TCP 192.0.2.1:80 (line 4)\n' +
          'Destination already exists: TCP 192.0.2.1:80 -> 198.51.100.7:80 (line 5)\n',
      );
      assert.equal(await saved(), table);
    });

    it('names lines beyond the first batch', async () => {
      const { replace } = await farm();
      const lines = Array.from({ length: 2500 }, (_, n) => `-A -f ${(n % 2499) + 1}\n# ${n}\n`);
      const { status, stderr } = await replace(lines.join(''));
      assert.equal(status, 255);
      assert.equal(stderr, 'Service already exists: FWM 1 (line 4999)\n');
    });
  });
}

test('both roads end with the same table, messages and exit status', async () => {
  const rule = fc
    .tuple(service, fc.array(destination, { maxLength: 3 }))
    .map(([of, servers]) => [serviceRule(of), ...servers.map((server) => destinationRule(of.id, server))])
    .map((lines) => lines.map((words) => words.join(' ')));
  const wrong = fc.constantFrom(
    '-A -t 192.0.2.1:80 -q',
    '-a -f 1 -r 198.51.100.7',
    '# a comment',
    '',
    '-D -f 1',
  );
  const table = fc.array(
    fc.oneof(
      rule,
      wrong.map((line) => [line]),
    ),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(table, async (parts) => {
      const results = roads.map(async (templates) => {
        const { run } = machineWith(templates);
        const restored = await run(['-R'], parts.flat().join('\n'));
        return [restored, await run(['-Sn'])];
      });
      const [first, second] = await Promise.all(results);
      assert.deepEqual(first, second);
    }),
    { numRuns: 50 },
  );
});
