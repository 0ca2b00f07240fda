/** What real servers and directors need, as steps and as files: nothing is touched. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { UsageError } from '../../src/errors.js';
import { configFiles } from '../../src/setup/persist.js';
import { planRealServer, type RealServerOptions } from '../../src/setup/real-server.js';
import { stepCommand } from '../../src/setup/steps/index.js';

const options = (other: Partial<RealServerOptions>): RealServerOptions => ({
  method: 'tun',
  vips: ['192.0.2.10'],
  tunnel: { type: 'ipip', checksum: false },
  ...other,
});
const commands = (other: Partial<RealServerOptions>) => planRealServer(options(other)).steps.map(stepCommand);
const silence = ['sysctl -w net.ipv4.conf.all.arp_ignore=1', 'sysctl -w net.ipv4.conf.all.arp_announce=2'];
const v6 = { vips: ['2001:db8::10'] };
const gue = { type: 'gue', port: 6080, checksum: false } as const;
const gre = { type: 'gre', checksum: false } as const;

describe('tunnels', () => {
  const cases: readonly [title: string, options: Partial<RealServerOptions>, commands: readonly string[]][] =
    [
      [
        'IPv4 in IPv4',
        {},
        [
          ...silence,
          'ip link add tunl0 type ipip',
          'sysctl -w net.ipv4.conf.tunl0.rp_filter=2',
          'ip link set tunl0 up',
          'ip address add 192.0.2.10/32 dev tunl0 scope host',
        ],
      ],
      [
        'IPv6 in IPv4',
        { ...v6, local: '10.1.0.7' },
        [
          'ip link add sit0 type sit',
          'ip link set sit0 up',
          'ip address add 2001:db8::10/128 dev sit0 nodad preferred_lft 0',
        ],
      ],
      [
        'IPv6 in IPv6',
        v6,
        [
          'ip link add ip6tnl0 type ip6tnl mode any',
          'ip link set ip6tnl0 up',
          'ip address add 2001:db8::10/128 dev ip6tnl0 nodad preferred_lft 0',
        ],
      ],
      [
        'IPv4 in IPv6 needs a device of its own, which has to know where it ends',
        { local: 'fd01::7' },
        [
          ...silence,
          'ip link add lvs-ip6tnl type ip6tnl mode any local fd01::7',
          'sysctl -w net.ipv4.conf.lvs-ip6tnl.rp_filter=2',
          'ip link set lvs-ip6tnl up',
          'ip address add 192.0.2.10/32 dev lvs-ip6tnl scope host',
        ],
      ],
      [
        'GUE opens its port beside the device that takes what is inside',
        { tunnel: gue },
        [
          ...silence,
          'ip link add tunl0 type ipip',
          'sysctl -w net.ipv4.conf.tunl0.rp_filter=2',
          'ip link set tunl0 up',
          'ip fou add port 6080 gue',
          'ip address add 192.0.2.10/32 dev tunl0 scope host',
        ],
      ],
      [
        'GUE over IPv6',
        { ...v6, tunnel: gue },
        [
          'ip link add ip6tnl0 type ip6tnl mode any',
          'ip link set ip6tnl0 up',
          'ip fou add port 6080 gue -6',
          'ip address add 2001:db8::10/128 dev ip6tnl0 nodad preferred_lft 0',
        ],
      ],
      [
        'GRE takes both families by one device, each outer protocol its own',
        { vips: ['2001:db8::10', '2001:db8::11'], tunnel: gre, local: '10.1.0.7' },
        [
          'ip link add gre0 type gre',
          'ip link set gre0 up',
          'ip address add 2001:db8::10/128 dev gre0 nodad preferred_lft 0',
          'ip address add 2001:db8::11/128 dev gre0 nodad preferred_lft 0',
        ],
      ],
      [
        'GRE with checksums needs a device that expects them',
        { tunnel: { type: 'gre', checksum: true }, local: '10.1.0.7' },
        [
          ...silence,
          'ip link add lvs-gre type gre local 10.1.0.7 icsum',
          'sysctl -w net.ipv4.conf.lvs-gre.rp_filter=2',
          'ip link set lvs-gre up',
          'ip address add 192.0.2.10/32 dev lvs-gre scope host',
        ],
      ],
      [
        'a device by another name',
        { device: 'web', local: '10.1.0.7' },
        [
          ...silence,
          'ip link add web type ipip local 10.1.0.7',
          'sysctl -w net.ipv4.conf.web.rp_filter=2',
          'ip link set web up',
          'ip address add 192.0.2.10/32 dev web scope host',
        ],
      ],
    ];
  for (const [title, other, expected] of cases) {
    test(title, () => assert.deepEqual(commands(other), expected));
  }

  test('VIPs of both families over one outer protocol: GRE’s device is made once', () => {
    const lines = commands({ vips: ['192.0.2.10', '2001:db8::10'], tunnel: gre, local: '10.1.0.7' });
    assert.equal(lines.filter((line) => line.startsWith('ip link add')).length, 1);
    assert.equal(lines.filter((line) => line === 'ip link set gre0 up').length, 1);
    assert.equal(lines.filter((line) => line.startsWith('ip address add')).length, 2);
  });

  test('a device that has to be made here cannot without --local', () => {
    for (const other of [{ device: 'web' }, { tunnel: { type: 'gre', checksum: true } as const }]) {
      assert.throws(
        () => commands(other),
        (error) => error instanceof UsageError && /--local/.test(error.message),
      );
    }
  });
});

describe('direct routing and NAT', () => {
  test('a VIP on a device that does not exist makes a dummy', () => {
    assert.deepEqual(commands({ method: 'dr', device: 'vips' }), [
      ...silence,
      'ip link add vips type dummy',
      'ip link set vips up',
      'ip address add 192.0.2.10/32 dev vips scope host',
    ]);
  });

  test('IPv6 needs no ARP settings', () => {
    const { steps, notes } = planRealServer(options({ ...v6, method: 'dr' }));
    assert.deepEqual(
      steps.map(({ do: kind }) => kind),
      ['up', 'address'],
    );
    assert.match(notes.join('\n'), /no counterpart of arp_ignore/);
  });

  test('NAT is the way back, and nothing about VIPs', () => {
    const { steps, notes } = planRealServer(options({ method: 'nat', gateway: '10.1.0.1', device: 'eth0' }));
    assert.deepEqual(steps, [{ do: 'defaultRoute', gateway: '10.1.0.1', device: 'eth0', metric: 0 }]);
    assert.match(notes.join('\n'), /VIPs stay on the director/);
  });
});

describe('files for the next boot', () => {
  const files = (other: Partial<RealServerOptions>) =>
    Object.fromEntries(
      configFiles(planRealServer(options(other)).steps, 'real-server').map(({ path, text }) => [path, text]),
    );
  const SETTINGS = '/etc/sysctl.d/90-lvsadm-real-server.conf';
  const MODULES = '/etc/modules-load.d/lvsadm-real-server.conf';
  const networkd = (name: string) => `/etc/systemd/network/50-lvsadm-${name}`;

  test('direct routing', () => {
    assert.deepEqual(files({ method: 'dr', vips: ['192.0.2.10', '2001:db8::10'] }), {
      [SETTINGS]: 'net/ipv4/conf/all/arp_ignore = 1\nnet/ipv4/conf/all/arp_announce = 2\n',
      [networkd('lo.network')]:
        '[Match]\nName=lo\n\n[Address]\nAddress=192.0.2.10/32\nScope=host\n\n' +
        '[Address]\nAddress=2001:db8::10/128\nDuplicateAddressDetection=none\nPreferredLifetime=0\n',
    });
  });

  test('a tunnel whose device comes with its module', () => {
    const made = files({ tunnel: gue });
    assert.equal(made[MODULES], 'ipip\nfou\n');
    assert.match(made[SETTINGS] ?? '', /^net\/ipv4\/conf\/tunl0\/rp_filter = 2$/m);
    assert.equal(
      made[networkd('gue6080.netdev')],
      '[NetDev]\nName=gue6080\nKind=fou\n\n[FooOverUDP]\nEncapsulation=GenericUDPEncapsulation\nPort=6080\n',
    );
    assert.match(made[networkd('tunl0.network')] ?? '', /^\[Match\]\nName=tunl0\n\n\[Network\]\n/);
  });

  test('a tunnel whose device is made', () => {
    assert.equal(
      files({ local: 'fd01::7' })[networkd('lvs-ip6tnl.netdev')],
      '[NetDev]\nName=lvs-ip6tnl\nKind=ip6tnl\n\n[Tunnel]\nIndependent=true\nLocal=fd01::7\nRemote=any\nMode=any\n',
    );
  });

  test('steps that networkd cannot do become a unit', () => {
    const unit = files({ tunnel: { type: 'gre', checksum: true }, local: '10.1.0.7' })[
      '/etc/systemd/system/lvsadm-real-server.service'
    ];
    assert.match(unit ?? '', /^ExecStart=ip link add lvs-gre type gre local 10\.1\.0\.7 icsum$/m);
    assert.match(unit ?? '', /^WantedBy=multi-user\.target$/m);
  });

  test('NAT adds to the file that the interface has already', () => {
    assert.deepEqual(files({ method: 'nat', vips: [], gateway: '10.1.0.1', device: 'eth0' }), {
      '/etc/systemd/network/FILE-OF-eth0.network.d/50-lvsadm.conf': '[Route]\nGateway=10.1.0.1\n',
    });
  });
});
