import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import fc from 'fast-check';
import { isIP } from '../../src/model/ip.js';

const sameAsNode = (text: string) => assert.equal(isIP(text), net.isIP(text), JSON.stringify(text));

test('an address is what it is to Node', () => {
  for (const text of [
    '192.0.2.1',
    '0.0.0.0',
    '255.255.255.255',
    '256.0.0.1',
    '01.2.3.4',
    '1.2.3',
    '1.2.3.4.',
    '1.2.3.4\n',
    ' 1.2.3.4',
    '::',
    '::1',
    '1::',
    ':',
    ':::',
    '',
    '1:2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7::',
    '::2:3:4:5:6:7:8',
    '1:2:3:4::5:6:7:8',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1::2::3',
    '2001:DB8::a',
    '12345::',
    '::g',
    '::ffff:192.0.2.1',
    '64:ff9b::192.0.2.33',
    '1:2:3:4:5:6:192.0.2.1',
    '1:2:3:4:5:6:7:192.0.2.1',
    '192.0.2.1::',
    '::192.0.2.1:1',
    'fe80::1%eth0',
    'fe80::1%',
    '1.2.3.4%eth0',
    '[::1]',
    '::1/64',
  ])
    sameAsNode(text);
});

test('so are addresses that were made by chance, and what is nearly one', () => {
  const piece = fc.constantFrom(':', '::', '.', '0', '1', '25', '255', '256', 'a', 'ffff', '10000', '192.0.2.1');
  fc.assert(
    fc.property(
      fc.oneof(fc.ipV4(), fc.ipV6(), fc.array(piece, { maxLength: 17 }).map((pieces) => pieces.join(''))),
      sameAsNode,
    ),
    { numRuns: 3000 },
  );
});
