/**
 * Where the kernel sends 300 clients, by scheduler, flags and family, beside what `where` computes; two directors with one document;
 * `connections` beside ipvsadm and awk; and `top` on a terminal. The clients are addresses of this machine, and servers never answer:
 * the kernel's choice is in its connection table.
 */
import assert from 'node:assert/strict';
import { createReadStream, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { IpvsClient } from '../../../src/ipvs/client.js';
import { connectionTablePath, scanConnections } from '../../../src/ipvs/connections/proc.js';
import { type Family, formatEndpoint } from '../../../src/model/address.js';
import { type Destination, destinationKey, plainTunnel } from '../../../src/model/destination.js';
import type { SchedulerFlag } from '../../../src/model/schedulers.js';
import type { Service } from '../../../src/model/service.js';
import { overloadOf } from '../../../src/model/table.js';
import { Placements } from '../../../src/observe/placement/placements.js';
import { chunks } from '../../support/context.js';
import type { Agent } from '../../support/net/agent.js';
import { Host } from '../../support/net/host.js';
import { attempt, ip } from '../../support/net/run.js';
import { sendUdp } from '../../support/net/udp.js';
import { openSocket } from '../../support/socket.js';
import { Tmux } from '../../support/tmux.js';
import { quickLvsadm as lvsadm } from '../distribution.js';

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

/** A director whose servers never answer, and which is its own clients. */
const links = [
  'link set lo up',
  'link add servers type dummy',
  'link set servers up',
  'address add 198.51.100.254/24 dev servers',
  'address add 2001:db8:1::ffff/64 dev servers nodad',
  'address add 192.0.2.10/32 dev lo',
  'address add 2001:db8::10/128 dev lo nodad',
  'route add local 10.9.0.0/16 dev lo',
  'route add local fd09::/64 dev lo',
];

before(async () => {
  ipvs = await IpvsClient.open(openSocket);
  await ip(undefined, links);
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

/** The kernel's choice by client and service. */
async function choices(
  table: AsyncIterable<Uint8Array> = createReadStream(connectionTablePath),
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  await scanConnections(table, ({ client, virtual, destination }) => {
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
      const from = Array.from({ length: CLIENTS }, (_, number) => client(number));
      const ports = services.map((_, index) => 5000 + index);
      await sendUdp({ address: vip, ports, from, fromPort: CLIENT_PORT });
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

describe('two directors with one document', () => {
  const { vip, client, server } = plans.inet;
  const hashing = ['mh', 'sh'] as const;
  const ports = hashing.map((_, index) => 5000 + index);
  const clients = Array.from({ length: CLIENTS / 2 }, (_, number) => client(number));
  const all = [1, 2, 3, 4, 5];
  let directory: string;
  /** Built by one apply, and by two: with three of the servers first. */
  let [once, twice]: Agent[] = [];

  const documentOf = (numbers: readonly number[]): string =>
    JSON.stringify({
      services: hashing.map((scheduler, index) => ({
        service: `udp://${vip}:${ports[index]}`,
        scheduler,
        servers: numbers.map((number) => ({ server: server(number), weight: number })),
      })),
    });

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lvsadm-directors-'));
    await writeFile(join(directory, 'all'), documentOf(all));
    await writeFile(join(directory, 'some'), documentOf([2, 3, 5]));
    [once, twice] = await Promise.all(
      ['once', 'twice'].map(async (name) => {
        await run('ip', 'netns', 'add', name);
        const host = new Host(name, name);
        hosts.push(host);
        await host.ip(links);
        await host.sysctl({ 'net.ipv4.ip_nonlocal_bind': '1' });
        return host.agent();
      }),
    );
  });
  const hosts: Host[] = [];
  after(async () => {
    for (const host of hosts) {
      await host.stop();
      await run('ip', 'netns', 'delete', host.namespace);
    }
    await rm(directory, { recursive: true });
  });

  async function lvsadmOn(agent: Agent | undefined, ...words: string[]): Promise<string> {
    const { out, err } = (await agent?.call('lvsadm', ...words)) ?? assert.fail();
    assert.equal(err, '', words.join(' '));
    return out;
  }

  const apply = (agent: Agent | undefined, name: string) =>
    lvsadmOn(agent, 'apply', '-f', join(directory, name));

  /** The services with a note about the order of their servers, and the commands against it. */
  async function hashOrder(agent: Agent | undefined): Promise<{ subject: string; fixes: string[] }[]> {
    const { findings } = JSON.parse(await lvsadmOn(agent, 'doctor', '--json'));
    return findings
      .filter(({ id }: { id: string }) => id === 'hash-order')
      .map(({ subject, fixes }: { subject: string; fixes: { command: string }[] }) => ({
        subject,
        fixes: fixes.map(({ command }) => command),
      }));
  }

  /** The kernel's servers for the clients by service, which are those that `where` computes. */
  async function placed(agent: Agent | undefined, fromPort: number): Promise<string[][]> {
    if (agent === undefined) return assert.fail();
    await agent.call('sendUdp', { address: vip, ports, from: clients, fromPort });
    const text = await agent.call('read', connectionTablePath);
    const kernel = await choices(chunks(text, 65_536));
    const table = await agent.call('readTable');
    return ports.map((port) => {
      const service = table.find(({ id }) => 'port' in id && id.port === port) ?? assert.fail();
      const servers = service.destinations.map(({ id, weight }) => ({
        id,
        weight,
        lastWeight: weight,
        overload: 'no' as const,
      }));
      const placements = Placements.of(service, servers) ?? assert.fail();
      const computed = clients.map((address) => placements.place(address, 0)?.server ?? assert.fail());
      const real = clients.map((address, number) =>
        kernel.get(`${formatEndpoint(address, fromPort + number)} ${formatEndpoint(vip, port)}`),
      );
      assert.deepEqual(
        real,
        computed.map(({ id }) => destinationKey(id)),
        service.scheduler,
      );
      return real.map(String);
    });
  }

  const differing = (some: readonly string[] = [], others: readonly string[] = []): number =>
    some.filter((name, index) => name !== others[index]).length / clients.length;

  test('diff --moves says what share of clients a change moves; doctor says why the directors differ, and mends it', async () => {
    await apply(once, 'all');
    await apply(twice, 'some');
    const before = await placed(twice, 20_000);
    const { services } = JSON.parse(
      await lvsadmOn(twice, 'diff', '--moves', '--json', '-f', join(directory, 'all')),
    );
    await apply(twice, 'all');
    const [whole, grown] = [await placed(once, 30_000), await placed(twice, 30_000)];
    for (const [index, scheduler] of hashing.entries()) {
      const share = differing(before[index], grown[index]);
      assert.ok(
        Math.abs(services[index].moves - share) < 0.1,
        `${scheduler}: ${services[index].moves}, ${share}`,
      );
      assert.ok(differing(whole[index], grown[index]) > 0, scheduler);
    }
    const found = await hashOrder(twice);
    assert.deepEqual(
      found.map(({ subject }) => subject),
      ports.map((port) => `UDP ${vip}:${port}`),
    );
    for (const command of found.flatMap(({ fixes }) => fixes)) {
      await lvsadmOn(twice, ...command.split(' ').slice(1));
    }
    assert.deepEqual(await hashOrder(twice), []);
    assert.deepEqual(await placed(twice, 40_000), whole);
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

describe('top on a terminal, over the kernel', () => {
  const id = { protocol: 'udp', address: plans.inet.vip, port: 6000 } as const;
  const name = `udp://${id.address}:${id.port}`;
  const server = { address: plans.inet.server(1), port: id.port };
  let directory: string;
  let terminal: Tmux;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'lvsadm-top-'));
    await addService('inet', { id, scheduler: 'rr', schedulerFlags: [], onePacket: false });
    terminal = await Tmux.start(join(directory, 'tmux'), {}, 200, 60);
    const top = `${lvsadm} top --interval 2 --units exact --filter :${id.port}`;
    terminal.type(`sh -c 'echo $$ >${directory}/pid; exec ${top}'`, 'Enter');
    await terminal.shows(/rates of/);
  });
  after(async () => {
    terminal?.[Symbol.dispose]();
    await rm(directory, { recursive: true });
  });

  /** What the screen shows of the service, by heading, and the seconds of its rates. */
  function reading(): {
    readonly time: string;
    readonly seconds: number;
    readonly of: (heading: string) => number;
  } {
    const [title = '', totals = '', heading = '', row = ''] = terminal.lines;
    assert.ok(row.includes(name), row);
    const headings = heading.trim().split(/\s+/);
    const cells = row.slice('>- '.length).split(/\s+/);
    return {
      time: title,
      seconds: Number(/rates of ([\d.]+) s/.exec(totals)?.[1]),
      of: (wanted) => Number(cells[headings.indexOf(wanted)]),
    };
  }

  test('rates times seconds are what the counters gained', async () => {
    const seen = new Set([reading().time]);
    let isSending = true;
    const from = Array.from({ length: CLIENTS }, (_, number) => plans.inet.client(number));
    const twice = [id.port, id.port];
    const sending = sendUdp({ address: id.address, ports: twice, from, fromPort: CLIENT_PORT }).finally(
      () => {
        isSending = false;
      },
    );
    const gained = { CPS: 0, INPPS: 0, INBPS: 0 };
    for (let quiet = 0, tries = 0; (isSending || quiet < 2) && tries < 200; tries++) {
      const { time, seconds, of } = reading();
      if (!seen.has(time)) {
        for (const heading of ['CPS', 'INPPS', 'INBPS'] as const) gained[heading] += of(heading) * seconds;
        quiet = !isSending && of('CPS') === 0 ? quiet + 1 : 0;
      }
      seen.add(time);
      await sleep(100);
    }
    await sending;
    // The kernel adds up its counters every 2 s.
    const [, connections, packets, , bytes] =
      /^UDP +\S+ +(\d+) +(\d+) +(\d+) +(\d+)/m
        .exec(await run('ipvsadm', '-Ln', '--stats', '--exact', '-u', `${id.address}:${id.port}`))
        ?.map(Number) ?? assert.fail();
    assert.deepEqual([connections, packets], [CLIENTS, 2 * CLIENTS]);
    const wanted = { CPS: connections, INPPS: packets, INBPS: bytes };
    for (const [heading, amount] of Object.entries(gained)) {
      const counter = wanted[heading as keyof typeof wanted] ?? assert.fail();
      // The screen rounds the seconds to a tenth, and rates to whole ones.
      assert.ok(Math.abs(amount - counter) <= 0.06 * counter, `${heading}: ${amount} of ${counter}`);
    }
    assert.match(terminal.lines[4] ?? '', /198\.51\.100\.1:6000 .* 25% /);
  });

  test('a drain, an undrain and a weight by keys are in the kernel', async () => {
    const weight = async (): Promise<number | undefined> =>
      (await ipvs.destinations(id)).find((each) => destinationKey(each.id) === destinationKey(server))
        ?.weight;
    terminal.type('Down', 'd');
    await terminal.shows(/: weight 3 -> 0\? \[y\/n\]$/m);
    terminal.type('y');
    await terminal.shows(/connections left, at weight 0$/m);
    assert.equal(await weight(), 0);
    terminal.type('u', 'y');
    await terminal.shows(/^198\.51\.100\.1:6000 of \S+: weight 3$/m);
    assert.equal(await weight(), 3);
    terminal.type('w', '5', 'Enter', 'y');
    await terminal.shows(/: weight 3 -> 5$/m);
    assert.equal(await weight(), 5);
    await terminal.shows(/^>.*198\.51\.100\.1:6000 .* 5 /m);
  });

  test('the screen fits 80x24 and 60x20, and SIGTERM leaves the terminal as it was', async () => {
    // The notice of the last change goes with the next key.
    terminal.type('Up');
    for (const [columns, rows] of [
      [80, 24],
      [60, 20],
    ] as const) {
      terminal.resize(columns, rows);
      await terminal.shows(new RegExp(`^(.*\\n){${rows - 1}}\\? keys {2}q quit$`));
      assert.ok(terminal.lines.every(({ length }) => length <= columns));
      assert.match(terminal.lines[2] ?? '', /^ SERVICE\/SERVER +WEIGHT +ACTIVE +CPS/);
    }
    process.kill(Number(readFileSync(join(directory, 'pid'), 'utf8')), 'SIGTERM');
    await terminal.restored();
  });
});
