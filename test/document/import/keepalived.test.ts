// What each setting of keepalived becomes. The comments and the defaults are those of docs/import.md.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { importKeepalived } from '../../../src/document/import/keepalived/read.js';
import { DocumentError } from '../../../src/errors.js';

const noFiles = { read: async () => undefined, list: () => [] };

async function imported(text: string) {
  const { document, remarks, remarksOn } = await importKeepalived({ file: 'k.conf', text }, noFiles);
  const all = [...remarks, ...[...remarksOn.values()].flat()];
  return {
    services: document.services,
    document,
    remarks: all.map(({ place, text: why }) => `${place.line}: ${why}`),
  };
}

async function problemsOf(text: string): Promise<string[]> {
  const error = await importKeepalived({ file: 'k.conf', text }, noFiles).then(
    () => undefined,
    (each) => each,
  );
  assert.ok(error instanceof DocumentError, `${error}`);
  return error.message.split('\n');
}

/** A service with one server, with settings of each. */
const service = (settings: string, server = '') =>
  `virtual_server 192.0.2.1 80 {\n${settings}\nreal_server 198.51.100.1 80 {\n${server}\n}\n}\n`;

const checkOf = async (server: string, settings = '') =>
  (await imported(service(settings, server))).services[0]?.check;

describe('checks of keepalived', () => {
  const usual = { every: '1m', timeout: '5s', rise: 1, fall: 2, fastEvery: '1s' };
  const cases: readonly (readonly [name: string, checker: string, check: object])[] = [
    ['TCP_CHECK has the defaults of 2.2', 'TCP_CHECK {\n}', { kind: 'tcp', ...usual }],
    ['a block on one line', 'TCP_CHECK { connect_port 81 }', { kind: 'tcp', port: 81, ...usual }],
    [
      'HTTP_GET waits 3 seconds after a failure',
      'HTTP_GET { url { path /x } }',
      { kind: 'http', path: '/x', ...usual, fastEvery: '3s' },
    ],
    [
      'status codes, a text, and the virtual host',
      'HTTP_GET {\nurl {\npath /\nstatus_code 200 301-302\nregex "all \\\\. fine"\nvirtualhost a.example\n}\n}',
      {
        kind: 'http',
        path: '/',
        host: 'a.example',
        expect: ['200', '301-302'],
        text: 'all . fine',
        ...usual,
        fastEvery: '3s',
      },
    ],
    [
      'SSL_GET with a name',
      'SSL_GET {\nsni_name b.example\n}',
      { kind: 'https', tls: { name: 'b.example' }, ...usual, fastEvery: '3s' },
    ],
    [
      'DNS_CHECK tries again 3 times, after delay_loop',
      'DNS_CHECK { type mx }',
      { kind: 'dns', type: 'MX', every: '1m', timeout: '5s', rise: 1, fall: 4 },
    ],
    [
      'MISC_CHECK fails at once, and has the time of delay_loop',
      'MISC_CHECK { misc_path "/bin/check \'a b\' c" }',
      { kind: 'command', command: ['/bin/check', 'a b', 'c'], every: '1m', timeout: '1m', rise: 1, fall: 1 },
    ],
    ['SMTP_CHECK', 'SMTP_CHECK { helo_name lvs.example }', { kind: 'smtp', helo: 'lvs.example', ...usual }],
    ['PING_CHECK', 'PING_CHECK {\n}', { kind: 'icmp', ...usual }],
    [
      'UDP_CHECK with groups of digits',
      'UDP_CHECK {\npayload "Ab12f 3 456"\nrequire_reply 0a\n}',
      { kind: 'udp', send: 'Ab120f034506', expect: '0a', encoding: 'hex', ...usual },
    ],
    [
      'where it connects to, and when',
      'TCP_CHECK {\nconnect_ip 198.51.100.7\nbindto 198.51.100.8\nretry 0\ndelay_loop 2.5\nconnect_timeout 0.5\n}',
      {
        kind: 'tcp',
        connectTo: '198.51.100.7',
        bind: '198.51.100.8',
        every: '2500ms',
        timeout: '500ms',
        rise: 1,
        fall: 1,
      },
    ],
  ];
  for (const [name, checker, check] of cases) {
    test(name, async () => assert.deepEqual(await checkOf(checker), check));
  }

  test('settings of the checker win over those of the server, and these over those of the service', async () => {
    const check = await checkOf(
      'retry 4\ndelay_before_retry 3\nTCP_CHECK { retry 5 }',
      'retry 3\ndelay_loop 9\ndelay_before_retry 2',
    );
    assert.deepEqual(check, { kind: 'tcp', every: '9s', timeout: '5s', rise: 1, fall: 6, fastEvery: '3s' });
  });

  test('options that servers do not have alike stand at the servers', async () => {
    const second = 'real_server 198.51.100.2 80 {\nTCP_CHECK { connect_port 82 }\n}';
    const { services } = await imported(service(second, 'TCP_CHECK { connect_port 81 }'));
    assert.deepEqual(services[0]?.check, {
      kind: 'tcp',
      every: '1m',
      timeout: '5s',
      rise: 1,
      fall: 2,
      fastEvery: '1s',
    });
    assert.deepEqual(services[0]?.servers, [
      { server: '198.51.100.2:80', check: { port: 82 } },
      { server: '198.51.100.1:80', check: { port: 81 } },
    ]);
  });

  test('servers with checks of several kinds, or without, have all options themselves', async () => {
    const { services } = await imported(service('real_server 198.51.100.2 80 {\n}', 'PING_CHECK {\n}'));
    assert.equal(services[0]?.check, undefined);
    assert.deepEqual(services[0]?.servers, [
      '198.51.100.2:80',
      { server: '198.51.100.1:80', check: { kind: 'icmp', ...usual } },
    ]);
  });

  test('what no check does is told with its line', async () => {
    const { remarks } = await imported(
      service(
        '',
        'HTTP_GET {\nurl {\npath /\nregex ^OK$\ndigest 00\n}\nurl {\npath /b\n}\nfwmark 3\n}\nBFD_CHECK {\n}\nnotify_up /bin/x',
      ),
    );
    assert.deepEqual(
      remarks.map((remark) => remark.split(':', 2).join(':')),
      ['7: regex', '8: digest', '10: url', '13: fwmark', '15: BFD_CHECK', '17: notify_up'],
    );
  });
});

describe('services of keepalived', () => {
  test('onDown, floor and initially follow inhibit_on_failure and alpha', async () => {
    const health = async (settings: string) =>
      (await imported(service(settings, 'TCP_CHECK {\n}'))).services[0]?.health;
    assert.deepEqual(await health(''), { floor: '0%', onDown: 'remove' });
    assert.deepEqual(await health('alpha\ninhibit_on_failure'), {
      floor: '0%',
      onDown: 'weight-0',
      initially: 'down',
    });
    assert.deepEqual(await health('alpha off'), { floor: '0%', onDown: 'remove' });
  });

  test('quorum with programs, and a sorry server with a method of its own', async () => {
    const { services, remarks } = await imported(
      service(
        'quorum 4\nhysteresis 2\nquorum_up /bin/up\nquorum_down "/bin/down now" root\nsorry_server 198.51.100.9\nsorry_server_lvs_method DR',
      ),
    );
    assert.deepEqual(services[0]?.health, {
      floor: '0%',
      onDown: 'remove',
      sorry: { server: '198.51.100.9', method: 'dr' },
      quorum: { weight: 4, hysteresis: 2, up: ['/bin/up'], down: ['/bin/down', 'now'] },
    });
    assert.deepEqual(remarks, [
      '5: quorum_down: a program runs as the user of lvsadm',
      '6: sorry_server: gets the clients when no server is up, not when the quorum is lost',
    ]);
  });

  test('the protocol is UDP unless it is set, and ops is for UDP alone', async () => {
    const one = async (settings: string) => {
      const { services, remarks } = await imported(service(settings));
      return [services[0]?.service, services[0]?.onePacket, remarks];
    };
    assert.deepEqual(await one('ops'), ['udp://192.0.2.1:80', true, []]);
    assert.deepEqual(await one('lvs_sched rr ops\nprotocol TCP'), [
      'tcp://192.0.2.1:80',
      undefined,
      ['2: lvs_sched: ops is for UDP'],
    ]);
    assert.deepEqual(await one('ops no'), ['udp://192.0.2.1:80', undefined, []]);
  });

  test('ranges of a group, as last parts, addresses and networks', async () => {
    const group =
      'virtual_server_group G {\n192.0.2.1-2 80\n192.0.2.255-192.0.3.0 80\n2001:db8::1-2 80\n2001:db8::8/127 80\n}\n';
    const servers = 'lvs_method TUN\nreal_server 198.51.100.1 80 {\n}';
    const { services } = await imported(`${group}virtual_server group G {\n${servers}\n}\n`);
    assert.deepEqual(
      services.map((each) => each.service),
      [
        '192.0.2.1',
        '192.0.2.2',
        '192.0.2.255',
        '192.0.3.0',
        '[2001:db8::1]',
        '[2001:db8::2]',
        '[2001:db8::8]',
        '[2001:db8::9]',
      ].map((address) => `udp://${address}:80`),
    );
  });

  test('every port needs persistence, and gets it', async () => {
    const text =
      'virtual_server 192.0.2.1 {\nprotocol UDP\npersistence_timeout\nreal_server 198.51.100.1 {\n}\n}\n';
    const { services } = await imported(text);
    assert.deepEqual(
      [services[0]?.service, services[0]?.persistence],
      ['udp://192.0.2.1:0', { timeout: 360 }],
    );
    assert.deepEqual(await problemsOf(text.replace('persistence_timeout', '')), [
      'k.conf:1: virtual_server: the port is missing; a service of every port needs persistence_timeout',
    ]);
  });

  test('a server without a port is the same as one with the port of the service', async () => {
    const { services, remarks } = await imported(service('real_server 198.51.100.1 {\n}'));
    assert.deepEqual(services[0]?.servers, ['198.51.100.1']);
    assert.deepEqual(remarks, ['4: 198.51.100.1:80 stands here a second time']);
  });

  test('timeouts of the table, and everything else stays with keepalived', async () => {
    const { document, remarks } = await imported(
      `global_defs {\nlvs_timeouts tcp 900 udp 300\n}\nvrrp_instance V {\nauthentication {\nauth_pass hidden\n}\n}\n${service('')}`,
    );
    assert.deepEqual(document.timeouts, { tcp: 900, udp: 300 });
    assert.deepEqual(remarks, [
      '1: global_defs: stays with keepalived',
      '4: vrrp_instance: stays with keepalived',
    ]);
  });
});

describe('the text of a keepalived.conf', () => {
  const addresses = async (text: string) => {
    const { services } = await imported(`virtual_server 192.0.2.1 80 {\n}\n${text}`);
    return services.slice(1).map((each) => each.service);
  };

  test('definitions of one line and of several, within each other', async () => {
    const text = `$NET=192.0.\${MIDDLE}\n$MIDDLE=2\n$VS= \\\nvirtual_server \${NET}.$N 80 { \\\nprotocol $P \\\n}\n$N=7\n$P=UDP\n$VS\n$MIDDLE=9\n$N=8\n$VS\n`;
    assert.deepEqual(await addresses(text), ['udp://192.0.2.7:80', 'udp://192.0.9.8:80']);
  });

  test('sequences, forwards, backwards and in hexadecimal', async () => {
    const at = (sequence: string, address: string) =>
      addresses(`${sequence} virtual_server ${address} 80 { }\n`);
    assert.deepEqual(await at('~SEQ(N, 2)', `192.0.2.10\${N}`), [
      'udp://192.0.2.101:80',
      'udp://192.0.2.102:80',
    ]);
    assert.deepEqual(await at('~SEQ(N, 9, -4, 5)', `192.0.2.\${N}`), [
      'udp://192.0.2.9:80',
      'udp://192.0.2.5:80',
    ]);
    assert.deepEqual(await at('~SEQx(N, 0x1f, 0x20)', `2001:db8::\${N}`), [
      'udp://[2001:db8::1f]:80',
      'udp://[2001:db8::20]:80',
    ]);
  });

  test('a program without a user is told: keepalived has one of its own', async () => {
    const remarksFor = async (user: string) => {
      const check = `MISC_CHECK { misc_path /bin/check\n${user} }`;
      return (await imported(service('', check))).remarks;
    };
    assert.deepEqual(await remarksFor('user nobody'), []);
    assert.match((await remarksFor('')).join(), /misc_path: without user it runs as the user of lvsadm/);
  });

  test('a line with a condition is left out, and told', async () => {
    const { services, remarks } = await imported(`${service('')}@backup virtual_server 192.0.2.9 80 { }\n`);
    assert.equal(services.length, 1);
    assert.deepEqual(remarks, ["7: '@backup': a condition; the line is left out"]);
  });

  test('comments end outside of quotes only', async () => {
    const check = await checkOf('MISC_CHECK { ! why\nmisc_path "/bin/check #1 !" # so\n}');
    assert.deepEqual(check, {
      kind: 'command',
      command: ['/bin/check', '#1', '!'],
      every: '1m',
      timeout: '1m',
      rise: 1,
      fall: 1,
    });
  });

  const wrong: readonly (readonly [text: string, problem: string])[] = [
    [service('', 'weight heavy'), "k.conf:4: weight: 'heavy' is not a whole number from 0 to 2147483647"],
    [
      service('delay_loop soon', 'TCP_CHECK { }'),
      "k.conf:2: delay_loop: 'soon' is not a number of seconds, such as 3 or 0.5",
    ],
    [service('lvs_method MAGIC'), "k.conf:2: lvs_method: 'MAGIC' is not one of NAT, DR, TUN"],
    [service('protocol ICMP'), "k.conf:2: protocol: 'icmp' is not TCP, UDP or SCTP"],
    [
      'virtual_server 224.0.0.1 80 {\n}\n',
      "k.conf:1: virtual_server: '224.0.0.1' is a multicast address; name one machine's",
    ],
    ['virtual_server web 80 {\n}\n', "k.conf:1: virtual_server: 'web' is not an IPv4 or IPv6 address"],
    [
      'virtual_server group G {\n}\n',
      "k.conf:1: virtual_server: 'G' is not the name of a virtual_server_group",
    ],
    ['virtual_server 192.0.2.1 80 {\n', "k.conf:1: the block 'virtual_server' has no }"],
    ['virtual_server 192.0.2.1 80 {\n}\n}\n', 'k.conf:3: } without a {'],
    ['virtual_server 192.0.2.1 "80 {\n}\n', 'k.conf:1: a " without its end'],
    [
      'virtual_server 2001:db8::1 80 {\nreal_server 198.51.100.1 80 {\n}\n}\n',
      'k.conf:2: 198.51.100.1 is not of the family of its service: only TUN carries packets to a server of the other address family',
    ],
    [
      'include a[12].conf\n',
      "k.conf:1: include: 'a[12].conf' has other wildcards than * and ? in the name of a file; name the files",
    ],
    [
      '~LST(A, 1, 2) virtual_server 192.0.2.$A 80 { }\n',
      "k.conf:1: '~LST(A, 1, 2) virtual_server 192.0.2.$A 80 { }' is not a sequence such as ~SEQ(N, 1, 3) line",
    ],
  ];
  for (const [text, problem] of wrong) {
    test(`problem: ${problem}`, async () => assert.equal((await problemsOf(text))[0], problem));
  }

  test('small files that expand to huge ones are refused at once', async () => {
    const doubling = Array.from({ length: 30 }, (_, at) => `$A${at + 1}=\${A${at}} \${A${at}}`).join('\n');
    const lines = Array.from({ length: 30 }, (_, at) => `$B${at + 1}= \\\n$B${at} \\\n$B${at}`).join('\n');
    for (const text of [
      `$A0=x\n${doubling}\n$A30\n`,
      `$B0=x\n${lines}\n$B30\n`,
      '$A=$A\n$A\n',
      '~SEQ(A, 999999999) x\n',
      '~SEQ(A, 9999) ~SEQ(B, 9999) ~SEQ(C, 9999) $D=x\n',
    ]) {
      const start = performance.now();
      assert.match((await problemsOf(text))[0] ?? '', /refer to themselves|expand/, text.slice(0, 40));
      assert.ok(performance.now() - start < 20_000);
    }
    const wide = 'virtual_server_group G {\n10.0.0.0/8 80\n}\nvirtual_server group G {\n}\n';
    assert.deepEqual(await problemsOf(wide), [
      'k.conf:2: 10.0.0.0/8: a range of 16777216 addresses; 65536 are the most',
    ]);
    assert.match(
      (await problemsOf(wide.replace('/8', '/16')))[0] ?? '',
      /65536 services with 0 servers; 10000 with 100000 are the most/,
    );
  });
});
