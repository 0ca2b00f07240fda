// What each setting of ldirectord becomes. The comments and the defaults are those of docs/import.md.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { importLdirectord } from '../../../src/document/import/ldirectord/read.js';
import { DocumentError } from '../../../src/errors.js';

async function imported(text: string) {
  const { document, remarks, remarksOn } = await importLdirectord({ file: 'l.cf', text });
  const all = [...remarks, ...[...remarksOn.values()].flat()];
  return { services: document.services, remarks: all.map(({ place, text: why }) => `${place.line}: ${why}`) };
}

async function problemsOf(text: string): Promise<string[]> {
  const error = await importLdirectord({ file: 'l.cf', text }).then(
    () => undefined,
    (each) => each,
  );
  assert.ok(error instanceof DocumentError, `${error}`);
  return error.message.split('\n');
}

/** A service with one server and these settings. */
const service = (virtual: string, ...settings: readonly string[]) =>
  ['real = 198.51.100.1 gate', ...settings].reduce(
    (text, line) => `${text}    ${line}\n`,
    `virtual = ${virtual}\n`,
  );

const checkOf = async (virtual: string, ...settings: readonly string[]) =>
  (await imported(service(virtual, ...settings))).services[0]?.check;

describe('checks of ldirectord', () => {
  const negotiated = { every: '10s', timeout: '30s', rise: 1, fall: 1 };
  const connected = { ...negotiated, timeout: '5s' };
  const cases: readonly (readonly [
    name: string,
    virtual: string,
    settings: readonly string[],
    check: object | undefined,
  ])[] = [
    ['port 80 negotiates HTTP', '192.0.2.1:80', [], { kind: 'http', ...negotiated }],
    [
      'port https negotiates HTTPS',
      '192.0.2.1:https',
      ['request = "x"'],
      { kind: 'https', path: '/x', ...negotiated },
    ],
    [
      'port 53 negotiates DNS',
      '192.0.2.1:53',
      ['request = "a.example"', 'receive = "192.0.2.9"'],
      { kind: 'dns', name: 'a.example', type: 'A', answer: '192.0.2.9', ...negotiated },
    ],
    ['port 587 is mail', '192.0.2.1:587', [], { kind: 'smtp', ...negotiated }],
    ['other ports are not checked', '192.0.2.1:81', [], undefined],
    ['a mark is not checked', '7', [], undefined],
    [
      'connect',
      '192.0.2.1:81',
      ['checktype = connect', 'checkport = 82'],
      { kind: 'tcp', port: 82, ...connected },
    ],
    [
      'connect of UDP is a ping',
      '192.0.2.1:81',
      ['checktype = connect', 'protocol = udp'],
      { kind: 'icmp', ...connected },
    ],
    [
      'ping tries several times',
      '192.0.2.1:81',
      ['checktype = ping', 'checkcount = 3', 'failurecount = 2'],
      { kind: 'icmp', ...connected, fall: 6 },
    ],
    ['on', '192.0.2.1:80', ['checktype = on'], undefined],
    [
      'simpletcp',
      '192.0.2.1:81',
      ['service = simpletcp', 'request = "PING\\n"', 'receive = "\\+PONG"'],
      { kind: 'tcp', send: 'PING\n', expect: '+PONG', ...negotiated },
    ],
    [
      'external has the addresses as arguments',
      '192.0.2.1:81',
      ['checktype = external', 'checkcommand = "/bin/check -v"'],
      {
        kind: 'command',
        command: ['/bin/check', '-v', '192.0.2.1', '81', '198.51.100.1', '81'],
        ...connected,
      },
    ],
    [
      'one timeout stands for the other',
      '192.0.2.1:80',
      ['checktimeout = 7'],
      { kind: 'http', ...negotiated, timeout: '7s' },
    ],
    [
      'a request with an address and a port',
      '192.0.2.1:80',
      ['request = "http://198.51.100.9:8080/x"', 'httpmethod = head', 'virtualhost = "b.example"'],
      {
        kind: 'http',
        path: '/x',
        connectTo: '198.51.100.9',
        port: 8080,
        host: 'b.example',
        method: 'HEAD',
        ...negotiated,
      },
    ],
  ];
  for (const [name, virtual, settings, check] of cases) {
    test(name, async () => assert.deepEqual(await checkOf(virtual, ...settings), check));
  }

  test('a request of one server is its own', async () => {
    const { services } = await imported(
      service('192.0.2.1:80', 'real = 198.51.100.2 gate 3 "/b", "fine"', 'request = "/a"', 'receive = "OK"'),
    );
    assert.deepEqual(services[0]?.servers, [
      { server: '198.51.100.1', check: { path: '/a', text: 'OK' } },
      { server: '198.51.100.2', weight: 3, check: { path: '/b', text: 'fine' } },
    ]);
  });

  test('what no check does is told with its line, and no password is shown', async () => {
    const { services, remarks } = await imported(
      service(
        '192.0.2.1:3306',
        'login = "monitor"',
        'passwd = "hunter2"',
        'request = "SELECT 1"',
        'emailalert = "a@example.com"',
        'checkinterval = 3',
        'hm = 1',
      ),
    );
    assert.deepEqual(services[0]?.check, { kind: 'tcp', every: '10s', timeout: '30s', rise: 1, fall: 1 });
    assert.deepEqual(remarks, [
      '1: service: no check speaks mysql; kind tcp stands for it',
      '3: login: no check logs in; the value is left out',
      '4: passwd: no check logs in; the value is left out',
      '5: request: the check of kind tcp has none',
      '6: emailalert: lvsadm sends no mail',
      '7: checkinterval: without fork = yes, ldirectord takes that of all services',
      '8: hm: unknown here',
    ]);
  });
});

describe('services of ldirectord', () => {
  test('settings of all services, which those of one replace', async () => {
    const { services } = await imported(
      `quiescent = yes\nfallback = 127.0.0.1:80\nfork = yes\ncheckinterval = 4\n${service('192.0.2.1:80')}\n${service('192.0.2.2:80', 'quiescent = no', 'fallback = web9:http masq', 'checkinterval = 2')}`,
    );
    assert.deepEqual(
      services.map(({ health }) => health),
      [
        { floor: '0%', onDown: 'weight-0', sorry: { server: '127.0.0.1:80', method: 'dr' } },
        { floor: '0%', onDown: 'remove', sorry: { server: 'web9:http', method: 'nat' } },
      ],
    );
    assert.deepEqual(
      services.map(({ check }) => JSON.stringify(check).includes('"every":"4s"')),
      [true, false],
    );
  });

  test('names, marks and IPv6', async () => {
    const { services } = await imported(
      'virtual=www.example.com:http\n\treal=web1:8080 masq\nvirtual6=9\n\treal6=[2001:db8::1]:80 ipip\nvirtual6 = [2001:db8::9]:443\n\treal6 = [2001:db8::1] masq 2\n',
    );
    assert.deepEqual(
      services.map((each) => [each.service, each.defaults?.method, each.servers]),
      [
        ['tcp://www.example.com:http', 'nat', ['web1:8080']],
        ['fwmark://9/inet6', 'tun', ['[2001:db8::1]:80']],
        ['tcp://[2001:db8::9]:443', 'nat', [{ server: '2001:db8::1', weight: 2 }]],
      ],
    );
  });

  test('only masq changes the port', async () => {
    const { services, remarks } = await imported(
      'virtual = 192.0.2.1:80\n    real = 198.51.100.1:81 gate\n    real = 198.51.100.2:81 masq\n',
    );
    assert.deepEqual(services[0]?.servers, [
      { server: '198.51.100.1', method: 'dr' },
      { server: '198.51.100.2:81', method: 'nat' },
    ]);
    assert.deepEqual(remarks, ['2: real: only masq changes the port; it is that of the service, 80']);
  });

  test('a server that is not activated has weight 0', async () => {
    const { services } = await imported(service('192.0.2.1:80', 'checktype = off'));
    assert.deepEqual(services[0]?.servers, [{ server: '198.51.100.1', weight: 0 }]);
  });

  test('cleanstop that is on is a remark', async () => {
    const { remarks } = await imported(`cleanstop = yes\n${service('192.0.2.1:80', 'cleanstop = no')}`);
    assert.deepEqual(remarks, ['1: cleanstop: the table stays as it is at the end']);
  });

  const wrong: readonly (readonly [text: string, problem: string])[] = [
    [
      service('192.0.2.1:80', 'checktype = magic'),
      "l.cf:3: checktype: 'magic' is not one of connect, negotiate, ping, external, external-perl, off, on, or a number",
    ],
    [
      service('192.0.2.1:80', 'real = 198.51.100.2 nat'),
      "l.cf:3: real: 'nat' is not one of gate, masq, ipip",
    ],
    [
      service('192.0.2.1:80', 'real = web1->web3 gate'),
      'l.cf:3: real: a range goes from one address to another; these are names',
    ],
    [
      service('192.0.2.1:80', 'real = 198.51.100.9->198.51.100.2 gate'),
      'l.cf:3: real: the range ends at 198.51.100.2, before its start, 198.51.100.9',
    ],
    [service('192.0.2.1:80', 'quiescent = maybe'), "l.cf:3: quiescent: 'maybe' is not yes or no"],
    [
      service('192.0.2.1:80', 'persistent = 0'),
      "l.cf:3: persistent: '0' is not a whole number from 1 to 2678400",
    ],
    [service('[2001:db8::1]:80'), 'l.cf:1: virtual: 2001:db8::1 stands in virtual6'],
    [service('192.0.2.1:80', 'protocol = fwm'), "l.cf:1: virtual: protocol 'fwm' is not tcp or udp"],
    [
      '    real = 198.51.100.1 gate\nvirtual = 192.0.2.1:80\n',
      'l.cf:1: real: indented, but no virtual service is above it',
    ],
    ['virtual 192.0.2.1:80\n', "l.cf:1: 'virtual 192.0.2.1:80' is not a setting such as checktimeout = 5"],
  ];
  for (const [text, problem] of wrong) {
    test(`problem: ${problem}`, async () => assert.equal((await problemsOf(text))[0], problem));
  }
});
