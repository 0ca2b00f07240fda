/** What the kernel does that surprises, and what lvsadm makes of it: drains of schedulers that hash, restores of a table in use. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, type TestContext, test } from 'node:test';
import { Cluster, type VirtualService } from '../../support/cluster/cluster.js';
import { answered } from '../../support/cluster/shares.js';
import { lvsadm } from '../distribution.js';

let cluster: Cluster;
let directory: string;

before(async () => {
  cluster = await Cluster.build('nat');
  // A client that is refused hears of it at once, and does not wait.
  await cluster.network.host('director').sysctl({ 'net.ipv4.icmp_ratelimit': 0 });
  directory = await mkdtemp(join(tmpdir(), 'lvsadm-habits-'));
  await symlink(lvsadm, join(directory, 'ipvsadm-restore'));
});
afterEach(() => cluster.reset());
after(async () => {
  await cluster[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

const ask = ({ vip, port }: VirtualService, count: number) =>
  cluster.client.call('ask', { address: vip, port, count, parallel: 4, timeout: 8000 });

/** Runs a subcommand on the director. */
async function director(...words: string[]): Promise<string> {
  const { status, out } = await cluster.director.call('lvsadm', ...words);
  assert.equal(status, 0, `${words.join(' ')}: ${out}`);
  return out;
}

const nameOf = ({ vip, port }: VirtualService): string => `tcp://${vip}:${port}`;

/** Requests that go on while something is done: how many were answered, and what went wrong. */
async function during<T>(
  service: VirtualService,
  work: () => Promise<T>,
): Promise<{ made: T; errors: string[]; count: number }> {
  let over = false;
  const requests = (async () => {
    const errors: string[] = [];
    let count = 0;
    while (!over) {
      const outcome = await ask(service, 20);
      errors.push(...outcome.errors);
      count += 20;
    }
    return { errors, count };
  })();
  try {
    const made = await work();
    over = true;
    return { made, ...(await requests) };
  } finally {
    over = true;
  }
}

const rs1 = () => {
  const { address, port } = cluster.destination('rs1').id;
  return `${address}:${port}`;
};

for (const scheduler of ['sh', 'mh']) {
  describe(`a drain with ${scheduler}`, () => {
    /** By address and port of the client, so that one client reaches all servers. */
    const add = () => cluster.addService({ scheduler, service: { schedulerFlags: ['flag-2'] } });

    test('weight 0 alone refuses clients; doctor says so, and its fix ends that', async (context: TestContext) => {
      const service = await add();
      answered(await ask(service, 30));
      const destination = cluster.destination('rs1', { weights: { rs1: 0 } });
      await cluster.apply([{ do: 'editDestination', of: service.id, destination }]);
      const { errors } = await ask(service, 40);
      context.diagnostic(`${errors.length} of 40 clients refused without fallback`);
      assert.ok(errors.length > 0);
      const { out } = await cluster.director.call('lvsadm', 'doctor', '--json', '--vip', service.vip);
      const found = JSON.parse(out).findings.find(({ id }: { id: string }) => id === 'hashed-at-zero');
      assert.equal(found?.severity, 'error', out);
      const [program = '', ...words] = found.fixes[0].command.split(' ');
      assert.equal(program, 'lvsadm');
      await cluster.network.host('director').run(lvsadm, words);
      answered(await ask(service, 40));
    });

    test('drain and undrain refuse no client', async (context: TestContext) => {
      const service = await add();
      const drained = await during(service, async () => {
        await director('drain', nameOf(service), rs1(), '--timeout', '60');
        return ask(service, 60);
      });
      context.diagnostic(`${drained.errors.length} of ${drained.count} clients refused while drained`);
      assert.deepEqual(drained.errors, []);
      assert.equal(answered(drained.made)['rs1'], undefined, 'the drained server gets no client');
      const back = await during(service, () => director('undrain', nameOf(service), rs1()));
      assert.deepEqual(back.errors, []);
      const table = JSON.parse(await director('list', nameOf(service), '--json'));
      assert.deepEqual(table.services[0].schedulerFlags, [`${scheduler}-port`]);
      assert.ok(answered(await ask(service, 40))['rs1']);
    });
  });
}

describe('a restore of a table in use', () => {
  const saved = async () => cluster.network.host('director').run(lvsadm, ['-Sn']);
  const restore = (rules: string, ...words: string[]) =>
    cluster.network.host('director').run(join(directory, 'ipvsadm-restore'), words, { input: rules });

  test('keeps connections and counters of services that stay', async (context: TestContext) => {
    const service = await cluster.addService();
    const other = await cluster.addService();
    const { vip, port } = service;
    const held = [];
    for (let count = 0; count < 6; count++)
      held.push(await cluster.client.call('hold', { address: vip, port }));
    const rules = (await saved()).split('\n').filter((line) => !line.includes(other.vip));
    const listed = async () => {
      const { services } = JSON.parse(await director('list', nameOf(service), '--json'));
      return BigInt(services[0].stats.connections);
    };
    const before = await listed();
    const { errors, count } = await during(service, async () => {
      await restore(rules.join('\n'));
      await cluster.network.host('director').run(lvsadm, ['-R'], { input: `-C\n${rules.join('\n')}` });
    });
    assert.deepEqual(errors, []);
    let kept = 0;
    for (const { connection, answer } of held) {
      if ((await cluster.client.call('repeat', connection)) === answer) kept++;
      await cluster.client.call('release', connection);
    }
    context.diagnostic(
      `${kept} of ${held.length} connections kept by two restores, ${count} requests meanwhile`,
    );
    assert.equal(kept, held.length);
    assert.ok((await listed()) > before);
    assert.equal(await saved(), rules.join('\n'), 'the service that the rules do not name is gone');
  });

  test('ends as with --flush, whatever stood there', async () => {
    const service = await cluster.addService({ scheduler: 'mh' });
    const { vip } = service;
    const tables = [
      `-A -t ${vip}:80 -s rr\n-a -t ${vip}:80 -r 10.9.9.1:80 -m -w 3\n-A -f 7 -s sh -b sh-port\n`,
      `-A -t ${vip}:80 -s wlc -p 60\n-a -t ${vip}:80 -r 10.9.9.1:80 -g -w 1\n-a -t ${vip}:80 -r 10.9.9.2:80 -m -w 1 -x 9 -y 3\n`,
      `-A -t ${vip}:80 -s nosuch\n-A -f 7 -s rr\n-A -f 7 -s wlc\n-a -f 7 -r 10.9.9.1:0 -g -w 1\n`,
    ];
    for (const table of [...tables, ...tables]) {
      const ends: string[] = [];
      for (const words of [[], ['--flush']]) {
        await cluster.network
          .host('director')
          .attempt(join(directory, 'ipvsadm-restore'), words, { input: table });
        ends.push(await saved());
        if (words.length === 0) await restore(tables[0] as string);
      }
      assert.equal(ends[0], ends[1]);
    }
  });
});

async function emptyDocument(): Promise<string> {
  const file = join(directory, 'empty.json');
  await writeFile(file, JSON.stringify({ sync: {} }));
  return file;
}

test('a sync daemon keeps running when its new interface does not exist', async () => {
  const file = join(directory, 'sync.json');
  const daemons = async () => JSON.parse(await director('export', '--json')).sync;
  const apply = async (device: string) => {
    await writeFile(file, JSON.stringify({ sync: { backup: { interface: device, id: 3 } } }));
    return cluster.director.call('lvsadm', 'apply', '-f', file).catch((error: Error) => error.message);
  };
  await apply('lo');
  const before = await daemons();
  assert.equal(before.backup.interface, 'lo');
  assert.match(String(await apply('nosuch0')), /no link 'nosuch0'/);
  assert.deepEqual(await daemons(), before);
  await director('apply', '-f', await emptyDocument(), '--prune', '--allow-empty');
});

test('director status knows every setting of this kernel', async (context: TestContext) => {
  const { out } = await cluster.director.call('lvsadm', 'director', 'status', '--json');
  const { settings } = JSON.parse(out) as {
    settings: { name: string; value: string; default: string; meaning: string }[];
  };
  const inProc = (await readdir('/proc/sys/net/ipv4/vs')).toSorted();
  const unknown = settings.filter(({ meaning }) => meaning === null).map(({ name }) => name);
  context.diagnostic(
    `${settings.length} settings, ${unknown.length} without a meaning: ${unknown.join(' ')}`,
  );
  assert.deepEqual(unknown, []);
  assert.ok(settings.length > 0 && inProc.length >= settings.length);
});

test('a server by bypass has one name, whatever road lists it', async () => {
  const of = { fwmark: 9, family: 'inet' } as const;
  const destination = {
    ...cluster.destination('rs1'),
    id: { address: '198.51.100.9', port: 0 },
    method: 'bypass',
  } as const;
  await cluster.apply([
    { do: 'addService', service: { id: of, scheduler: 'rr', schedulerFlags: [], onePacket: false } },
    { do: 'addDestination', of, destination },
  ]);
  const host = cluster.network.host('director');
  for (const env of [{}, { LVSADM_SOCKOPT: 'off' }]) {
    const listed = await host.run(lvsadm, ['-Ln'], { env: { ...process.env, ...env } });
    assert.match(listed, /198\.51\.100\.9:0 +Bypass /);
  }
  const { stderr } = await host.attempt(lvsadm, ['-Sn']);
  assert.match(stderr, /1 server of the method bypass saved with -g/);
  assert.match(await director('export'), /method: bypass/);
});
