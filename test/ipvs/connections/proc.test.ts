import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { describe, test } from 'node:test';
import { scanConnections } from '../../../src/ipvs/connections/proc.js';
import { formatEndpoint } from '../../../src/model/address.js';
import {
  chunksOf,
  connectionOf,
  connectionsOf,
  header,
  type PrintedConnection,
  plain,
  visits,
} from '../../support/connection-table.js';

/** The engine of a connection, its data as text. */
const engineOf = (connection: PrintedConnection | undefined) =>
  connection?.engine && { ...connection.engine, data: Buffer.from(connection.engine.data).toString() };

describe('a line of the connection table', () => {
  test('of an IPv4 service', async () => {
    assert.deepEqual(await connectionsOf(header, `${plain}\n`), [
      {
        protocol: 'TCP',
        client: { address: '10.0.0.1', port: 33333 },
        virtual: { address: '192.0.2.10', port: 80 },
        destination: { address: '198.51.100.7', port: 8080 },
        state: 'ESTABLISHED',
        expires: 899,
        engine: undefined,
      },
    ]);
  });

  test('of ip_vs_conn_sync, with its origin', async () => {
    const heading = 'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Origin Expires\n';
    const line = (origin: string): string => `${plain.slice(0, -3)}${origin.padEnd(6)}     899\n`;
    const chunks = chunksOf(heading, line('LOCAL '), line('SYNC '));
    assert.deepEqual(await visits(chunks, ({ isSynchronized, expires }) => [isSynchronized, expires]), [
      [false, 899],
      [true, 899],
    ]);
  });

  test('of an IPv6 service', async () => {
    const line =
      'UDP 2001:0db8:0000:0000:0000:0000:0000:0001 D431 2001:0db8:0000:0000:0000:0000:0000:0080 0035 fd00:0000:0000:0001:0000:0000:0000:00ff 0035 UDP             299\n';
    assert.deepEqual(await connectionsOf(header, line), [
      {
        protocol: 'UDP',
        client: { address: '2001:db8::1', port: 54321 },
        virtual: { address: '2001:db8::80', port: 53 },
        destination: { address: 'fd00:0:0:1::ff', port: 53 },
        state: 'UDP',
        expires: 299,
        engine: undefined,
      },
    ]);
  });

  test('of an IPv6 service with a server behind an IPv4 tunnel', async () => {
    const line =
      'SCTP 2001:0db8:0000:0000:0000:0000:0000:0001 D431 2001:0db8:0000:0000:0000:0000:0000:0080 0035 C6336407 0035 ESTABLISHED      42\n';
    const [connection] = await connectionsOf(header, line);
    assert.equal(connection?.protocol, 'SCTP');
    assert.equal(connection.virtual.address, '2001:db8::80');
    assert.deepEqual(connection.destination, { address: '198.51.100.7', port: 53 });
    assert.equal(connection.expires, 42);
  });

  test('of an IPv4 service with a server behind an IPv6 tunnel', async () => {
    const line =
      'TCP 0A000001 8235 C000020A 0050 2001:0db8:0000:0000:0000:0000:0000:0007 0050 SYN_RECV         3\n';
    const [connection] = await connectionsOf(header, line);
    assert.deepEqual(connection?.client, { address: '10.0.0.1', port: 33333 });
    assert.deepEqual(connection.destination, { address: '2001:db8::7', port: 80 });
    assert.equal(connection.state, 'SYN_RECV');
  });

  test('of a persistence template: the client has no port', async () => {
    const [connection] = await connectionsOf(
      header,
      'TCP 0A000000 0000 C000020A 0050 C6336407 0050 ASSURED         359\n',
    );
    assert.deepEqual(connection?.client, { address: '10.0.0.0', port: 0 });
    assert.equal(connection.state, 'ASSURED');
  });

  test('of a template of a firewall-mark service: the mark stands in the virtual address', async () => {
    const found = await connectionsOf(
      header,
      'IP  0A000000 0000 FFFFFFFE 0000 C6336407 0000 NONE             59\n',
      'IP  2001:0db8:0000:0000:0000:0000:0000:0000 0000 0000:0007:0000:0000:0000:0000:0000:0000 0000 fd00:0000:0000:0000:0000:0000:0000:0001 0000 NONE             59\n',
    );
    assert.deepEqual(
      found.map(({ protocol, virtual }) => [protocol, virtual.address]),
      [
        ['IP', '255.255.255.254'],
        ['IP', '0:7::'],
      ],
    );
  });

  test('with data of the SIP persistence engine, spaces and all', async () => {
    const [connection] = await connectionsOf(header, `${plain} sip a84b4c 76e66 @pc33\n`);
    assert.deepEqual(engineOf(connection), { name: 'sip', data: 'a84b4c 76e66 @pc33' });
  });

  test('with engine data longer than ipvsadm can hold', async () => {
    const callId = `${'x'.repeat(120)} ${'y'.repeat(200)}`;
    const [connection, next] = await connectionsOf(header, `${plain} sip ${callId}\n${plain}\n`);
    assert.equal(engineOf(connection)?.data, callId);
    assert.equal(next?.engine, undefined);
  });

  test('with engine data that is empty, or begins or ends with a space', async () => {
    const found = await connectionsOf(header, `${plain} sip \n${plain} sip\n${plain} sip  a \n`);
    assert.deepEqual(found.map(engineOf), [
      { name: 'sip', data: '' },
      { name: 'sip', data: '' },
      { name: 'sip', data: ' a ' },
    ]);
  });

  test('with engine data stays exact as bytes, whether they are UTF-8 or not', async () => {
    const callIds = [Buffer.from('\u{feff}Zoë'), Buffer.from([0x61, 0xff, 0x62])];
    const table = callIds.flatMap((id) => [Buffer.from(`${plain} sip `), id, Buffer.from('\n')]);
    const found = await visits(chunksOf(header, ...table), (line) => Buffer.from(line.engineBytes));
    assert.deepEqual(found, callIds);
  });

  test('with words that no kernel of today knows', async () => {
    const [connection] = await connectionsOf(
      header,
      'IP_136 0A000001 0001 C000020A 0002 C6336407 0003 WONDERFUL_STATE       5\n',
    );
    assert.equal(connection?.protocol, 'IP_136');
    assert.equal(connection.state, 'WONDERFUL_STATE');
    assert.equal(connection.expires, 5);
  });

  test('of an older kernel, whose difference of times has wrapped around, is due now', async () => {
    const lines = [4294967295, '18446744073709551', '73786976294838206'].map((expires) =>
      plain.replace(/\d+$/, String(expires)),
    );
    const found = await connectionsOf(header, `${lines.join('\n')}\n`);
    assert.deepEqual(
      found.map((connection) => connection.expires),
      [4294967295, 0, 0],
    );
  });
});

describe('a connection table', () => {
  test('as Linux 6.1 printed it reads so', async () => {
    const recorded = new URL('../../../../test/vectors/ip_vs_conn-6.1.txt', import.meta.url);
    const found = (await visits(createReadStream(recorded), connectionOf)).map((connection) => {
      const { protocol, client, virtual, destination, state, expires, engine } = connection;
      const ends = [client, virtual, destination].map(({ address, port }) => formatEndpoint(address, port));
      const rest = engine ? [engine.name, engine.data.length] : [];
      return [protocol, ...ends, state, expires, ...rest].join(' ');
    });
    assert.deepEqual(found, [
      'TCP 192.0.2.10:51328 192.0.2.10:82 [fd00::7]:82 SYN_RECV 58',
      'TCP [2001:db8::80]:52672 [2001:db8::80]:80 [fd00::7]:80 SYN_RECV 59',
      'UDP 192.0.2.10:0 192.0.2.10:5060 198.51.100.7:5060 NONE 358 sip 31',
      'IP [2001:db8::80]:0 [0:7::]:0 [fd00::7]:0 NONE 358',
      'UDP 192.0.2.10:39723 192.0.2.10:53 198.51.100.7:53 UDP 298',
      'UDP 192.0.2.10:0 192.0.2.10:5060 198.51.100.7:5060 NONE 358 sip 245',
      'TCP 192.0.2.10:0 192.0.2.10:81 198.51.100.7:81 NONE 297',
      'TCP [2001:db8::80]:36644 [2001:db8::80]:82 198.51.100.7:82 SYN_RECV 59',
      'IP 192.0.2.10:0 255.255.255.254:0 198.51.100.7:0 NONE 358',
      'TCP 192.0.2.10:55702 192.0.2.10:80 198.51.100.7:8080 SYN_RECV 58',
    ]);
  });

  test('that is empty, or only a header, holds no connections', async () => {
    assert.deepEqual(await connectionsOf(), []);
    assert.deepEqual(await connectionsOf(''), []);
    assert.deepEqual(await connectionsOf(header), []);
    assert.deepEqual(await connectionsOf(header.trimEnd()), []);
  });

  test('of a kernel without persistence engines has a shorter header', async () => {
    const found = await connectionsOf(
      'Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires\n',
      `${plain}\n`,
    );
    assert.equal(found.length, 1);
  });

  test('may end without a newline', async () => {
    const found = await connectionsOf(`${header}${plain}\n${plain}`);
    assert.equal(found.length, 2);
    assert.deepEqual(found[0], found[1]);
    assert.equal(engineOf((await connectionsOf(header, `${plain} sip abc`))[0])?.data, 'abc');
  });

  test('awaits the printer after each chunk and at the end', async () => {
    const story: string[] = [];
    await scanConnections(
      chunksOf(header, `${plain}\n${plain}\n`, plain),
      () => story.push('line'),
      async () => {
        await new Promise(setImmediate);
        story.push('printed');
      },
    );
    assert.deepEqual(story, ['printed', 'line', 'line', 'printed', 'printed', 'line', 'printed']);
  });

  test('comes through whole from a source that fills one buffer again and again', async () => {
    const table = Buffer.from(`${header}${plain} sip one\n${plain} sip two\n${plain} sip three`);
    async function* source() {
      const buffer = Buffer.alloc(50);
      for (let at = 0; at < table.length; at += buffer.length) {
        const length = table.copy(buffer.fill('!'), 0, at);
        yield buffer.subarray(0, length);
      }
    }
    const engines = await visits(source(), (line) => engineOf(connectionOf(line))?.data);
    assert.deepEqual(engines, ['one', 'two', 'three']);
  });
});
