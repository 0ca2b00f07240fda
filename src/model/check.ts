/**
 * Checks of real servers, as data: the kinds and their options. From a row follow the key of documents with its range and default,
 * the type that the check reads, the JSON Schema, and the row in docs/checks.md.
 */
import { INTERFACE, interfacePattern } from './interface.js';
import { portRange } from './limits.js';
import type { Options, ValuesOf } from './option.js';

/** The link from which path checks come. */
const legOptions = {
  address: {
    value: 'addresses',
    required: true,
    about:
      'Free address in the network of the servers, with the length of the network; or a list with one of each family.',
    example: '198.51.100.250/24',
  },
  device: {
    value: 'text',
    pattern: interfacePattern,
    noun: INTERFACE,
    about: 'Interface of this machine in that network (default: the one that leads to the server).',
    example: 'eth1',
  },
  gateway: {
    value: 'address',
    about: 'Gateway to servers behind tunnels outside of that network (default: none).',
    example: '198.51.100.1',
  },
  link: {
    value: 'word',
    words: ['macvlan', 'ipvlan'],
    default: 'macvlan',
    about: 'Kind of the link; `ipvlan` has the MAC address of the interface.',
    example: 'ipvlan',
  },
} as const satisfies Options;

/** Which way a check goes: options of the kinds over TCP and UDP. */
export const pathOptions = {
  through: {
    value: 'word',
    words: ['server', 'path'],
    about:
      '`server`: to the address of the server (default); `path`: to the virtual address, by way of the server (DR, TUN).',
    example: 'path',
  },
  leg: {
    value: 'group',
    options: legOptions,
    about: 'Link from which checks with `through: path` come.',
    example: '{ address: 198.51.100.250/24 }',
  },
} as const satisfies Options;

export type Leg = ValuesOf<typeof legOptions>;

/** The kinds that can go through a path. */
const pathKinds = ['tcp', 'tls', 'http', 'https', 'dns', 'udp', 'smtp', 'grpc'] as const;

/** What no line of a request may have: control characters, such as those that end it. */
const line = /^[^\p{Cc}]{1,1024}$/u;

/** Text to send or to wait for, 16 KiB at most; it may have line ends. */
const payload = /^[\s\S]{1,16384}$/;

const absolutePath = /^\/[^\p{Cc}]{0,4095}$/u;

/** Where a check goes: to the server's own address and port if nothing else is set. */
export const targetOptions = {
  connectTo: {
    value: 'address',
    about: "Address to check instead of the server's own.",
    example: '198.51.100.7',
  },
  port: {
    value: 'integer',
    ...portRange,
    about: "Port to check (default: the server's; if that is 0, the port that the kind usually has).",
    example: '8081',
  },
  bind: { value: 'address', about: 'Local address that the check comes from.', example: '198.51.100.254' },
} as const satisfies Options;

/** When a check runs, and how many results change the state of a server. */
export const timingOptions = {
  every: {
    value: 'duration',
    min: 100,
    max: 86_400_000,
    default: 2000,
    about: 'Time from the start of one check to the start of the next.',
    example: '5s',
  },
  timeout: {
    value: 'duration',
    min: 10,
    max: 600_000,
    default: 1000,
    about: 'Time after which a check without a result has failed.',
    example: '500ms',
  },
  rise: {
    value: 'integer',
    min: 1,
    max: 1000,
    unit: 'checks',
    default: 2,
    about: 'Successes in a row after which a server that is down is up.',
    example: '3',
  },
  fall: {
    value: 'integer',
    min: 1,
    max: 1000,
    unit: 'checks',
    default: 3,
    about: 'Failures in a row after which a server that is up is down.',
    example: '2',
  },
  fastEvery: {
    value: 'duration',
    min: 100,
    max: 86_400_000,
    about: 'The same as `every`, while a server is failing or rising (default: `every`).',
    example: '500ms',
  },
  jitter: {
    value: 'percent',
    min: 0,
    max: 50,
    default: 10,
    about: 'Share of `every` by which each pause is varied at random, so that checks spread.',
    example: '20%',
  },
} as const satisfies Options;

const tls = {
  name: {
    value: 'text',
    pattern: /^[\w.*:-]{1,253}$/,
    noun: 'a host name',
    about: 'Name that is asked for (SNI), and that a verified certificate must have (default: no SNI).',
    example: 'www.example.com',
  },
  verify: {
    value: 'switch',
    default: false,
    about: 'Verify the chain of certificates, their dates and the name.',
    example: 'true',
  },
  ca: {
    value: 'text',
    pattern: absolutePath,
    noun: 'the absolute path of a file',
    about: 'File with the certificates (PEM) that `verify` trusts (default: those of the runtime).',
    example: '/etc/ssl/lan.pem',
  },
  days: {
    value: 'integer',
    min: 0,
    max: 3650,
    unit: 'days',
    default: 0,
    about: 'Time for which the certificate must still be valid; 0: not checked.',
    example: '7',
  },
} as const satisfies Options;

const tlsGroup = {
  value: 'group',
  options: tls,
  example: '{ name: www.example.com, verify: true }',
} as const;

const exchange = {
  send: {
    value: 'text',
    pattern: payload,
    noun: 'a text of at most 16384 characters',
    about: 'Text to send; with `encoding: hex` bytes (default: nothing).',
    example: '"PING\\r\\n"',
  },
  expect: {
    value: 'text',
    pattern: payload,
    noun: 'a text of at most 16384 characters',
    about: 'Text that must be in the answer; with `encoding: hex` bytes (default: no answer is read).',
    example: '"+PONG"',
  },
  encoding: {
    value: 'word',
    words: ['text', 'hex'],
    default: 'text',
    about: '`text`: UTF-8; `hex`: two hexadecimal digits a byte.',
    example: 'hex',
  },
} as const satisfies Options;

const http = {
  method: {
    value: 'word',
    words: ['GET', 'HEAD', 'OPTIONS', 'POST'],
    default: 'GET',
    about: 'Method of the request.',
    example: 'HEAD',
  },
  path: {
    value: 'text',
    pattern: /^\/[\x21-\x7e]{0,2047}$/,
    noun: 'a path such as /healthz',
    default: '/',
    about: 'Path and query of the request.',
    example: '/healthz',
  },
  host: {
    value: 'text',
    pattern: /^[\w.:[\]-]{1,253}$/,
    noun: 'a host name, with a port if need be',
    about: 'The Host header (default: the name of `tls`, or else the address and port that are checked).',
    example: 'www.example.com',
  },
  headers: {
    value: 'headers',
    about: 'Further headers of the request.',
    example: '{ X-Probe: lvs }',
  },
  expect: {
    value: 'statuses',
    default: [{ min: 200, max: 299 }],
    about: 'Status codes that are a success.',
    example: '[200-299, 401]',
  },
  text: {
    value: 'text',
    pattern: payload,
    noun: 'a text of at most 16384 characters',
    about: 'Text that must be in the first 64 KiB of the body (default: the body is not read).',
    example: 'ready',
  },
  json: {
    value: 'group',
    about: 'Value that a body in JSON, of at most 64 KiB, must have (default: the body is not read).',
    example: '{ pointer: /status, value: UP }',
    options: {
      pointer: {
        value: 'text',
        pattern: /^(?:\/(?:[^~/\p{Cc}]|~[01])*){0,64}$/u,
        noun: 'a JSON pointer such as /status',
        required: true,
        about: 'Place of the value, as a JSON pointer (RFC 6901).',
        example: '/status',
      },
      value: { value: 'scalar', required: true, about: 'The value that must be there.', example: 'UP' },
    },
  },
} as const satisfies Options;

const dnsTypes = ['A', 'AAAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT'] as const;
const rcodes = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'] as const;

/** Each kind: its sentence, the port it has if the server has none (0: it needs none), and its own options. */
export const checkKinds = {
  tcp: { about: 'A TCP connection is accepted.', options: exchange },
  tls: {
    about: 'A TLS handshake succeeds.',
    usualPort: 443,
    options: { tls: { ...tlsGroup, about: 'Settings of the handshake.' } },
  },
  http: { about: 'An HTTP/1.1 request is answered as expected.', usualPort: 80, options: http },
  https: {
    about: 'An HTTP/1.1 request over TLS is answered as expected.',
    usualPort: 443,
    options: { ...http, tls: { ...tlsGroup, about: 'Settings of the handshake.' } },
  },
  dns: {
    about: 'A DNS query over UDP is answered as expected; over TCP if the answer is truncated.',
    usualPort: 53,
    options: {
      name: {
        value: 'text',
        pattern: /^(?:\.|(?:[\w-]{1,63}\.){0,126}[\w-]{1,63}\.?)$/,
        noun: 'a domain name',
        default: '.',
        about: 'Name to ask for.',
        example: 'www.example.com',
      },
      type: { value: 'word', words: dnsTypes, default: 'SOA', about: 'Type of the record.', example: 'A' },
      rcode: {
        value: 'word',
        words: rcodes,
        default: 'NOERROR',
        about: 'Response code that is a success.',
        example: 'NXDOMAIN',
      },
      answer: {
        value: 'text',
        pattern: line,
        noun: 'a text in one line',
        about:
          'Text of a record that must be among the answers: an address, a name, the text of TXT (default: any answer).',
        example: '192.0.2.10',
      },
    },
  },
  udp: {
    about: 'A datagram is answered as expected, or not refused by ICMP if no answer is expected.',
    options: exchange,
  },
  smtp: {
    about: 'A mail server greets with 220, and answers EHLO with 250.',
    usualPort: 25,
    options: {
      helo: {
        value: 'text',
        pattern: /^[\w.:[\]-]{1,253}$/,
        noun: 'a host name',
        default: 'localhost',
        about: 'Name that EHLO gives.',
        example: 'lvs1.example.com',
      },
    },
  },
  icmp: { about: 'An ICMP echo request is answered.', usualPort: 0, options: {} },
  grpc: {
    about: "gRPC's health protocol answers SERVING, over HTTP/2 without TLS unless `tls` is there.",
    options: {
      service: {
        value: 'text',
        pattern: line,
        noun: 'the name of a gRPC service',
        about: 'Name of the service (default: the whole server).',
        example: 'shop.Cart',
      },
      tls: { ...tlsGroup, about: 'Settings of the handshake (default: no TLS).' },
    },
  },
  command: {
    about:
      'A program ends with status 0. A whole number from 0 to 100 in its first line of output is the weight in percent.',
    usualPort: 0,
    options: {
      command: {
        value: 'command',
        required: true,
        about: 'The program by its absolute path, and its arguments; no shell is involved.',
        example: '[/usr/local/bin/check-db, --quick]',
      },
      user: {
        value: 'text',
        pattern: /^[a-z_][\w-]{0,31}$/i,
        noun: 'the name of a user',
        about: 'User that runs the program (default: the user of lvsadm).',
        example: 'nobody',
      },
    },
  },
  file: {
    about:
      'A file is there, such as a file for maintenance. A whole number from 0 to 100 in its first line is the weight in percent.',
    usualPort: 0,
    options: {
      path: {
        value: 'text',
        pattern: absolutePath,
        noun: 'the absolute path of a file',
        required: true,
        about: 'The file.',
        example: '/run/lvs/web1.up',
      },
      present: {
        value: 'word',
        words: ['up', 'down'],
        default: 'up',
        about: 'State of the server while the file is there; the other one while it is not.',
        example: 'down',
      },
    },
  },
  agent: {
    about: "HAProxy's agent check: the server answers a connection with a line of words.",
    options: {
      send: {
        value: 'text',
        pattern: payload,
        noun: 'a text of at most 16384 characters',
        about: 'Text to send after the connection (default: nothing).',
        example: '"web1\\n"',
      },
    },
  },
} as const satisfies Readonly<
  Record<string, { readonly about: string; readonly usualPort?: number; readonly options: Options }>
>;

export type CheckKind = keyof typeof checkKinds;
type PathKind = (typeof pathKinds)[number];
export const checkKindNames = Object.keys(checkKinds) as readonly CheckKind[];

/** All options of a kind, in the order of the manual. */
export const optionsOfKind = (kind: CheckKind): Options => ({
  ...checkKinds[kind].options,
  ...targetOptions,
  ...(isPathKind(kind) && pathOptions),
  ...timingOptions,
});

const isPathKind = (kind: CheckKind): kind is PathKind => (pathKinds as readonly CheckKind[]).includes(kind);

/** When a check runs. Durations in milliseconds, jitter in percent. */
export type Timing = ValuesOf<typeof timingOptions>;
export type Target = ValuesOf<typeof targetOptions>;

/** A check of one kind with its options, defaults filled in. */
export type CheckOf<K extends CheckKind> = { readonly kind: K } & ValuesOf<
  (typeof checkKinds)[K]['options']
> &
  Target &
  (K extends PathKind ? ValuesOf<typeof pathOptions> : unknown) &
  Timing;

/** A check of a real server: `kind` tells the options. */
export type Check = { [K in CheckKind]: CheckOf<K> }[CheckKind];

/** Settings of a TLS handshake. */
export type TlsSettings = ValuesOf<typeof tls>;

/** The leg of a check that goes through a path; undefined for all others, and if the document has none. */
export const pathLeg = (check: Check): Leg | undefined =>
  goesThroughPath(check) && 'leg' in check ? check.leg : undefined;

export const goesThroughPath = (check: Check): boolean => 'through' in check && check.through === 'path';
