/** Which real server a connection goes to, and what becomes of it when the servers change under it. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import { type ServerName, serverNames } from '../../support/cluster/addresses.js';
import { Cluster, type VirtualService } from '../../support/cluster/cluster.js';
import { answered, assertShares, sharesOf } from '../../support/cluster/shares.js';

let cluster: Cluster;
before(async () => {
  cluster = await Cluster.build('nat');
});
afterEach(() => cluster.reset());
after(() => cluster[Symbol.asyncDispose]());

const equal = { rs1: 1, rs2: 1, rs3: 1 };

const ask = ({ vip, port }: VirtualService, count: number, client = 0) =>
  cluster.client.call('ask', {
    address: vip,
    port,
    from: cluster.clientAddress('inet', client),
    count,
  });

interface HeldConnection {
  connection: number;
  server: string;
}

async function hold({ vip, port }: VirtualService): Promise<HeldConnection> {
  const { connection, answer } = await cluster.client.call('hold', { address: vip, port });
  return { connection, server: answer };
}

/** Connections that are held, one after the other. */
async function holdMany(service: VirtualService, count: number): Promise<HeldConnection[]> {
  const held: HeldConnection[] = [];
  while (held.length < count) held.push(await hold(service));
  return held;
}

const onServer = (held: HeldConnection[], name: ServerName): HeldConnection => {
  const found = held.find(({ server }) => server === name);
  assert.ok(found, `no connection to ${name}`);
  return found;
};

const releaseAll = async (held: HeldConnection[]): Promise<void> => {
  for (const { connection } of held) await cluster.client.call('release', connection);
};

describe('schedulers keep their promises', () => {
  test('wrr: in proportion to the weights', async () => {
    const weights = { rs1: 1, rs2: 2, rs3: 3 };
    const service = await cluster.addService({ scheduler: 'wrr', weights });
    assertShares(answered(await ask(service, 60)), weights);
  });

  for (const scheduler of ['sh', 'mh'])
    test(`${scheduler}: a client stays with its server`, async () => {
      const service = await cluster.addService({ scheduler });
      const chosen = [];
      for (const client of [0, 1, 2, 3, 4, 5, 6, 7]) {
        const shares = answered(await ask(service, 3, client));
        assert.equal(Object.keys(shares).length, 1, 'one server for a client');
        chosen.push(...Object.keys(shares));
      }
      assert.ok(new Set(chosen).size > 1, 'clients are spread');
    });

  test('lc: the server with the fewest open connections', async () => {
    const service = await cluster.addService({ scheduler: 'lc' });
    const held = await holdMany(service, 6);
    assertShares(sharesOf(held.map(({ server }) => server)), equal);
    const [freed, kept] = [
      held.filter(({ server }) => server === 'rs2'),
      held.filter(({ server }) => server !== 'rs2'),
    ];
    await releaseAll(freed);
    const more = await holdMany(service, 2);
    assert.deepEqual(sharesOf(more.map(({ server }) => server)), { rs2: 2 });
    await releaseAll([...kept, ...more]);
  });

  test('a server whose upper threshold is reached gets no more', async () => {
    const service = await cluster.addService();
    const destination = { ...cluster.destination('rs1'), upperThreshold: 2, lowerThreshold: 1 };
    await cluster.apply([{ do: 'editDestination', of: service.id, destination }]);
    const held = await holdMany(service, 8);
    assert.deepEqual(sharesOf(held.map(({ server }) => server)), { rs1: 2, rs2: 3, rs3: 3 });
    await releaseAll(held);
  });
});

describe('persistence', () => {
  test('a client stays with its server, another gets the next', async () => {
    const persistence = { timeout: 300, netmask: '255.255.255.255' };
    const service = await cluster.addService({ service: { persistence } });
    const chosen = [];
    for (const client of [0, 1, 2]) chosen.push(answered(await ask(service, 6, client)));
    assertShares(sharesOf(chosen.flatMap((shares) => Object.keys(shares))), equal);
    for (const shares of chosen) assert.deepEqual(Object.values(shares), [6]);
  });

  test('a netmask makes a network of clients one', async () => {
    const persistence = { timeout: 300, netmask: '255.255.255.0' };
    const service = await cluster.addService({ service: { persistence } });
    const chosen = [];
    for (const client of [0, 1, 2, 3]) chosen.push(...Object.keys(answered(await ask(service, 2, client))));
    assert.equal(new Set(chosen).size, 1);
  });
});

describe('servers that go while clients are connected', () => {
  test('at weight 0 a server keeps its connections and gets no new ones', async () => {
    const service = await cluster.addService();
    const held = await holdMany(service, 3);
    const destination = cluster.destination('rs1', { weights: { rs1: 0 } });
    await cluster.apply([{ do: 'editDestination', of: service.id, destination }]);
    assertShares(answered(await ask(service, 20)), { rs2: 1, rs3: 1 });
    for (const { connection, server } of held)
      assert.equal(await cluster.client.call('repeat', connection), server);
    await releaseAll(held);
  });

  test('a removed server leaves its connections hanging until it comes back', async () => {
    const service = await cluster.addService();
    const held = await holdMany(service, 3);
    const { id } = cluster.destination('rs1');
    await cluster.apply([{ do: 'deleteDestination', of: service.id, id }]);
    assertShares(answered(await ask(service, 20)), { rs2: 1, rs3: 1 });
    const orphan = onServer(held, 'rs1').connection;
    await assert.rejects(cluster.client.call('repeat', orphan, 1000), /no answer within/);
    for (const name of ['rs2', 'rs3'] as const)
      assert.equal(await cluster.client.call('repeat', onServer(held, name).connection), name);

    await cluster.apply([{ do: 'addDestination', of: service.id, destination: cluster.destination('rs1') }]);
    assert.equal(await cluster.client.call('repeat', orphan), 'rs1');
    await releaseAll(held);
  });

  test('with expire_nodest_conn such a connection is reset at once', async () => {
    const director = cluster.network.host('director');
    await director.sysctl({ 'net.ipv4.vs.expire_nodest_conn': 1 });
    try {
      const service = await cluster.addService();
      const held = await holdMany(service, 3);
      const { id } = cluster.destination('rs1');
      await cluster.apply([{ do: 'deleteDestination', of: service.id, id }]);
      const orphan = onServer(held, 'rs1').connection;
      await assert.rejects(cluster.client.call('repeat', orphan), /ECONNRESET/);
      await releaseAll(held.filter(({ connection }) => connection !== orphan));
    } finally {
      await director.sysctl({ 'net.ipv4.vs.expire_nodest_conn': 0 });
    }
  });

  test('all packets of a connection go to the server that has it', async () => {
    const service = await cluster.addService();
    const held = await holdMany(service, serverNames.length);
    for (let round = 0; round < 5; round += 1)
      for (const { connection, server } of held)
        assert.equal(await cluster.client.call('repeat', connection), server);
    await releaseAll(held);
  });
});
