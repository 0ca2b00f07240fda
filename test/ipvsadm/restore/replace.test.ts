/** Restoring a table in use: it ends as after a clear, and what stays the same is not touched. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { destinationRule, serviceRule } from '../../../src/ipvsadm/rules.js';
import type { ServiceId } from '../../../src/model/service.js';
import { destination, service } from '../../support/arbitrary.js';
import { world } from '../../support/run.js';

const web: ServiceId = { protocol: 'tcp', address: '192.0.2.1', port: 80 };
const servers = (...hosts: number[]) =>
  hosts.map((host) => `-a -t 192.0.2.1:80 -r 198.51.100.${host}:80 -m -w 1`);
const rules = (...lines: string[]) => `${lines.join('\n')}\n`;
const before = rules('-A -t 192.0.2.1:80 -s wlc', ...servers(1, 2), '-A -t 192.0.2.2:80 -s rr');

async function inUse(table = before) {
  const made = world();
  assert.equal((await made.run(['-R'], table)).status, 0);
  const connections = { connections: 5n };
  made.ipvs.count(web, connections);
  made.ipvs.count(web, connections, { address: '198.51.100.1', port: 80 });
  const changes: string[] = [];
  const handle = made.ipvs.handle.bind(made.ipvs);
  made.ipvs.handle = (command, dump, payload) => {
    // Commands 1 to 3 and 5 to 7 change services and servers, 17 flushes: linux/ip_vs.h.
    if (!dump && [1, 2, 3, 5, 6, 7, 17].includes(command)) changes.push(String(command));
    return handle(command, dump, payload);
  };
  return {
    ...made,
    changes,
    saved: async () => (await made.run(['-Sn'])).stdout,
    counted: async () => (await made.run(['-Ln', '--stats', '--exact'])).stdout,
  };
}

/** Both roads to a restore: by the name of the script, and by -C at the start of -R. */
const roads = {
  'ipvsadm-restore': (made: Awaited<ReturnType<typeof inUse>>, text: string) => made.replace(text),
  '-R after -C': (made: Awaited<ReturnType<typeof inUse>>, text: string) => made.run(['-R'], `-C\n${text}`),
};

for (const [road, restore] of Object.entries(roads)) {
  test(`${road} of the same rules changes nothing, and counters stay`, async () => {
    const made = await inUse();
    const counters = await made.counted();
    assert.equal((await restore(made, before)).status, 0);
    assert.deepEqual(made.changes, []);
    assert.equal(await made.counted(), counters);
  });

  test(`${road} changes what differs, and nothing else`, async () => {
    const made = await inUse();
    const table = rules('-A -t 192.0.2.1:80 -s wlc', ...servers(1, 3), '-A -t 192.0.2.3:80 -s rr');
    assert.equal((await restore(made, table)).status, 0);
    assert.equal(await made.saved(), table);
    assert.equal(made.changes.length, 4, 'a server and a service come, and one of each goes');
    assert.match(await made.counted(), /192\.0\.2\.1:80 +5 /);
    assert.match(await made.counted(), /198\.51\.100\.1:80 +5 /);
  });

  test(`${road} with a wrong line leaves the table as it was`, async () => {
    for (const line of ['-a -t 192.0.2.1:80 -r 198.51.100.256:80', '-A --quiet', '-R']) {
      const made = await inUse();
      const { status, stderr } = await restore(made, rules('-A -t 192.0.2.9:80 -s rr', line));
      assert.equal(status, 2);
      assert.match(stderr, /^ipvsadm: line [23]: /);
      assert.deepEqual(made.changes, []);
    }
  });

  test(`${road} refuses duplicates, and servers without a service, by their lines`, async () => {
    const made = await inUse();
    const offset = road === '-R after -C' ? 1 : 0;
    const { status, stderr } = await restore(
      made,
      rules(
        '-A -t 192.0.2.1:80 -s wlc',
        '-A -t 192.0.2.1:80 -s rr',
        ...servers(1, 1),
        '-a -t 192.0.2.2:80 -r 198.51.100.1:80 -m -w 1',
      ),
    );
    assert.equal(status, 255);
    assert.equal(
      stderr,
      [
        `Service already exists: TCP 192.0.2.1:80 (line ${2 + offset})`,
        `Destination already exists: TCP 192.0.2.1:80 -> 198.51.100.1:80 (line ${4 + offset})`,
        `Service not defined: TCP 192.0.2.2:80 -> 198.51.100.1:80 (line ${5 + offset})`,
        '',
      ].join('\n'),
    );
    assert.equal(await made.saved(), rules('-A -t 192.0.2.1:80 -s wlc', ...servers(1)));
  });

  test(`${road}: a service whose new scheduler the kernel refuses is gone, as after a clear`, async () => {
    const made = await inUse();
    const { status, stderr } = await restore(
      made,
      rules('-A -t 192.0.2.1:80 -s wrrr', ...servers(1), '-A -t 192.0.2.2:80 -s rr'),
    );
    assert.equal(status, 0, 'the status is the last line’s');
    assert.match(
      stderr,
      /^Scheduler or persistence engine not found: TCP 192\.0\.2\.1:80: no scheduler 'wrrr'/,
    );
    assert.match(stderr, /^Service not defined: TCP 192\.0\.2\.1:80 -> 198\.51\.100\.1:80 \(line \d\)$/m);
    assert.equal(await made.saved(), '-A -t 192.0.2.2:80 -s rr\n');
  });

  test(`${road}: a service that was refused first and then accepted has its servers`, async () => {
    const made = await inUse();
    const lines = [
      '-A -t 192.0.2.7:80 -s nosuch',
      '-A -t 192.0.2.7:80 -s wlc',
      '-a -t 192.0.2.7:80 -r 198.51.100.1:80 -m -w 1',
    ];
    const { status, stderr } = await restore(made, rules(...lines));
    assert.equal(status, 0);
    assert.match(stderr, /^Scheduler or persistence engine not found: TCP 192\.0\.2\.7:80: .*\n$/);
    assert.equal(await made.saved(), rules(...lines.slice(1)));
  });

  test(`${road}: timeouts among the rules leave what stays the same untouched`, async () => {
    const made = await inUse();
    const counters = await made.counted();
    const [first, ...others] = before.split('\n');
    for (const text of [
      `--set 900 120 301\n${before}`,
      [first, '--set 900 120 302', ...others].join('\n'),
      `${before}--set 900 120 303\n`,
    ]) {
      assert.deepEqual(await restore(made, text), { status: 0, stdout: '', stderr: '' });
      assert.deepEqual(made.changes, []);
      assert.equal(await made.counted(), counters);
    }
    assert.match((await made.run(['-L', '--timeout'])).stdout, / 900 120 303\n/);
  });

  test(`${road}: changes and removals after additions make the rules, and are not carried out one by one`, async () => {
    const made = await inUse();
    const counters = await made.counted();
    const text = rules(
      '-A -t 192.0.2.7:80 -s rr',
      '-C',
      '-A -t 192.0.2.1:80 -s rr',
      '-E -t 192.0.2.1:80 -s wlc',
      ...servers(3, 1),
      '-a -t 192.0.2.1:80 -r 198.51.100.2:80 -m -w 9',
      '-e -t 192.0.2.1:80 -r 198.51.100.2:80 -m -w 1',
      '-A -t 192.0.2.2:80 -s rr',
      '-d -t 192.0.2.1:80 -r 198.51.100.3:80',
    );
    assert.deepEqual(await restore(made, text), { status: 0, stdout: '', stderr: '' });
    assert.equal(await made.saved(), before);
    assert.equal(await made.counted(), counters);
  });

  test(`${road}: changes of what the rules lack are refused by their lines, though the table has it`, async () => {
    const made = await inUse();
    const offset = road === '-R after -C' ? 1 : 0;
    const lines = [
      '-E -t 192.0.2.2:80 -s wlc',
      '-A -t 192.0.2.1:80 -s wlc',
      '-e -t 192.0.2.1:80 -r 198.51.100.1:80 -m',
      '-d -t 192.0.2.1:80 -r 198.51.100.2:80',
      '-Z -t 192.0.2.2:80',
      '-D -t 192.0.2.2:80',
    ];
    const { status, stderr } = await restore(made, rules(...lines));
    assert.equal(status, 255);
    assert.equal(
      stderr,
      [
        `No such service: TCP 192.0.2.2:80 (line ${1 + offset})`,
        `No such destination: TCP 192.0.2.1:80 -> 198.51.100.1:80 (line ${3 + offset})`,
        `No such destination: TCP 192.0.2.1:80 -> 198.51.100.2:80 (line ${4 + offset})`,
        `No such service: TCP 192.0.2.2:80 (line ${5 + offset})`,
        `No such service: TCP 192.0.2.2:80 (line ${6 + offset})`,
        '',
      ].join('\n'),
    );
    assert.equal(await made.saved(), '-A -t 192.0.2.1:80 -s wlc\n');
  });

  test(`${road}: a service that the kernel refuses is not there for the changes after it`, async () => {
    const made = await inUse();
    const { status, stderr } = await restore(
      made,
      rules('-A -t 192.0.2.1:80 -s nosuch', '-E -t 192.0.2.1:80 -s wlc', '-A -t 192.0.2.2:80 -s rr'),
    );
    assert.equal(status, 0);
    assert.match(stderr, /^Scheduler or .*\nNo such service: TCP 192\.0\.2\.1:80 \(line \d\)\n$/);
    assert.equal(await made.saved(), '-A -t 192.0.2.2:80 -s rr\n');
  });

  test(`${road}: -Z among the rules sets the counters of those before it to zero`, async () => {
    const made = await inUse();
    const [first, ...others] = before.split('\n');
    assert.equal((await restore(made, [first, '-Z -t 192.0.2.1:80', ...others].join('\n'))).status, 0);
    assert.deepEqual(made.changes, []);
    assert.match(await made.counted(), /192\.0\.2\.1:80 +0 /);
  });

  test(`${road}: lines after -h and -v are not read`, async () => {
    for (const last of ['-h', '-v']) {
      const made = await inUse();
      const { status, stderr } = await restore(made, `${before}${last}\ngarbage\n-D -t 192.0.2.1:80\n`);
      assert.deepEqual([status, stderr], [0, '']);
      assert.equal(await made.saved(), before);
    }
  });

  test(`${road}: lines after the rules are carried out in their order`, async () => {
    const made = await inUse();
    const table = rules('-A -t 192.0.2.1:80 -s wlc', ...servers(1));
    const { stdout, status } = await restore(made, `${table}-Sn\n-D -t 192.0.2.1:80\n-A -f 7 -s rr\n`);
    assert.deepEqual([status, stdout], [0, table]);
    assert.equal(await made.saved(), '-A -f 7 -s rr\n');
  });
}

test('-C after lines that touch no service makes -R replace the table', async () => {
  const made = await inUse();
  const counters = await made.counted();
  assert.equal((await made.run(['-R'], `--set 900 120 301\n-C\n${before}`)).status, 0);
  assert.deepEqual(made.changes, []);
  assert.equal(await made.counted(), counters);
  assert.equal((await made.run(['-R'], `-Z -t 192.0.2.1:80\n-C\n${before}`)).status, 0);
  assert.match(await made.counted(), /192\.0\.2\.1:80 +0 /);
});

test('ipvsadm-restore refuses an input that neither adds anything nor clears', async () => {
  for (const text of [
    '',
    '# none\n',
    '-S\n',
    '-Ln\n',
    '--set 900 120 301\n',
    '-Z\n',
    '-D -t 192.0.2.1:80\n',
  ]) {
    for (const words of [[], ['--flush']]) {
      const made = await inUse();
      const { status, stdout, stderr } = await made.replace(text, words);
      assert.deepEqual([status, stdout], [2, ''], text);
      assert.match(
        stderr,
        /^ipvsadm: no rules on standard input, so the table stays as it is; ipvsadm -C clears it\n/,
      );
      assert.deepEqual(made.changes, []);
    }
  }
  const made = await inUse();
  assert.equal((await made.replace('-C\n')).status, 0);
  assert.equal(await made.saved(), '');
});

test('--flush clears the table first, and counters start again', async () => {
  const made = await inUse();
  assert.equal((await made.replace(before, ['--flush'])).status, 0);
  assert.equal(await made.saved(), before);
  assert.ok(made.changes.includes('17'));
  assert.doesNotMatch(await made.counted(), / 5 /);
});

test('-R with -C alone clears the table', async () => {
  const made = await inUse();
  assert.equal((await made.run(['-R'], '-C\n')).status, 0);
  assert.equal(await made.saved(), '');
});

test('a restore into an empty table parses one line of each form', async () => {
  const { run } = world();
  const lines = Array.from({ length: 3000 }, (_, index) => `-A -f ${index + 1} -s rr`);
  assert.equal((await run(['-R'], `-C\n${rules(...lines)}`)).status, 0);
  assert.equal((await run(['-Sn'])).stdout, rules(...lines));
});

test('any table becomes any other as it does after a clear: rules, messages and status', async () => {
  const table = fc
    .array(fc.tuple(service, fc.array(destination, { maxLength: 3 })), { maxLength: 5 })
    .map((rows) =>
      rows.flatMap(([of, all]) => [serviceRule(of), ...all.map((server) => destinationRule(of.id, server))]),
    )
    .map((lines) => lines.map((words) => words.join(' ')));
  const other = fc.constantFrom(
    '-A -f 1 -s nosuch',
    '-a -f 1 -r 198.51.100.7',
    '-D -f 1',
    '-A -f 1 -s rr',
    '-E -f 1 -s wlc',
    '-E -f 1 -s nosuch',
    '-a -f 1 -r 198.51.100.8 -w 2',
    '-e -f 1 -r 198.51.100.7 -i -w 3',
    '-d -f 1 -r 198.51.100.7',
    '-Z -f 1',
    '-C',
    '--set 1 2 3',
    '# nothing',
    '-Sn',
  );
  await fc.assert(
    fc.asyncProperty(
      table,
      fc.array(
        fc.oneof(
          table,
          other.map((line) => [line]),
        ),
        { minLength: 1, maxLength: 8 },
      ),
      fc.boolean(),
      async (old, parts, shared) => {
        const wanted = [...(shared ? old : []), ...parts.flat()].join('\n');
        const results = [];
        for (const words of [[], ['--flush']]) {
          const { run, replace } = world();
          await run(['-R'], old.join('\n'));
          results.push([await replace(wanted, words), await run(['-Sn'])]);
        }
        assert.deepEqual(results[0], results[1]);
      },
    ),
    { numRuns: 150 },
  );
});
