import assert from 'node:assert/strict';
import { BlockList, isIPv4, isIPv6, SocketAddress } from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { ValueError } from '../../src/errors.js';
import {
  addressBytes,
  addressOrder,
  canonicalAddress,
  familyOf,
  formatAddress,
  formatEndpoint,
  isIpv4,
  isIpv6,
} from '../../src/model/address.js';
import { hex } from '../support/wire.js';

/** RFC 5952, section by section, and what inet_ntop(3) makes of addresses that hold an IPv4 one. */
const canonical: Readonly<Record<string, string>> = {
  // 1, 2: one address in many spellings
  '2001:db8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
  '2001:0db8:0:0:1:0:0:1': '2001:db8::1:0:0:1',
  '2001:db8::1:0:0:1': '2001:db8::1:0:0:1',
  '2001:db8::0:1:0:0:1': '2001:db8::1:0:0:1',
  '2001:0db8::1:0:0:1': '2001:db8::1:0:0:1',
  '2001:db8:0:0:1::1': '2001:db8::1:0:0:1',
  '2001:DB8:0:0:1::1': '2001:db8::1:0:0:1',
  // 4.1: no leading zeros
  '2001:0db8::0001': '2001:db8::1',
  // 4.2.1: as short as can be
  '2001:db8:0:0:0:0:2:1': '2001:db8::2:1',
  '2001:db8::0:1': '2001:db8::1',
  // 4.2.2: not for a single group
  '2001:db8::1:1:1:1:1': '2001:db8:0:1:1:1:1:1',
  // 4.2.3: the longest run, the first of equals
  '2001:0:0:1:0:0:0:1': '2001:0:0:1::1',
  '1:0:0:2:3:0:0:4': '1::2:3:0:0:4',
  // 4.3: lower case
  '2001:DB8:AAAA:BBBB:CCCC:DDDD:EEEE:AAAA': '2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaaa',
  // 5: an IPv4 address within
  '::ffff:c000:0201': '::ffff:192.0.2.1',
  '::FFFF:192.0.2.1': '::ffff:192.0.2.1',
  '::c000:0201': '::192.0.2.1',
  '64:ff9b::192.0.2.33': '64:ff9b::c000:221',
  // the ends
  '::': '::',
  '0:0:0:0:0:0:0:0': '::',
  '::1': '::1',
  '0:0:0:0:0:0:0:1': '::1',
  'fe80::': 'fe80::',
  'fe80:0:0:0:0:0:0:0': 'fe80::',
  '1:0:0:0:0:0:0:0': '1::',
  '1:2:3:4:5:6:0:0': '1:2:3:4:5:6::',
  '0:0:3:4:5:6:7:8': '::3:4:5:6:7:8',
  '0:2:3:4:5:6:7:8': '0:2:3:4:5:6:7:8',
  '1:2:3:4:5:6:7:0': '1:2:3:4:5:6:7:0',
  // IPv4 is as it is
  '192.0.2.1': '192.0.2.1',
  '0.0.0.0': '0.0.0.0',
  '255.255.255.255': '255.255.255.255',
};

for (const [spelling, text] of Object.entries(canonical)) {
  test(`${spelling} is ${text}`, () => {
    assert.equal(canonicalAddress(spelling), text);
    assert.equal(canonicalAddress(text), text);
    assert.equal(formatAddress(addressBytes(spelling)), text);
  });
}

const wrong = [
  '',
  ' ',
  'localhost',
  '192.0.2',
  '192.0.2.256',
  '192.0.2.1.1',
  '192.0.2.01',
  '0x7f.0.0.1',
  ' 192.0.2.1',
  '192.0.2.1/24',
  '192.0.2.1:80',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '2001:db8:0:0:1:0:0:1:',
  '12345::',
  '::g',
  '[::1]',
  'fe80::1%eth0',
  '::192.0.2.256',
];

for (const text of wrong) {
  test(`'${text}' is no address`, () => {
    const error = new ValueError('VIP', text, 'an IPv4 or IPv6 address');
    assert.throws(() => canonicalAddress(text, 'VIP'), error);
    assert.throws(() => addressBytes(text, 'VIP'), error);
  });
}

const v4Bytes = fc.uint8Array({ minLength: 4, maxLength: 4 });
/** Zeros are as frequent as they are in real addresses, so that every form of `::` comes up. */
const v6Bytes = fc
  .array(fc.oneof(fc.constant(0), fc.constant(0xffff), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff])));

test('bytes survive their text, and the text is canonical', () => {
  fc.assert(
    fc.property(fc.oneof(v4Bytes, v6Bytes), (bytes) => {
      const text = formatAddress(bytes);
      assert.equal(hex(addressBytes(text)), hex(bytes));
      assert.equal(canonicalAddress(text), text);
    }),
  );
});

test('Node’s own address parser reads every IPv6 text as the same address', () => {
  fc.assert(
    fc.property(v6Bytes, (bytes) => {
      const text = formatAddress(bytes);
      const full = (hex(bytes).match(/.{4}/g) ?? []).join(':');
      assert.ok(isIPv6(text));
      const list = new BlockList();
      list.addAddress(new SocketAddress({ address: text, family: 'ipv6' }));
      assert.ok(list.check(new SocketAddress({ address: full, family: 'ipv6' })), `${text} is ${full}`);
    }),
  );
});

test('however an address is spelled, its canonical text is the same', () => {
  fc.assert(
    fc.property(fc.ipV6(), (spelling) => {
      const text = canonicalAddress(spelling);
      assert.equal(hex(addressBytes(spelling)), hex(addressBytes(text)));
      assert.equal(canonicalAddress(text.toUpperCase()), text);
    }),
  );
});

test('an address in the middle of a message is read in place', () => {
  const bytes = Uint8Array.of(9, 9, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  assert.equal(formatAddress(bytes, 2, 'inet'), '192.0.2.1');
  assert.equal(formatAddress(bytes, 2, 'inet6'), 'c000:201::');
});

test('addresses are recognised as by Node', () => {
  const piece = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom('::', ':', '.', '0', '1', '255', '256', 'ffff', 'dB8', '00', '%', 'g'),
    },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 99999 }).map(String) },
    { weight: 1, arbitrary: fc.oneof(v4Bytes, v6Bytes).map((bytes) => formatAddress(bytes)) },
    { weight: 1, arbitrary: fc.string({ maxLength: 2 }) },
  );
  const texts = fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(texts, (text) => {
      assert.equal(isIpv4(text), isIPv4(text));
      assert.equal(isIpv6(text), isIPv6(text) && !text.includes('%'));
    }),
    { numRuns: 5000 },
  );
  // One change to what is an address.
  fc.assert(
    fc.property(
      fc.oneof(v4Bytes, v6Bytes),
      fc.nat(40),
      fc.constantFrom('', ':', '.', '0', 'a', '::'),
      (bytes, at, put) => {
        const text = formatAddress(bytes);
        const near = text.slice(0, at) + put + text.slice(at + 1);
        assert.equal(isIpv4(near), isIPv4(near), near);
        assert.equal(isIpv6(near), isIPv6(near), near);
      },
    ),
    { numRuns: 5000 },
  );
});

test('order is numeric within a family, also where bytes pass 127 and numbers 2^31', () => {
  const sorted = [
    '0.0.0.0',
    '9.0.0.0',
    '10.0.0.0',
    '127.255.255.255',
    '128.0.0.0',
    '192.0.2.9',
    '192.0.2.10',
    '255.0.0.1',
  ];
  assert.deepEqual(
    [...sorted].reverse().sort((a, b) => (addressOrder(a) < addressOrder(b) ? -1 : 1)),
    sorted,
  );
  fc.assert(
    fc.property(fc.tuple(v6Bytes, v6Bytes), ([a, b]) => {
      const [first, second] = [addressOrder(formatAddress(a)), addressOrder(formatAddress(b))];
      assert.equal(first < second, Buffer.compare(a, b) < 0);
      assert.equal(first === second, Buffer.compare(a, b) === 0);
    }),
  );
});

test('an endpoint puts IPv6 in brackets', () => {
  assert.equal(formatEndpoint('192.0.2.1', 80), '192.0.2.1:80');
  assert.equal(formatEndpoint('2001:db8::1', 0), '[2001:db8::1]:0');
  assert.equal(familyOf('192.0.2.1'), 'inet');
  assert.equal(familyOf('::ffff:192.0.2.1'), 'inet6');
});
