/**
 * Where the kernel sends 300 clients, by scheduler, flags and family, beside what `where` computes; and `connections` beside ipvsadm
 * and awk. The clients are addresses of this machine, and servers never answer: the kernel's choice is in its connection table.
 */
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { createReadStream } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { IpvsClient } from '../../../src/ipvs/client.js';
import { connectionTablePath, scanConnections } from '../../../src/ipvs/connections/proc.js';
import { type Family, formatEndpoint } from '../../../src/model/address.js';
import { type Destination, destinationKey, plainTunnel } from '../../../src/model/destination.js';
import type { SchedulerFlag } from '../../../src/model/schedulers.js';
import type { Service } from '../../../src/model/service.js';
import { overloadOf } from '../../../src/model/table.js';
import { Placements } from '../../../src/observe/placement/placements.js';
import { attempt } from '../../support/net/run.js';
import { openSocket } from '../../support/socket.js';
import { lvsadm } from '../distribution.js';

const CLIENTS = 300;
const CLIENT_PORT = 40_000;

/** What each family has: the virtual address, and its servers' and clients' networks. */
const plans = {
  inet: {
    vip: '192.0.2.10',
    server: (n: number) => `198.51.100.${n}`,
    client: (n: number) => `10.9.${n >> 4}.${(n * 37) & 0xff}`,
  },
  inet6: {
    vip: '2001:db8::10',
    server: (n: number) => `2001:db8:1::${n}`,
    client: (n: number) => `fd09::${(n + 1).toString(16)}:${(((n * 37) % 65535) + 1).toString(16)}`,
  },
} as const satisfies Readonly<Record<Family, unknown>>;

/** By server; 0: added with weight 2, and set to 0 then. */
const weights = [3, 1, 0, 2, 1];
const LAST_WEIGHT = 2;

const cases: readonly (readonly [scheduler: string, flags: readonly SchedulerFlag[]])[] = [
  ...(['mh', 'sh'] as const).flatMap((scheduler) =>
    ([[], ['flag-1'], ['flag-2'], ['flag-1', 'flag-2']] as const).map((flags) => [scheduler, flags] as const),
  ),
  ['dh', []],
];

let ipvs: IpvsClient;

async function run(file: string, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await attempt(file, args);
  assert.equal(status, 0, `${file} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

before(async () => {
  ipvs = await IpvsClient.open(openSocket);
  await run('ip', 'link', 'add', 'servers', 'type', 'dummy');
  await run('ip', 'link', 'set', 'servers', 'up');
  await run('ip', 'address', 'add', '198.51.100.254/24', 'dev', 'servers');
  await run('ip', 'address', 'add', '2001:db8:1::ffff/64', 'dev', 'servers', 'nodad');
  await run('ip', 'address', 'add', '192.0.2.10/32', 'dev', 'lo');
  await run('ip', 'address', 'add', '2001:db8::10/128', 'dev', 'lo', 'nodad');
  await run('ip', 'route', 'add', 'local', '10.9.0.0/16', 'dev', 'lo');
  await run('ip', '-6', 'route', 'add', 'local', 'fd09::/64', 'dev', 'lo');
  for (const setting of ['net.ipv4.ip_nonlocal_bind=1', 'net.ipv6.ip_nonlocal_bind=1']) {
    await run('sysctl', '-qw', setting);
  }
});
after(() => ipvs.close());

const serviceOf = (family: Family, index: number): Service => {
  const [scheduler, schedulerFlags] = cases[index] ?? assert.fail();
  const id = { protocol: 'udp', address: plans[family].vip, port: 5000 + index } as const;
  return { id, scheduler, schedulerFlags, onePacket: false };
};

async function addService(family: Family, service: Service): Promise<void> {
  await ipvs.apply({ do: 'addService', service });
  for (const [number, weight] of weights.entries()) {
    const destination: Destination = {
      id: {
        address: plans[family].server(number + 1),
        port: service.id && 'port' in service.id ? service.id.port : 0,
      },
      method: 'dr',
      weight: weight || LAST_WEIGHT,
      upperThreshold: 0,
      lowerThreshold: 0,
      tunnel: plainTunnel,
    };
    await ipvs.apply({ do: 'addDestination', of: service.id, destination });
    if (weight === 0) {
      await ipvs.apply({ do: 'editDestination', of: service.id, destination: { ...destination, weight: 0 } });
    }
  }
}

/** A socket at the client's address; its port is part of what the schedulers hash. */
async function clientSocket(family: Family, number: number): Promise<Socket> {
  const socket = createSocket(family === 'inet' ? 'udp4' : 'udp6');
  // A refused client may be told so.
  socket.on('error', () => {});
  const address = plans[family].client(number);
  await new Promise<void>((resolve) => socket.bind({ address, port: CLIENT_PORT + number }, resolve));
  return socket;
}

const send = (socket: Socket, port: number, address: string): Promise<void> =>
  new Promise((resolve) => socket.send('?', port, address, () => resolve()));

/** The kernel's choice by client and service. */
async function choices(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  await scanConnections(createReadStream(connectionTablePath), ({ client, virtual, destination }) => {
    const key = `${formatEndpoint(client.address, client.port)} ${formatEndpoint(virtual.address, virtual.port)}`;
    found.set(key, formatEndpoint(destination.address, destination.port));
  });
  return found;
}

describe('where is held to the kernel', () => {
  for (const family of ['inet', 'inet6'] as const) {
    test(`${CLIENTS} clients of ${family} in ${cases.length} services`, async () => {
      const { vip, client } = plans[family];
      const services = cases.map((_, index) => serviceOf(family, index));
      for (const service of services) await addService(family, service);
      for (let number = 0; number < CLIENTS; number++) {
        const socket = await clientSocket(family, number);
        for (const index of services.keys()) await send(socket, 5000 + index, vip);
        socket.close();
      }
      const kernel = await choices();
      for (const [index, service] of services.entries()) {
        const servers = (await ipvs.destinations(service.id)).map((entry) => ({
          id: entry.id,
          weight: entry.weight,
          lastWeight: entry.weight || LAST_WEIGHT,
          overload: overloadOf(entry),
        }));
        const placements = Placements.of(service, servers) ?? assert.fail();
        const title = `${service.scheduler} ${service.schedulerFlags.join()}`;
        const computed: (string | undefined)[] = [];
        const real: (string | undefined)[] = [];
        for (let number = 0; number < CLIENTS; number++) {
          const port = CLIENT_PORT + number;
          const { server } = placements.place(client(number), port) ?? assert.fail();
          computed.push(server && destinationKey(server.id));
          real.push(
            kernel.get(`${formatEndpoint(client(number), port)} ${formatEndpoint(vip, 5000 + index)}`),
          );
        }
        assert.deepEqual(real, computed, title);
        // dh sends all clients to one server.
        if (service.scheduler !== 'dh') assert.ok(new Set(real).size >= 4, title);
      }
    });
  }

  test('the program says what the kernel did, and what it would do', async () => {
    const kernel = await choices();
    const client = formatEndpoint(plans.inet.client(7), CLIENT_PORT + 7);
    const there = await run(lvsadm, 'where', client, 'udp://192.0.2.10:5001');
    assert.match(there, /it has a connection: UDP, \d+ s left/);
    assert.ok(there.includes(` -> ${kernel.get(`${client} 192.0.2.10:5001`)}\n`));
    assert.match(await run(lvsadm, 'where', '10.9.200.1', 'udp://192.0.2.10:5001'), /slot \d+ of 4093 of mh/);
  });
});

describe('connections beside ipvsadm and awk', () => {
  const shell = (command: string): Promise<string> => run('sh', '-c', command);

  test('as many entries as ipvsadm lists', async () => {
    const listed = (await shell('ipvsadm -Lcn | tail -n +3 | wc -l')).trim();
    assert.equal((await run(lvsadm, 'connections', '--count')).trim(), listed);
    assert.ok(Number(listed) > CLIENTS);
  });

  test('groups by server as awk has them', async () => {
    const sizes = async (command: string): Promise<string[]> =>
      (await shell(command)).trim().split('\n').sort();
    assert.deepEqual(
      await sizes(`${lvsadm} connections --by server | tail -n +2 | awk '{ print $1, $2 }'`),
      await sizes(`ipvsadm -Lcn | tail -n +3 | awk '{ n[$6]++ } END { for (k in n) print k, n[k] }'`),
    );
  });

  test('--gone finds the connections of a removed server, and no others', async () => {
    assert.equal(await run(lvsadm, 'connections', '--gone', '--count'), '0\n');
    const of = serviceOf('inet', 1).id;
    const before = Number(
      await run(
        lvsadm,
        'connections',
        '--service',
        'udp://192.0.2.10:5001',
        '--server',
        '198.51.100.1',
        '--count',
      ),
    );
    await ipvs.apply({ do: 'deleteDestination', of, id: { address: '198.51.100.1', port: 5001 } });
    assert.ok(before > 0);
    assert.equal(Number(await run(lvsadm, 'connections', '--gone', '--count')), before);
  });

  test('entries of this director are not of a sync daemon', async () => {
    assert.equal(await run(lvsadm, 'connections', '--syncd', '--count'), '0\n');
  });
});
