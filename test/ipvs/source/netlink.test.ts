/** Dumps of servers byte by byte: repeated, refused and damaged ones, and those of old kernels. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KernelError } from '../../../src/errors.js';
import { IpvsClient } from '../../../src/ipvs/client.js';
import { formatAddress } from '../../../src/model/address.js';
import type { ServiceId } from '../../../src/model/service.js';
import { answer, dump, FakeKernel, family } from '../../support/fake-kernel.js';
import { attribute, be16, join, nest, u16, u32, u64, unhex, type WireAttribute } from '../../support/wire.js';

const IPVS = 0x1f;
const ids: ServiceId[] = [1, 2, 3].map((fwmark) => ({ fwmark, family: 'inet' }));
const server = (last: number, ...more: Uint8Array[]): Uint8Array =>
  nest(
    2,
    attribute(1, unhex(`c633640${last}${'00'.repeat(12)}`)),
    attribute(2, be16(80)),
    attribute(3, u32(3)),
    attribute(4, u32(1)),
    ...more,
  );
const asks = (fwmark: number) => ({
  type: IPVS,
  command: 8,
  attributes: [
    [
      1,
      [
        [1, hexOf(u16(2))],
        [5, hexOf(u32(fwmark))],
      ],
    ],
  ] as WireAttribute[],
});
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

async function opened(kernel: FakeKernel): Promise<IpvsClient> {
  kernel.expect({}, family(IPVS, 'IPVS'));
  return IpvsClient.open(() => kernel, { timeout: 100 });
}

const addressesSeen = async (client: IpvsClient): Promise<string[]> => {
  const seen: string[] = [];
  await client.servers(ids, (servers, index, from) => {
    for (let i = from; i < servers.count; i++) {
      servers.seek(i);
      seen.push(`${index} ${formatAddress(servers.bytes, servers.address(), servers.family)}`);
    }
  });
  return seen;
};

test('a dump in the middle that the table changed under is repeated, and the others stay', async (t) => {
  const kernel = FakeKernel.for(t);
  const client = await opened(kernel);
  kernel
    .expect(asks(1), dump(8, [server(1)]))
    .expect(asks(2), dump(8, [server(2), server(3)], { interruptedFrom: 1, per: 1 }))
    .expect(asks(2), dump(8, [server(4)]))
    .expect(asks(3), dump(8, []));
  assert.deepEqual(await addressesSeen(client), ['0 198.51.100.1', '1 198.51.100.4']);
});

test('a refusal says of which service, and the client goes on', async (t) => {
  const kernel = FakeKernel.for(t);
  const client = await opened(kernel);
  kernel
    .expect(asks(1), dump(8, [server(1)]))
    .expect(asks(2), answer(3))
    .expect({ type: IPVS, command: 4 }, dump(1, []));
  await assert.rejects(addressesSeen(client), new KernelError('getDestinations', 3, 'FWM 2'));
  assert.deepEqual(await client.services(), []);
});

const oddities: Readonly<Record<string, readonly [body: Uint8Array, message: RegExp]>> = {
  'without a port': [
    nest(2, attribute(1, unhex('c6336401')), attribute(3, u32(3)), attribute(4, u32(1))),
    /^getDestinations\/destination\/port: missing$/,
  ],
  'with half a weight': [
    server(1, attribute(4, u16(1))),
    /^getDestinations\/ipvs\/destination\/weight|^getDestinations\/destination\/weight: expected 4 bytes, got 2$/,
  ],
  'with an address that is too short': [
    server(1, attribute(1, unhex('c633'))),
    /^getDestinations\/destination\/address: expected 4 bytes, got 2$/,
  ],
  'of an unknown family': [server(1, attribute(11, u16(3))), /destination\/family: 3 is unknown/],
  'with an unknown method': [server(1, attribute(3, u32(6))), /destination\/method: 6 is unknown/],
  'with nothing of a server': [attribute(4, u32(1)), /^getDestinations\/destination: missing$/],
  'that is cut off': [join(server(1), unhex('0400')), /^getDestinations: 2 bytes left/],
};

for (const [what, [body, message]] of Object.entries(oddities)) {
  test(`a server ${what} is an error that says where, and the end of the client`, async (t) => {
    const kernel = FakeKernel.for(t);
    const client = await opened(kernel);
    kernel.expect(asks(1), dump(8, [server(1), body]));
    await assert.rejects(addressesSeen(client), { name: 'ProtocolError', message });
    assert.ok(kernel.closed);
  });
}

test('32-bit counters of kernels before 4.1 are read if there are no 64-bit ones', async (t) => {
  const kernel = FakeKernel.for(t);
  const client = await opened(kernel);
  const old = nest(10, attribute(1, u32(7)), attribute(4, u64(2n ** 60n)));
  kernel.expect(asks(1), dump(8, [server(1, old)]));
  await client.servers(ids.slice(0, 1), (servers) => {
    servers.seek(0);
    assert.deepEqual(
      [servers.counter('connections'), servers.counter('inBytes'), servers.counter('outBytes')],
      [7, 2n ** 60n, 0],
    );
  });
});
