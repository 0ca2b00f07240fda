/** What holds for every service, destination and daemon, and for every kind of garbage. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { KernelError, LvsadmError } from '../../src/errors.js';
import { IpvsClient } from '../../src/ipvs/client.js';
import { destinationKey } from '../../src/model/destination.js';
import { serviceFamily, serviceKey } from '../../src/model/service.js';
import type { Datagram } from '../../src/netlink/transport/socket.js';
import * as arbitrary from '../support/arbitrary.js';
import { FakeIpvs } from '../support/fake-ipvs.js';
import { isHostAddress } from '../support/fake-ipvs-rows.js';
import { dump, FakeKernel, family, type Play, reply } from '../support/fake-kernel.js';
import { attribute, be16, join, nest, text, u16, u32, u64, unhex } from '../support/wire.js';

/** A client of an IPVS with an empty table. */
const fresh = (): Promise<IpvsClient> => new FakeIpvs().client();

test('every added service reads back the same', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(arbitrary.service, { selector: ({ id }) => serviceKey(id), maxLength: 8 }),
      async (services) => {
        const client = await fresh();
        const results = await client.applyAll(services.map((service) => ({ do: 'addService', service })));
        assert.deepEqual(
          results,
          services.map(() => undefined),
        );
        const read = (await client.services()).map(({ stats, ...service }) => service);
        assert.deepEqual(read, services);
        for (const { id } of services) assert.deepEqual((await client.service(id)).id, id);
      },
    ),
  );
});

test('every added destination reads back the same', async () => {
  await fc.assert(
    fc.asyncProperty(
      arbitrary.serviceId,
      fc.uniqueArray(arbitrary.destination, { selector: ({ id }) => destinationKey(id), maxLength: 8 }),
      async (id, destinations) => {
        const client = await fresh();
        const service = { id, scheduler: 'rr', schedulerFlags: [], onePacket: false } as const;
        await client.apply({ do: 'addService', service });
        const refusals = await client.applyAll(
          destinations.map((destination) => ({ do: 'addDestination', of: id, destination })),
        );
        const crosses = (address: string) => (address.includes(':') ? 'inet6' : 'inet') !== serviceFamily(id);
        const taken = destinations.filter(
          ({ id: { address }, method }) => isHostAddress(address) && (method === 'tun' || !crosses(address)),
        );
        assert.equal(refusals.filter((refusal) => refusal === undefined).length, taken.length);
        const read = await client.destinations(id);
        assert.deepEqual(
          read.map(
            ({ stats, activeConnections, inactiveConnections, persistentConnections, ...rest }) => rest,
          ),
          taken,
        );
      },
    ),
  );
});

test('every started daemon reads back the same', async () => {
  await fc.assert(
    fc.asyncProperty(arbitrary.daemon, async (daemon) => {
      const client = await fresh();
      await client.apply({ do: 'startDaemon', daemon });
      assert.deepEqual(await client.daemons(), [daemon]);
    }),
  );
});

/** Replies as the kernel would give them, to be damaged. */
const good: readonly [Play, (client: IpvsClient) => Promise<unknown>][] = [
  [
    dump(1, [
      nest(
        1,
        attribute(1, u16(2)),
        attribute(2, u16(6)),
        attribute(3, unhex(`c0000201${'00'.repeat(12)}`)),
        attribute(4, be16(80)),
        attribute(6, text('wlc')),
        nest(12, attribute(1, u64(1n))),
      ),
    ]),
    (client) => client.services(),
  ],
  [reply(14, join(attribute(1, u32(0x010201)), attribute(2, u32(4096)))), (client) => client.info()],
];

/** Runs a question against a kernel whose every datagram went through `spoil`; gives the error that came of it. */
async function spoiled(
  [play, ask]: (typeof good)[number],
  spoil: (datagram: Uint8Array) => Uint8Array,
): Promise<unknown> {
  const kernel = new FakeKernel().expect({}, family(0x1f, 'IPVS'));
  const spoilt: Play = (sent) =>
    play(sent).map((delivery) => {
      const { bytes, sender } = delivery as Datagram;
      return { bytes: spoil(bytes), sender };
    });
  // A flag that says the table changed makes the client ask again.
  for (let tries = 0; tries < 10; tries++) kernel.expect({}, spoilt);
  const client = await IpvsClient.open(() => kernel, { timeout: 10 });
  return ask(client).then(
    () => undefined,
    (error: unknown) => error,
  );
}

for (const [index, sample] of good.entries()) {
  test(`a reply that ends anywhere before its end is an error (sample ${index})`, async () => {
    let whole = 0;
    const measure = (bytes: Uint8Array): Uint8Array => {
      whole = bytes.length;
      return bytes;
    };
    assert.equal(await spoiled(sample, measure), undefined);
    for (let length = 0; length < whole; length++) {
      const error = await spoiled(sample, (bytes) => bytes.subarray(0, length));
      assert.ok(error instanceof LvsadmError && !(error instanceof KernelError), `at ${length}: ${error}`);
    }
  });

  test(`random bytes are never a result (sample ${index})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (garbage) => {
        const error = await spoiled(sample, () => garbage.slice());
        assert.ok(error instanceof LvsadmError && !(error instanceof KernelError), String(error));
      }),
    );
  });

  test(`a reply with some bytes changed is a result or an error of ours, and never hangs (sample ${index})`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(150), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (changes) => {
          const error = await spoiled(sample, (bytes) => {
            for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
            return bytes;
          });
          assert.ok(error === undefined || error instanceof LvsadmError, String(error));
        },
      ),
      { numRuns: 300 },
    );
  });
}
