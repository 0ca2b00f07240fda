/** Traffic goes on while `lvsadm apply` changes the table under it: no request fails, no connection breaks. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { endpointOf, plan, type Server, serverNames, serverPort, vip } from '../../demo/cluster.js';
import { Network } from '../../support/net/network.js';
import { checkout } from '../paths.js';

const lvsadm = join(checkout, 'dist/lvsadm.js');

/** A service that no document changes, and one that each changes in another way. */
const steady = 80;
const changing = 81;

/** Servers of the changing service by weight, and its settings; alpha is always there. */
interface Version {
  readonly servers: Partial<Record<Server, number>>;
  readonly settings?: object;
}

const versions: readonly Version[] = [
  { servers: { alpha: 1, beta: 1 } },
  { servers: { alpha: 1, beta: 5, gamma: 1 }, settings: { scheduler: 'wrr' } },
  { servers: { alpha: 3, gamma: 2 }, settings: { scheduler: 'sh', schedulerFlags: ['sh-port'] } },
  { servers: { alpha: 1, beta: 1 }, settings: { persistence: 60 } },
];

const serversOf = (servers: Version['servers']) =>
  Object.entries(servers).map(([name, weight]) => ({ server: endpointOf(name as Server), weight }));

const documentOf = ({ servers, settings }: Version) => ({
  defaults: { server: { method: 'nat' } },
  services: [
    { service: `tcp://${vip}:${steady}`, scheduler: 'rr', servers: serversOf({ alpha: 1, beta: 1 }) },
    { service: `tcp://${vip}:${changing}`, scheduler: 'rr', ...settings, servers: serversOf(servers) },
  ],
});

test('no request fails and no connection to a server that stays breaks', async (context) => {
  const directory = await mkdtemp(join(tmpdir(), 'lvsadm-traffic-'));
  context.after(() => rm(directory, { recursive: true }));
  await using network = await Network.build(plan);
  const director = network.host('director');
  const apply = async (version: Version): Promise<string> => {
    const file = join(directory, 'lvsadm.json');
    await writeFile(file, JSON.stringify(documentOf(version)));
    const env = { ...process.env, LVSADM_RUN: directory };
    return director.run(process.execPath, [lvsadm, 'apply', '-f', file, '--prune', '--drain', '60'], { env });
  };
  const [client] = await Promise.all([
    network.host('client').agent(),
    ...serverNames.map(async (name) =>
      (await network.host(name).agent()).call('serveHttp', { name, port: serverPort }),
    ),
  ]);
  const [first, ...later] = versions as [Version, ...Version[]];
  await apply(first);

  const held: { connection: number; answer: string; port: number }[] = [];
  for (const port of [steady, steady, changing, changing]) {
    held.push({ ...(await client.call('hold', { address: vip, port })), port });
  }
  // The server that leaves takes its connections along: that is what draining waits for.
  const staying = held.filter(({ port, answer }) => port === steady || answer === 'alpha');
  for (const { connection } of held.filter((one) => !staying.includes(one)))
    await client.call('release', connection);

  let over = false;
  const counts = { [steady]: 0, [changing]: 0 };
  const traffic = async (port: typeof steady | typeof changing): Promise<string[]> => {
    const errors: string[] = [];
    while (!over) {
      const outcome = await client.call('ask', {
        address: vip,
        port,
        count: 20,
        parallel: 2,
        timeout: 60_000,
      });
      counts[port] += outcome.answers.length;
      errors.push(...outcome.errors);
    }
    return errors;
  };
  const running = Promise.all([traffic(steady), traffic(changing)]);
  const told: string[] = [];
  try {
    for (const version of later) {
      told.push(await apply(version));
      for (const { connection, answer } of staying)
        assert.equal(await client.call('repeat', connection), answer);
    }
  } finally {
    over = true;
  }
  const [steadyErrors, changingErrors] = await running;
  assert.deepEqual(steadyErrors, []);
  assert.deepEqual(changingErrors, []);
  assert.ok(
    counts[steady] >= 40 && counts[changing] >= 40,
    `${counts[steady]} and ${counts[changing]} requests`,
  );
  assert.ok(
    told.every(
      (text) => text.includes(`tcp://${vip}:${changing}`) && !text.includes(`tcp://${vip}:${steady}`),
    ),
    told.join(),
  );
  context.diagnostic(
    `${counts[steady]} requests to the steady service, ${counts[changing]} to the changing one`,
  );
});
