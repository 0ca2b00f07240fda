/** metrics and monitor on a real kernel: beside ipvsadm's counters, node_exporter's series, and as Prometheus scrapes them. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { addresses, Farm, gateways } from '../../support/farm.js';
import { dashboardQueries } from '../../support/metrics.js';
import { lvsadm } from '../distribution.js';

const VIP = '10.1.0.100';
const METRICS = '127.0.0.1:9700';
const NODE_EXPORTER = '127.0.0.1:9701';
const PROMETHEUS = '127.0.0.1:9702';

/** Seconds for a program to answer, on an emulated processor. */
const PATIENCE = 120;

let farm: Farm;
let directory: string;

/** What metrics and monitor say before anybody loads the module; undefined where it is loaded already. */
let unloaded: { readonly metrics: string; readonly monitor: string; readonly loaded: boolean } | undefined;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'metrics-'));
  if (!existsSync('/proc/net/ip_vs')) {
    const metrics = spawnSync(lvsadm, ['metrics'], { encoding: 'utf8' }).stdout;
    const monitor = await firstComplaint('monitor');
    unloaded = { metrics, monitor, loaded: existsSync('/proc/net/ip_vs') };
  }
  farm = await Farm.build();
  await director('modprobe ip_vs');
  await farm.lvsadm('director', 'director', 'up', '--vip', VIP, '--interface', 'lan', '--method', 'nat');
  for (const name of ['one', 'two']) {
    await farm.lvsadm(name, 'real-server', 'up', '--method', 'nat', '--gateway', gateways.inet);
  }
  writeFileSync(join(directory, 'rules'), rules);
  await director(`${lvsadm} -R <${directory}/rules`);
});

after(async () => {
  for (const name of ['metrics', 'node_exporter', 'prometheus', 'monitor']) {
    await director(`[ -e ${directory}/${name}.pid ] && kill $(cat ${directory}/${name}.pid) || :`);
  }
  await farm[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

const rules = `-A -t ${VIP}:80 -s rr
-a -t ${VIP}:80 -r ${addresses.inet.one}:80 -m -w 1
-a -t ${VIP}:80 -r ${addresses.inet.two}:80 -m -w 7
-A -u ${VIP}:53 -s wlc
-a -u ${VIP}:53 -r ${addresses.inet.one}:53 -m -w 2
-A -f 31 -s wlc
-a -f 31 -r ${addresses.inet.two}:0 -g -w 3
`;

/** Runs a command on the director. @returns its output */
const director = (command: string): Promise<string> => farm.host('director').run('sh', ['-c', command]);

/** What a subcommand that goes on writes first to standard error. */
async function firstComplaint(subcommand: string): Promise<string> {
  const child = spawn(lvsadm, [subcommand], { stdio: ['ignore', 'ignore', 'pipe'] });
  const [line] = await once(child.stderr, 'data');
  child.kill('SIGINT');
  await once(child, 'exit');
  return String(line);
}

/** Starts a program on the director, which writes to NAME.log. */
const start = (name: string, command: string): Promise<string> =>
  director(`${command} >${directory}/${name}.log 2>&1 & echo $! >${directory}/${name}.pid`);

const GET =
  '(exec 3<>"/dev/tcp/$1/$2" && printf "GET %s HTTP/1.0\\r\\n\\r\\n" "$3" >&3 && cat <&3) 2>/dev/null || :';

/** What a program answers as soon as it does. */
async function fetched(address: string, path: string): Promise<string> {
  const words = ['--norc', '-c', GET, 'bash', ...address.split(':'), path];
  for (let tries = 0; tries < PATIENCE; tries++) {
    const answer = await farm.host('director').run('bash', words);
    if (/^HTTP\/1\.[01] 200 /.test(answer)) return answer.slice(answer.indexOf('\r\n\r\n') + 4);
    await sleep(1000);
  }
  return assert.fail(`nothing answers at ${address}: ${await director(`tail -n 5 ${directory}/*.log`)}`);
}

test('where the module is not loaded metrics and monitor say so, and do not load it', (t) => {
  if (unloaded === undefined) return t.skip('IPVS is loaded already');
  assert.match(unloaded.metrics, /^lvs_up 0$/m);
  assert.equal(
    unloaded.monitor,
    'lvsadm: the kernel has no IPVS: its module is not loaded; waiting for it\n',
  );
  assert.equal(unloaded.loaded, false);
});

test('counters are those of ipvsadm --stats', async () => {
  const { answers, errors } = await farm.ask(VIP, 20);
  assert.deepEqual([answers.length, errors], [20, []]);
  // Answers of the last connections may still be on their way.
  await sleep(1000);
  const metrics = await director(`${lvsadm} metrics`);
  const stats = await director(`/sbin/ipvsadm -Ln --stats --exact -t ${VIP}:80`);
  const names = ['connections', 'incoming_packets', 'outgoing_packets', 'incoming_bytes', 'outgoing_bytes'];
  const rows = stats.split('\n').filter((line) => /^(TCP| {2}->) +[\d.]+:80/.test(line));
  assert.equal(rows.length, 3);
  for (const row of rows) {
    const [, endpoint, ...counts] = row.trim().split(/\s+/);
    const isService = row.startsWith('TCP');
    const kind = isService ? 'service' : 'server';
    const labels = `service="tcp://${VIP}:80"${isService ? '' : `,server="${endpoint}"`}`;
    const wanted = names.map((name, index) => `lvs_${kind}_${name}_total{${labels}} ${counts[index]}`);
    const lines = new Set(metrics.split('\n'));
    assert.deepEqual(
      wanted.filter((line) => !lines.has(line)),
      [],
      metrics,
    );
  }
  assert.match(metrics, new RegExp(`^lvs_service_connections_total\\{service="tcp://${VIP}:80"\\} 20$`, 'm'));
});

test("--compatible has node_exporter's series, for TCP, UDP and marks", async () => {
  const program = 'prometheus-node-exporter --collector.disable-defaults --collector.ipvs';
  await start('node_exporter', `${program} --web.listen-address=${NODE_EXPORTER}`);
  const theirs = await fetched(NODE_EXPORTER, '/metrics');
  const ours = await director(`${lvsadm} metrics --compatible node_exporter`);
  /** Series with values as numbers: theirs may be written as 1.2e+06. */
  const seriesOf = (text: string): string[] =>
    text
      .split('\n')
      .filter((line) => line.startsWith('node_ipvs_'))
      .map((line) => line.replace(/ (\S+)$/, (_, value: string) => ` ${Number(value)}`))
      .toSorted();
  assert.ok(seriesOf(theirs).length >= 5 + 3 * 4);
  assert.deepEqual(seriesOf(ours), seriesOf(theirs));
});

test('Prometheus scrapes the metrics twice, and answers queries', async () => {
  await start('metrics', `${lvsadm} metrics --listen ${METRICS}`);
  await fetched(METRICS, '/metrics');
  const config = {
    global: { scrape_interval: '5s' },
    scrape_configs: [{ job_name: 'lvs', static_configs: [{ targets: [METRICS] }] }],
  };
  writeFileSync(join(directory, 'prometheus.yml'), JSON.stringify(config));
  const options = `--config.file=${directory}/prometheus.yml --storage.tsdb.path=${directory}/tsdb`;
  await start('prometheus', `prometheus ${options} --web.listen-address=${PROMETHEUS}`);
  await fetched(PROMETHEUS, '/-/ready');
  const results = async (text: string): Promise<readonly { readonly value: readonly [number, string] }[]> =>
    JSON.parse(await fetched(PROMETHEUS, `/api/v1/query?query=${encodeURIComponent(text)}`)).data.result;
  const query = async (text: string): Promise<string> => (await results(text))[0]?.value[1] ?? '';
  for (let tries = 0; tries < PATIENCE && Number(await query('count_over_time(lvs_up[5m])')) < 2; tries++) {
    await sleep(1000);
  }
  assert.equal(await query('up{job="lvs"}'), '1');
  assert.equal(await query('min_over_time(lvs_up[5m])'), '1');
  assert.equal(await query(`sum(lvs_server_weight{service="tcp://${VIP}:80"})`), '8');
  assert.equal(await query('count(lvs_server_info)'), '4');
  assert.ok(Number(await query(`lvs_service_connections_total{service="tcp://${VIP}:80"}`)) >= 20);
  // Grafana itself is not in Debian: what the dashboard asks is asked here.
  for (const expression of await dashboardQueries()) {
    assert.ok((await results(expression)).length > 0, `no result: ${expression}`);
  }
});

test('monitor sees what ipvsadm changes', async () => {
  await start('monitor', `${lvsadm} monitor --json --interval 0.5`);
  const events = async () =>
    (await director(`cat ${directory}/monitor.log`))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  /** Repeats a change until there is an event of this section. */
  const untilSeen = async (section: string, change: (tries: number) => string) => {
    for (let tries = 1; tries < PATIENCE; tries++) {
      await director(change(tries));
      await sleep(1000);
      const seen = (await events()).filter((event) => event.section === section);
      if (seen.length > 0) return seen;
    }
    return assert.fail(`no event of ${section}`);
  };
  const seen = await untilSeen(
    'weights',
    (weight) => `/sbin/ipvsadm -e -t ${VIP}:80 -r ${addresses.inet.one}:80 -m -w ${10 + weight}`,
  );
  const [{ service, server, action, field, to }] = seen as [Record<string, unknown>];
  assert.deepEqual(
    [service, server, action, field],
    [`tcp://${VIP}:80`, `${addresses.inet.one}:80`, 'changed', 'weight'],
  );
  assert.ok(Number(to) > 10);
  await untilSeen('services', (tries) => (tries === 1 ? '/sbin/ipvsadm -D -f 31' : ':'));
  await untilSeen('timeouts', (tries) => (tries === 1 ? '/sbin/ipvsadm --set 600 0 0' : ':'));
  assert.deepEqual(
    (await events())
      .filter(({ section }) => section !== 'weights')
      .map(({ section, action, field, to }) => [section, action, field, to].filter((part) => part != null)),
    [
      ['servers', 'removed'],
      ['services', 'removed'],
      ['timeouts', 'changed', 'tcp', 600],
    ],
  );
});
