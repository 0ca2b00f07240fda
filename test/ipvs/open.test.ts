/** Finding IPVS in the kernel, and making it load what it lacks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KernelError, TransportError, UnavailableError } from '../../src/errors.js';
import { IpvsClient } from '../../src/ipvs/client.js';
import { Protocol } from '../../src/netlink/transport/socket.js';
import {
  answer,
  datagram,
  dump,
  FakeKernel,
  family,
  familyRow,
  NLM,
  reply,
  silence,
} from '../support/fake-kernel.js';
import { attribute, message, text, u16, unhex } from '../support/wire.js';

const FIND = {
  type: 0x10,
  flags: NLM.REQUEST,
  command: 3,
  version: 2,
  attributes: [[2, '4950565300']],
} as const;
const ENOENT = 2;

test('the family’s number is asked for once, on a generic-netlink socket', async (t) => {
  const kernel = FakeKernel.for(t)
    .expect(FIND, family(0x2a, 'IPVS'))
    .expect({ type: 0x2a, command: 13 }, reply(12, new Uint8Array()))
    .expect({ type: 0x2a, command: 13 }, reply(12, new Uint8Array()));
  const protocols: number[] = [];
  const client = await IpvsClient.open((protocol) => {
    protocols.push(protocol);
    return kernel;
  });
  await client.timeouts();
  await client.timeouts();
  assert.deepEqual(protocols, [Protocol.generic]);
});

test('where the kernel lacks IPVS its module is loaded, once', async (t) => {
  const kernel = FakeKernel.for(t).expect(FIND, answer(ENOENT)).expect(FIND, family(0x2a, 'IPVS'));
  let loaded = 0;
  const client = await IpvsClient.open(() => kernel, {
    loadModule: async () => {
      loaded++;
    },
  });
  assert.equal(loaded, 1);
  assert.ok(!kernel.closed);
  client.close();
});

test('where the kernel has IPVS nothing is loaded', async (t) => {
  const kernel = FakeKernel.for(t).expect(FIND, family(0x2a, 'IPVS'));
  await IpvsClient.open(() => kernel, { loadModule: () => assert.fail('loaded') });
});

test('a module that cannot be loaded is the reason given', async (t) => {
  const kernel = FakeKernel.for(t).expect(FIND, answer(ENOENT));
  await assert.rejects(
    IpvsClient.open(() => kernel, {
      loadModule: () => Promise.reject(new Error('modprobe: FATAL: Module ip_vs not found')),
    }),
    new UnavailableError('no-ipvs', 'the kernel has no IPVS: modprobe: FATAL: Module ip_vs not found'),
  );
  assert.ok(kernel.closed);
});

test('a module that loads and brings no IPVS is no help', async (t) => {
  const kernel = FakeKernel.for(t).expect(FIND, answer(ENOENT)).expect(FIND, answer(ENOENT));
  await assert.rejects(
    IpvsClient.open(() => kernel, { loadModule: async () => {} }),
    new UnavailableError('no-ipvs', 'the kernel has no IPVS'),
  );
});

test('without a way to load modules a kernel without IPVS is a kernel without IPVS', async (t) => {
  const kernel = FakeKernel.for(t).expect(FIND, answer(ENOENT));
  await assert.rejects(
    IpvsClient.open(() => kernel),
    new UnavailableError('no-ipvs', 'the kernel has no IPVS'),
  );
  assert.ok(kernel.closed);
});

test('without autoload only the families that are there are asked for', async (t) => {
  const families = [familyRow(0x10, 'nlctrl'), familyRow(0x2a, 'IPVS')];
  const list = { type: 0x10, flags: NLM.REQUEST | NLM.DUMP, command: 3, version: 2, attributes: [] };
  const options = { autoload: false, loadModule: () => assert.fail('loaded') };
  const kernel = FakeKernel.for(t)
    .expect(list, dump(1, families))
    .expect({ type: 0x2a, command: 13 }, reply(12, new Uint8Array()));
  await (await IpvsClient.open(() => kernel, options)).timeouts();
  const without = FakeKernel.for(t).expect(list, dump(1, families.slice(0, 1)));
  await assert.rejects(
    IpvsClient.open(() => without, options),
    new UnavailableError('no-ipvs', 'the kernel has no IPVS: its module is not loaded'),
  );
  assert.ok(without.closed);
});

test('without autoload a kernel that shows its table is asked for IPVS by name', async (t) => {
  const options = { autoload: false, isInProc: () => true, loadModule: () => assert.fail('loaded') };
  const kernel = FakeKernel.for(t)
    .expect(FIND, family(0x2a, 'IPVS'))
    .expect({ type: 0x2a, command: 13 }, reply(12, new Uint8Array()));
  await (await IpvsClient.open(() => kernel, options)).timeouts();
});

test('any other refusal is itself', async (t) => {
  const kernel = FakeKernel.for(t).expect(FIND, answer(12));
  await assert.rejects(
    IpvsClient.open(() => kernel, { loadModule: () => assert.fail('loaded') }),
    new KernelError('getFamily', 12),
  );
});

test('a socket that breaks after the module was loaded is not taken for a kernel without IPVS', async (t) => {
  const kernel = FakeKernel.for(t).expect(FIND, answer(ENOENT)).expect(FIND, silence);
  await assert.rejects(
    IpvsClient.open(() => kernel, { timeout: 20, loadModule: async () => {} }),
    { name: 'TransportError', reason: 'deadline' },
  );
  assert.ok(kernel.closed);
});

test('a socket that cannot be opened is an error of the transport', async () => {
  const error = new TransportError('system', 'open', 'Protocol not supported', 93);
  await assert.rejects(
    IpvsClient.open(() => {
      throw error;
    }),
    error,
  );
});

const answersWithout: Readonly<Record<string, readonly [Uint8Array, string]>> = {
  'an answer without the number': [attribute(2, text('IPVS')), 'getFamily/id: missing'],
  'a number cut short': [attribute(1, unhex('1f')), 'getFamily/id: expected 2 bytes, got 1'],
  'an attribute cut short': [
    attribute(1, u16(0x1f)).subarray(0, 5),
    'getFamily: attribute length 6 at offset 20, where 4 to 5 would fit',
  ],
};

for (const [what, [attributes, message]] of Object.entries(answersWithout)) {
  test(`${what} is an error that says where`, async (t) => {
    const kernel = FakeKernel.for(t).expect(FIND, reply(1, attributes));
    await assert.rejects(
      IpvsClient.open(() => kernel),
      { name: 'ProtocolError', message },
    );
    assert.ok(kernel.closed);
  });
}

test('a reply without even a generic-netlink header is an error', async (t) => {
  const kernel = FakeKernel.for(t).expect(FIND, (sent) =>
    sent.map((request) => datagram(message({ ...request, flags: 0 }, unhex('0102')))),
  );
  await assert.rejects(
    IpvsClient.open(() => kernel),
    {
      message: 'getFamily: expected 4 bytes of header, got 2',
    },
  );
});
