/** Random configurations of keepalived and ldirectord: right settings, wrong ones, and some in the wrong place. */
import fc from 'fast-check';

/** Mostly the first words; seldom the last, which are wrong. */
const oneOf = (right: readonly string[], wrong: readonly string[] = []) =>
  fc.oneof(
    { weight: 60, arbitrary: fc.constantFrom(...right) },
    ...(wrong.length > 0 ? [{ weight: 1, arbitrary: fc.constantFrom(...wrong) }] : []),
  );

const seconds = oneOf(['1', '0.5', '6', '60', '0.01', '99999'], ['-1', 'soon']);
const count = oneOf(['0', '1', '2', '10', '2000'], ['-1', 'x', '99999999999']);
const port = oneOf(['80', '443', '5353', '0'], ['65536', 'http']);
const text = oneOf(['/', '/health', 'OK', '^OK$', 'a b', 'www.example.com', '0a ff', '"quoted # text"', 'ä']);
const truth = oneOf(['', 'on', 'no', 'true'], ['maybe']);

/** `name value` for a table of values. */
const lines = (table: Readonly<Record<string, fc.Arbitrary<string>>>, maxLength: number) =>
  fc
    .array(
      fc.oneof(
        ...Object.entries(table).map(([name, value]) => value.map((each) => `${name} ${each}`.trim())),
      ),
      { maxLength },
    )
    .map((each) => each.join('\n'));

const timing = {
  delay_loop: seconds,
  connect_timeout: seconds,
  retry: count,
  delay_before_retry: seconds,
  warmup: seconds,
  alpha: truth,
};

const checker = fc
  .tuple(
    fc.constantFrom(
      'TCP_CHECK',
      'HTTP_GET',
      'SSL_GET',
      'SMTP_CHECK',
      'DNS_CHECK',
      'PING_CHECK',
      'UDP_CHECK',
      'BFD_CHECK',
      'FILE_CHECK',
    ),
    lines(
      {
        ...timing,
        connect_ip: oneOf(['198.51.100.7', '2001:db8::7'], ['there']),
        connect_port: oneOf(['80', '8080'], ['0']),
        bindto: oneOf(['198.51.100.254']),
        helo_name: text,
        name: text,
        type: oneOf(['A', 'txt', 'ANY']),
        payload: text,
        require_reply: text,
        enable_sni: truth,
        fwmark: count,
        'url {\n': lines(
          { path: text, status_code: oneOf(['200', '200-299 404', '999']), regex: text, virtualhost: text },
          4,
        ).map((each) => `${each}\n}`),
        'host {\n': lines({ connect_port: oneOf(['25']), bindto: oneOf(['198.51.100.254']) }, 2).map(
          (each) => `${each}\n}`,
        ),
      },
      6,
    ),
  )
  .map(([name, settings]) => `${name} {\n${settings}\n}`);

const misc = lines(
  { misc_path: oneOf(['/bin/true', '"/bin/check a \'b c\'"'], ['check']), user: text, ...timing },
  3,
).map((settings) => `MISC_CHECK {\nmisc_path /bin/true\n${settings}\n}`);

const realServer = fc
  .tuple(
    oneOf(['198.51.100.1', '198.51.100.2', '198.51.100.3'], ['2001:db8::1', '224.0.0.1', 'name']),
    fc.oneof(port, fc.constant('')),
    lines(
      {
        ...timing,
        weight: count,
        lvs_method: oneOf(
          ['DR', 'NAT', 'TUN', 'TUN type gre csum', 'TUN type gue port 6080'],
          ['TUN type gue', 'MAGIC'],
        ),
        uthreshold: count,
        lthreshold: count,
        inhibit_on_failure: truth,
        notify_up: text,
        nonsense: text,
      },
      4,
    ),
    fc.array(fc.oneof(checker, misc), { maxLength: 2 }),
  )
  .map(
    ([address, number, settings, checks]) =>
      `real_server ${address} ${number} {\n${settings}\n${checks.join('\n')}\n}`,
  );

const virtualServer = fc
  .tuple(
    oneOf(
      ['192.0.2.1 80', '192.0.2.2 443', 'fwmark 7', 'group G', '192.0.2.3'],
      ['2001:db8::9 80', 'group H', 'fwmark 0'],
    ),
    lines(
      {
        ...timing,
        lvs_sched: oneOf(['wlc', 'sh', 'mh', 'rr ops', 'sh sh-port']),
        'mh-port': oneOf(['']),
        ops: truth,
        lvs_method: oneOf(['DR', 'NAT', 'TUN']),
        protocol: oneOf(['TCP', 'udp'], ['ICMP']),
        persistence_timeout: oneOf(['', '60'], ['9999999']),
        persistence_granularity: oneOf(['255.255.255.0', '24']),
        quorum: count,
        hysteresis: count,
        quorum_up: text,
        quorum_down: oneOf(['/bin/true', '"/bin/true x" user']),
        sorry_server: oneOf(['198.51.100.1 80', '198.51.100.99 80', '198.51.100.99']),
        sorry_server_lvs_method: oneOf(['NAT', 'TUN type gre']),
        ha_suspend: oneOf(['']),
        virtualhost: text,
        inhibit_on_failure: truth,
      },
      6,
    ),
    fc.array(realServer, { maxLength: 3 }),
  )
  .map(
    ([identity, settings, servers]) =>
      `virtual_server ${identity} {\n${settings}\n${servers.join('\n')}\n}\n`,
  );

const group = 'virtual_server_group G {\n192.0.2.20 80\n192.0.2.30-32 80\n192.0.2.40/30 81\nfwmark 9\n}\n';

export const arbitraryKeepalived = fc
  .array(virtualServer, { minLength: 1, maxLength: 3 })
  .map((servers) => group + servers.join(''));

const settings = (table: Readonly<Record<string, fc.Arbitrary<string>>>, indent: string, maxLength: number) =>
  fc
    .array(
      fc.oneof(
        ...Object.entries(table).map(([name, value]) => value.map((each) => `${indent}${name} = ${each}\n`)),
      ),
      { maxLength },
    )
    .map((each) => each.join(''));

const whole = oneOf(['1', '3', '30', '900000'], ['0', 'soon']);
const yesNo = oneOf(['yes', 'no'], ['maybe']);

const common = {
  checktimeout: whole,
  negotiatetimeout: whole,
  checkcount: whole,
  failurecount: whole,
  checkinterval: whole,
  quiescent: yesNo,
  cleanstop: yesNo,
  fallback: oneOf(['127.0.0.1:80', '198.51.100.9 masq', '198.51.100.1:80 gate'], ['[::1]:80', 'x y z']),
  emailalert: text,
};

const real = fc
  .tuple(
    oneOf(
      ['198.51.100.1:80', '198.51.100.2', '198.51.100.3->198.51.100.5:81', 'web1:http'],
      ['web1->web3', '[2001:db8::1]:80', '0.0.0.0'],
    ),
    oneOf(['gate', 'masq 3', 'ipip 0', 'masq 2 "/x", "OK"', 'masq "a", "b.*"'], ['magic', 'gate "x']),
  )
  .map((parts) => parts.join(' '));

const virtual = fc
  .tuple(
    oneOf(
      ['192.0.2.1:80', '192.0.2.2:53', 'www.example.com:https', '7', '192.0.2.3:25', '192.0.2.4:3306'],
      ['0', '[2001:db8::1]:80', 'x'],
    ),
    settings(
      {
        ...common,
        real,
        checktype: oneOf(['connect', 'negotiate', 'ping', 'external', 'off', 'on', '5'], ['magic']),
        service: oneOf(
          ['http', 'https', 'dns', 'smtp', 'simpletcp', 'none', 'imaps', 'mysql', 'sip'],
          ['magic'],
        ),
        checkport: oneOf(['81'], ['0']),
        checkcommand: oneOf(['"/bin/check"', '/bin/check'], ['check']),
        request: text.map((each) => `"${each}"`),
        receive: text.map((each) => `"${each}"`),
        virtualhost: text,
        httpmethod: oneOf(['GET', 'head']),
        scheduler: oneOf(['wlc', 'sh']),
        persistent: oneOf(['60'], ['0']),
        netmask: oneOf(['255.255.255.0'], ['x']),
        ops: yesNo,
        login: text,
      },
      '    ',
      9,
    ),
  )
  .map(([identity, rest]) => `virtual = ${identity}\n${rest}`);

export const arbitraryLdirectord = fc
  .tuple(
    settings({ ...common, fork: yesNo, logfile: text }, '', 3),
    fc.array(virtual, { minLength: 1, maxLength: 3 }),
  )
  .map(([global, services]) => global + services.join('\n'));
