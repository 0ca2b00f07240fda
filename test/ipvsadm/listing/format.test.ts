import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { masked } from '../../../src/foreign-text.js';
import { options } from '../../../src/ipvsadm/grammar/options.js';
import { help, versionText } from '../../../src/ipvsadm/help.js';
import { abbreviated, exact } from '../../../src/ipvsadm/listing/counters.js';
import { daemonLine } from '../../../src/ipvsadm/listing/format.js';
import type { Stats } from '../../../src/model/stats.js';
import { world } from '../../support/run.js';
import { splitLine } from '../cases.js';

describe('a counter', () => {
  it('is abbreviated where ipvsadm abbreviates it, in nine columns', () => {
    const seen: [bigint, string][] = [
      [0n, '        0'],
      [99999n, '    99999'],
      [9999999n, '  9999999'],
      [99999999n, ' 99999999'],
      [100000000n, '  100000K'],
      [123456789n, '  123456K'],
      [999999999n, '  999999K'],
      [1000000000n, '    1000M'],
      [4294967295n, '    4294M'],
      [4294967296n, '    4294M'],
      [99999999999n, '   99999M'],
      [100000000000n, '     100G'],
      [99999999999999n, '   99999G'],
      [100000000000000n, '     100T'],
      [123456789012345678n, '  123456T'],
      [18446744073709551615n, '18446744T'],
    ];
    for (const [count, text] of seen) assert.equal(abbreviated(count), text);
  });

  it('is whole with --exact, and apart from the one before however long it is', () => {
    assert.equal(exact(0n), '        0');
    assert.equal(exact(99999999n), ' 99999999');
    assert.equal(exact(18446744073709551615n), ' 18446744073709551615');
  });

  it('stands in the row of its service or server', async () => {
    const { run, ipvs } = world();
    const service = { protocol: 'tcp', address: '192.0.2.1', port: 80 } as const;
    const stats: Partial<Stats> = {
      connections: 4294967296n,
      inPackets: 2n,
      outPackets: 3n,
      inBytes: 99999999n,
      outBytes: 100000000n,
      connectionRate: 6n,
      inPacketRate: 7n,
      outPacketRate: 8n,
      inByteRate: 9n,
      outByteRate: 10n,
    };
    await run(['-R'], '-A -t 192.0.2.1:80\n-a -t 192.0.2.1:80 -r 198.51.100.7 -m');
    ipvs.count(service, stats);
    const server = { address: '198.51.100.7', port: 80 };
    ipvs.connect(service, server, { activeConnections: 12, inactiveConnections: 3456 });
    const rows = async (options: string) =>
      (await run(splitLine(`-L -n ${options}`))).stdout.split('\n').slice(3, -1);
    assert.deepEqual(await rows('--stats'), [
      'TCP  192.0.2.1:80                    4294M        2        3 99999999  100000K',
      '  -> 198.51.100.7:80                     0        0        0        0        0',
    ]);
    assert.deepEqual(await rows('--stats --exact'), [
      'TCP  192.0.2.1:80                 4294967296        2        3 99999999 100000000',
      '  -> 198.51.100.7:80                     0        0        0        0        0',
    ]);
    assert.deepEqual(await rows('--rate'), [
      'TCP  192.0.2.1:80                        6        7        8        9       10',
      '  -> 198.51.100.7:80                     0        0        0        0        0',
    ]);
    assert.deepEqual(await rows(''), [
      'TCP  192.0.2.1:80 wlc',
      '  -> 198.51.100.7:80              Masq    1      12         3456      ',
    ]);
  });
});

describe('names in a listing', () => {
  const long = 'a-very-long-host-name-indeed.some-department.example.com';

  it('are cut to fit for IPv4, and push the columns aside for IPv6, as in ipvsadm', async () => {
    const { run, hosts } = world();
    Object.assign(hosts, {
      [`v${long}`]: '192.0.2.7',
      [long]: '198.51.100.7',
      [`${long}6`]: '2001:db8:7::8',
    });
    const lines = [
      '-A -t 192.0.2.7:8080',
      '-a -t 192.0.2.7:8080 -r 198.51.100.7 -i',
      '-a -t 192.0.2.7:8080 -r [2001:db8:7::8]:8080 -i',
    ];
    await run(['-R'], lines.join('\n'));
    assert.equal(
      (await run(['-L'])).stdout,
      `\
IP Virtual Server version 1.2.1 (size=4096)
Prot LocalAddress:Port Scheduler Flags
  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn
TCP  va-very-long-host-name-indee wlc
  -> a-very-long-host-name-indeed Tunnel  1      0          0         \n\
  -> [${long}6]:http-alt Tunnel  1      0          0         \n`,
    );
  });

  it('come from /etc/hosts before the resolver, and from nowhere with -n', async () => {
    const { run, hosts, files } = world();
    hosts['dns.example.com'] = '192.0.2.1';
    files['/etc/hosts'] = '# names\n192.0.2.1 file.example.com other\n192.0.2.1 late\n';
    await run(splitLine('-A -t 192.0.2.1:80'));
    assert.match((await run(['-L'])).stdout, /^TCP {2}file\.example\.com:http wlc$/m);
    assert.match((await run(['-Ln'])).stdout, /^TCP {2}192\.0\.2\.1:80 wlc$/m);
  });

  it('need no /etc/services and no /etc/hosts', async () => {
    const { run, files } = world();
    delete files['/etc/services'];
    delete files['/etc/hosts'];
    await run(splitLine('-A -t 192.0.2.1:80'));
    assert.match((await run(['-L'])).stdout, /^TCP {2}192\.0\.2\.1:80 wlc$/m);
  });
});

describe('what others decide', () => {
  it('cannot steer a terminal or break a line', () => {
    assert.equal(masked('\u001b[31mred\u0007\r\n\u009b2J\u202e\u2028'), '?[31mred???' + '?2J??');
    assert.equal(masked('a84b4c76e66710@pc33.atlanta.com ü'), 'a84b4c76e66710@pc33.atlanta.com ü');
  });

  it('shows as question marks in the data of a persistence engine', async () => {
    const { run, files } = world();
    files['/proc/net/ip_vs_conn'] =
      'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData\n' +
      'UDP C000020A 0000 C000020A 13C4 C6336407 13C4 NONE            358 sip a\u001b[2Jb\n';
    const { stdout } = await run(splitLine('-Lcn --persistent-conn'));
    assert.match(stdout, /sip {16}a\?\[2Jb\n$/);
  });

  it('shows as question marks in the name of an interface', () => {
    assert.equal(
      daemonLine({ state: 'master', interface: 'e\u001bth0', syncId: 1 }),
      'master sync daemon (mcast=e?th0, syncid=1)\n',
    );
  });
});

describe('-h and -v', () => {
  it('begin as scripts that call ipvsadm expect', () => {
    assert.match(versionText('ipvsadm'), /^ipvsadm v1\.31 \(lvsadm v\S+\)\n$/);
    assert.match(versionText('lvsadm'), /^lvsadm v\S+ \(stands in for ipvsadm v1\.31\)\n$/);
    assert.ok(help('ipvsadm').startsWith(versionText('ipvsadm')));
  });

  it('name every option', () => {
    const text = help('lvsadm');
    for (const { long, short = '' } of options) {
      assert.match(text, new RegExp(`--${long}\\b`));
      for (const letter of short) assert.match(text, new RegExp(`-${letter}, `));
    }
  });
});
