import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ProtocolError } from '../../../src/errors.js';
import { scanConnections } from '../../../src/ipvs/connections/proc.js';
import { chunksOf, connectionsOf, header, plain, visits } from '../../support/connection-table.js';

describe('what is no connection table', () => {
  const fields = plain.split(/ +/);
  const withField = (index: number, text: string) => fields.with(index, text).join(' ');
  const sixth = '2001:0db8:0000:0000:0000:0000:0000:0001';

  const cases: readonly [name: string, line: string, message: string][] = [
    ['an empty line', '', 'protocol: expected a name, got nothing'],
    ['a line that begins with a space', ` ${plain}`, 'protocol: expected a name, got nothing'],
    [
      'a letter in an address',
      withField(1, '0A00000G'),
      "clientAddress: expected an address in hexadecimal, got '0A00000G'",
    ],
    [
      'a short address',
      withField(3, 'C00002'),
      "virtualAddress: expected an address in hexadecimal, got 'C00002'",
    ],
    [
      'a long address',
      withField(5, 'C63364070'),
      "destinationAddress: expected an address in hexadecimal, got 'C63364070'",
    ],
    [
      'an address in dots',
      withField(1, '10.0.0.1'),
      "clientAddress: expected an address in hexadecimal, got '10.0.0.1'",
    ],
    [
      'a letter in an IPv6 address',
      withField(5, sixth.replace('db8', 'xb8')),
      `destinationAddress: expected an address in hexadecimal, got '${sixth.replace('db8', 'xb8')}'`,
    ],
    [
      'an IPv6 address of 7 groups',
      withField(1, sixth.slice(0, -5)),
      `clientAddress: expected an address in hexadecimal, got '${sixth.slice(0, -5)}'`,
    ],
    [
      'an IPv6 address of 9 groups',
      withField(3, `${sixth}:0002`),
      `virtualAddress: expected an address in hexadecimal, got '${sixth}:0002'`,
    ],
    ['a letter in a port', withField(2, '00G5'), "clientPort: expected 4 hexadecimal digits, got '00G5'"],
    ['a short port', withField(4, '050'), "virtualPort: expected 4 hexadecimal digits, got '050'"],
    ['a long port', withField(6, '01F90'), "destinationPort: expected 4 hexadecimal digits, got '01F90'"],
    ['no state', `${fields.slice(0, 7).join(' ')} `, 'state: expected a name, got nothing'],
    ['seconds that are none', withField(8, 'soon'), "expires: expected a number of seconds, got 'soon'"],
    ['seconds below zero', withField(8, '-5'), "expires: expected a number of seconds, got '-5'"],
    ['seconds with a unit', withField(8, '899s'), "expires: expected a number of seconds, got '899s'"],
    [
      'seconds beyond 64 bits',
      withField(8, '100000000000000000000'),
      "expires: expected a number of seconds, got '100000000000000000000'",
    ],
    ['an engine without a name', `${plain}  abc`, 'engine: expected a name, got nothing'],
  ];
  for (const [name, line, message] of cases) {
    test(`${name}: the error names line and field`, async () => {
      await assert.rejects(connectionsOf(`${header}${plain}\n${line}\n${plain}\n`), (error) => {
        assert.ok(error instanceof ProtocolError);
        assert.equal(error.message, `ip_vs_conn/line 3/${message}`);
        return true;
      });
    });
  }

  const stops = [
    ['TCP', 'clientAddress'],
    ['TCP 0A000001', 'clientAddress'],
    ['TCP 0A000001 8235', 'clientPort'],
    ['TCP 0A000001 8235 C000020A 0050 C6336407 1F90 ', 'state'],
    ['TCP 0A000001 8235 C000020A 0050 C6336407 1F90 ESTABLISHED', 'expires'],
  ] as const;
  for (const [line, field] of stops) {
    test(`a last line that stops after '${line}' is missing its ${field}`, async () => {
      await assert.rejects(connectionsOf(header, line), (error) => {
        assert.ok(error instanceof ProtocolError);
        assert.deepEqual(error.path, ['ip_vs_conn', 'line 2', field]);
        return true;
      });
    });
  }

  test('another file is refused at its first line', async () => {
    await assert.rejects(connectionsOf('Inter-|   Receive\n face |bytes\n'), {
      name: 'ProtocolError',
      message: "ip_vs_conn/line 1/header: expected 'Pro FromIP ...', got 'Inter-|   R'",
    });
  });

  test('a line without an end is given up before it fills the memory', async () => {
    let asked = 0;
    async function* endless() {
      yield Buffer.from(`${header}${plain} sip `);
      for (;;) {
        asked++;
        yield Buffer.alloc(1000, 'x');
      }
    }
    await assert.rejects(
      visits(endless(), () => undefined),
      {
        message: 'ip_vs_conn/line 2: longer than 16384 bytes',
      },
    );
    assert.equal(asked, 17);
  });

  test('a line that is too long is so in one chunk as in many', async () => {
    const longest = `${plain} sip ${'x'.repeat(16384 - plain.length - 6)}\n`;
    assert.equal((await connectionsOf(header, longest)).length, 1);
    const longer = longest.replace('\n', 'x\n');
    for (const chunks of [[header + longer], [header, longer.slice(0, 9000), longer.slice(9000)]]) {
      await assert.rejects(connectionsOf(...chunks), {
        message: 'ip_vs_conn/line 2: longer than 16384 bytes',
      });
    }
  });

  test('lines before the wrong one have been visited', async () => {
    let seen = 0;
    const scan = scanConnections(chunksOf(`${header}${plain}\n${plain}\nTCP\n`), () => seen++);
    await assert.rejects(scan, ProtocolError);
    assert.equal(seen, 2);
  });

  test("an error of the visitor's own passes unchanged", async () => {
    const own = new ProtocolError('mine');
    const scan = scanConnections(chunksOf(header, `${plain}\n`), () => {
      throw own;
    });
    await assert.rejects(scan, (error) => error === own);
  });
});
