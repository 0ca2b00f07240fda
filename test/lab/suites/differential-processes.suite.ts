/**
 * lvsadm as users have it, a distribution as a process under each of its names, next to the real ipvsadm, ipvsadm-save and
 * ipvsadm-restore. A sample: the other differential suites run lvsadm in one process, which shows the same of everything
 * but the process itself.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { everything } from '../../ipvsadm/cases.js';
import { formatTable } from '../../support/connection-table.js';
import { callers } from '../differential/callers.js';
import { show, showCommand } from '../differential/compare.js';
import { NameServer } from '../differential/name-server.js';
import { ShellProgram } from '../differential/shell-program.js';
import { type Programs, SideBySide } from '../differential/side-by-side.js';
import type { CommandLine, State } from '../differential/trial.js';
import { lvsadm } from '../distribution.js';

const directory = mkdtempSync(join(tmpdir(), 'links-'));
const linked = (name: string) => new ShellProgram([join(directory, name)]);

before(() => execFileSync(lvsadm, ['link', '--to', directory]));
after(() => rmSync(directory, { recursive: true }));

async function compare(programs: Programs, given: readonly CommandLine[], commands: readonly CommandLine[]) {
  const pair = await SideBySide.open(programs);
  try {
    const { deviations } = await pair.play({ given, commands });
    const told = `${commands.map(showCommand).join('\n')}\n${deviations.map(show).join('\n')}`;
    assert.equal(deviations.length, 0, told);
  } finally {
    await pair.close();
  }
}

const words = (text: string): CommandLine => ({ words: text.split(' ') });
const table = [
  '-A -t 192.0.2.1:80 -s wrr -p 60',
  '-a -t 192.0.2.1:80 -r 198.51.100.7:8080 -m -w 3',
  '-A -f 7 -6 -s sh -b sh-port',
  '-A -u [2001:db8::1]:53 -o',
].map(words);

describe('by the name of ipvsadm', () => {
  test('changes, listings, refusals and mistakes', () =>
    compare({ lvsadm: linked('ipvsadm') }, table, [
      ...[
        '-Ln',
        '-L -n --stats',
        '-A -t 192.0.2.1:80',
        '-A -t 192.0.2.2:80 -s rr',
        '-d -f 9 -r 198.51.100.7',
      ].map(words),
      ...['-L -t 192.0.2.9:80', '-w', '-A -w 5', '--nosuch', '-h', '-v', '-Sn', '--set 1 2 3', '-Lcn'].map(
        words,
      ),
      { words: [] },
      { words: ['-A', '-t', ''] },
    ]));

  test('a restore from standard input', () =>
    compare({ lvsadm: linked('ipvsadm') }, table, [
      {
        words: ['-R'],
        stdin: '-C\n-A -t 192.0.2.7:80\n-A -t 192.0.2.7:80\n\n-Ln\n-a -t 192.0.2.7:80 -r 198.51.100.7',
      },
      { words: ['-R'], stdin: '' },
      { words: ['-R'], stdin: '-A -t 192.0.2.8:80\n-A -t nonsense\n-A -t 192.0.2.9:80\n' },
    ]));
});

test('by its own name ipvsadm needs no link', () =>
  compare({ lvsadm: new ShellProgram([lvsadm]) }, table, [
    ...['-Ln', '-Sn', '-D -t 192.0.2.1:80', '-D -t 192.0.2.1:80'].map(words),
  ]));

/** Traced, all is asked by netlink; otherwise the executable has servers told by socket options where these tell all. */
test('a table of every kind is listed alike, however the kernel is asked for it', () => {
  const rules = [
    '-A -t 192.0.2.1:80 -s wlc',
    ...[7, 8].map((last) => `-a -t 192.0.2.1:80 -r 198.51.100.${last}:80 -m -w ${last} -x 100 -y 50`),
    '-A -u 192.0.2.1:53 -s sh -b sh-port -o',
    '-a -u 192.0.2.1:53 -r 198.51.100.7:53 -g -w 0',
    '-A -t 192.0.2.2:80 -s wlc',
    '-a -t 192.0.2.2:80 -r 198.51.100.7:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum',
    '-a -t 192.0.2.2:80 -r [2001:db8::7]:80 -i -w 1',
    '-A --sctp-service 192.0.2.3:5060 -s rr',
    '-A -f 7 -s wlc -p 60 -M 255.255.255.0',
    '-a -f 7 -r 198.51.100.9:0 -g -w 1',
    '-A -f 7 -6 -s rr',
    '-a -f 7 -6 -r [2001:db8::9]:0 -g -w 1',
    '-A -t [2001:db8::1]:80 -s wlc',
  ];
  const run = (word: string, env: Record<string, string> = {}, input?: string): string => {
    const { status, stdout } = spawnSync(lvsadm, word.split(' '), {
      env: { ...process.env, ...env },
      ...{ input, encoding: 'utf8' },
    });
    assert.equal(status, 0, word);
    return stdout;
  };
  run('-R', {}, `${rules.join('\n')}\n`);
  try {
    for (const word of ['-S -n', '-L -n', '-L -n --nosort']) {
      assert.equal(run(word), run(word, { LVSADM_DEBUG: 'netlink' }), word);
    }
    assert.equal(run('-S -n').split('\n').length, rules.length + 1);
  } finally {
    run('-C');
  }
});

test('found by PATH it links to itself', () => {
  const links = mkdtempSync(join(tmpdir(), 'found-'));
  try {
    const env = { ...process.env, PATH: `${dirname(lvsadm)}:${process.env['PATH']}` };
    execFileSync('sh', ['-c', `${basename(lvsadm)} link --to ${links}`], { env });
    assert.equal(readlinkSync(join(links, 'ipvsadm')), lvsadm);
  } finally {
    rmSync(links, { recursive: true });
  }
});

describe('by the names of its scripts', () => {
  test('ipvsadm-save', () =>
    compare({ ipvsadm: new ShellProgram(['/sbin/ipvsadm-save']), lvsadm: linked('ipvsadm-save') }, table, [
      words('-n'),
      { words: [] },
    ]));

  test('ipvsadm-restore replaces the table', () =>
    compare(
      { ipvsadm: new ShellProgram(['/sbin/ipvsadm-restore']), lvsadm: linked('ipvsadm-restore') },
      table,
      [
        {
          words: [],
          stdin: '# saved\n-A -t 192.0.2.7:80 -s rr\n-a -t 192.0.2.7:80 -r 198.51.100.7:80 -g -w 1\n',
        },
      ],
    ));
});

test('"Arguments of ipvsadm-save" in docs/compatibility.md: the script ignores words, lvsadm refuses them', async () => {
  const pair = await SideBySide.open({
    ipvsadm: new ShellProgram(['/sbin/ipvsadm-save']),
    lvsadm: linked('ipvsadm-save'),
  });
  try {
    const commands = ['rules', '-x', '--nosuch'].map(words);
    const { ipvsadm, lvsadm } = await pair.play({ given: table, commands });
    assert.deepEqual(
      ipvsadm.observations.map(({ status }) => status),
      [0, 1, 1],
    );
    assert.deepEqual(
      lvsadm.observations.map(({ status }) => status),
      [2, 255, 255],
    );
  } finally {
    await pair.close();
  }
});

describe('"Restoring a table" in docs/compatibility.md', () => {
  for (const [what, stdin] of Object.entries({
    nothing: '',
    'a line that makes no sense': '-A -t nonsense\n',
  })) {
    test(`${what} empties ipvsadm's table, and leaves lvsadm's as it is`, async () => {
      const pair = await SideBySide.open({
        ipvsadm: new ShellProgram(['/sbin/ipvsadm-restore']),
        lvsadm: linked('ipvsadm-restore'),
      });
      try {
        const { ipvsadm, lvsadm } = await pair.play({ given: table, commands: [{ words: [], stdin }] });
        assert.equal(ipvsadm.state.services.length, 0);
        assert.equal(lvsadm.state.services.length, 3);
        assert.equal(lvsadm.observations[0]?.status, 2);
      } finally {
        await pair.close();
      }
    });
  }
});

test('"Names of hosts" in docs/compatibility.md: ipvsadm asks for each row, lvsadm once for each address', async () => {
  const names = await NameServer.open('web.example.net');
  const pair = await SideBySide.open({ lvsadm: linked('ipvsadm') });
  try {
    const services = ['192.0.2.1:80', '192.0.2.1:81', '192.0.2.1:82'];
    const made = services.flatMap((service) => [
      `-A -t ${service}`,
      `-a -t ${service} -r 198.51.100.7:80 -m`,
    ]);
    await pair.prepare(made.map(words));
    const questions = async (program: 'ipvsadm' | 'lvsadm'): Promise<[string, number]> => {
      names.asked.length = 0;
      const { stdout } = await pair[program].run(words('-L'));
      return [stdout, names.asked.filter((name) => name === '7.100.51.198.in-addr.arpa').length];
    };
    const [listing, each] = await questions('ipvsadm');
    assert.match(listing, /^ {2}-> web\.example\.net:http +Masq/m);
    assert.equal(each, services.length);
    assert.deepEqual(await questions('lvsadm'), [listing, 1]);
  } finally {
    await pair.close();
    names.close();
  }
});

describe('programs that call ipvsadm', () => {
  for (const { name, commands } of callers) {
    test(name, () => compare({ lvsadm: linked('ipvsadm') }, [], commands));
  }
});

describe('a closed pipe ends it quietly', () => {
  const quietly = (script: string, ...args: string[]) => {
    const { stdout, stderr } = spawnSync('sh', ['-c', script, 'sh', ...args], { encoding: 'utf8' });
    assert.equal(stderr, '');
    return stdout;
  };

  test('before there is anything to write', () => {
    assert.equal(quietly('"$1" -Ln | true', lvsadm), '');
  });

  test('in the middle of many connections', () => {
    const table = join(directory, 'connections');
    writeFileSync(table, [...formatTable(20_000)].join(''));
    const shown = quietly(
      `unshare --mount sh -c 'mount --bind "$2" /proc/net/ip_vs_conn && "$1" -Lcn' sh "$1" "$2" | head -n 2`,
      ...[lvsadm, table],
    );
    assert.match(shown, /^IPVS connection entries\npro expire .*\n$/);
  });
});

describe('what one of them saves the other restores', () => {
  const saved = async (
    from: 'ipvsadm' | 'lvsadm',
    to: 'ipvsadm' | 'lvsadm',
    given: readonly CommandLine[],
  ) => {
    const pair = await SideBySide.open();
    try {
      await pair.prepare(given);
      const before = await pair.kernel.state();
      const { stdout } = await pair[from].run({ words: ['-Sn'] });
      await pair.kernel.reset(before);
      const restored = await pair[to].run({ words: ['-R'], stdin: stdout });
      assert.deepEqual(restored, { status: 0, stdout: '', stderr: '' });
      return { wanted: inOrder(before), got: inOrder(await pair.kernel.state()) };
    } finally {
      await pair.close();
    }
  };
  /** Servers are saved in the order of their addresses, not in that of their coming. */
  const inOrder = (state: State): State => ({
    ...state,
    services: state.services.map(({ service, destinations }) => ({
      service,
      destinations: destinations.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    })),
  });
  const plain = everything.map((text) => text.replace(/ -[xy] \d+/g, ''));

  test('lvsadm to ipvsadm, thresholds and all', async () => {
    const { wanted, got } = await saved('lvsadm', 'ipvsadm', everything.map(words));
    assert.deepEqual(got, wanted);
  });

  test('ipvsadm to lvsadm, which leaves the thresholds out', async () => {
    const { wanted, got } = await saved('ipvsadm', 'lvsadm', plain.map(words));
    assert.deepEqual(got, wanted);
  });
});
