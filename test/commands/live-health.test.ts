// What the agent knows of servers, in top, monitor and metrics.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import type { CheckHealth, HealthReport, ServerHealth } from '../../src/agent/reports/health-report.js';
import { healthMark, marksOf } from '../../src/commands/shared/agent/agent-health.js';
import { withHealth } from '../../src/commands/top/state.js';
import { agentPlace } from '../support/agent-socket.js';
import { Director } from '../support/director.js';
import { linesOf, minute, stateAt } from '../support/top-state.js';
import { document } from '../support/top-table.js';

const check = (state: CheckHealth['state'], more: Partial<CheckHealth> = {}): CheckHealth => ({
  check: 'http',
  state,
  age: 1000,
  count: 0,
  of: 0,
  ok: state === 'up',
  ms: 1.5,
  reason: state === 'up' ? 'status 200' : 'connection refused',
  resultAge: 500,
  notRun: null,
  transitions: 1,
  ...more,
});

const server = (name: string, checks: readonly CheckHealth[], kept = false): ServerHealth => {
  const isUp = !checks.some(({ state }) => state === 'down' || state === 'rising');
  return {
    server: name,
    weight: isUp ? 1 : 0,
    factors: { base: 1, health: isUp || kept ? 1 : 0, slowStart: 1, agent: 1 },
    kept,
    held: null,
    checks,
  } as ServerHealth;
};

const report = (...servers: readonly ServerHealth[]): HealthReport => ({
  version: 1,
  punctuality: { started: 10, late: 0, notRun: 0, longestDelay: 1 },
  problems: [],
  services: [{ service: 'tcp://192.0.2.10:80', weightUp: 1, sorry: false, servers }],
});

const held = { weight: 0, by: 'root', since: '2026-11-30T02:31:07.000Z', until: null, reason: null };

const four = report(
  { ...server('198.51.100.1:80', [check('up')]), held },
  server('198.51.100.2:80', [check('failing', { count: 1, of: 3 }), check('up')]),
  server('198.51.100.3:80', [check('up'), check('down')]),
  server('198.51.100.4:80', [check('rising', { count: 1, of: 2 })], true),
);

async function director(t: TestContext) {
  const director = await Director.start(t);
  const { status, err } = await director.run(['apply', '-f', '-'], { stdin: document });
  assert.equal(status, 0, err);
  director.time = 0;
  return { director, ...(await agentPlace(t, director)) };
}

test('the worst check of a server says its state; a server without checks has none', () => {
  assert.deepEqual(healthMark(server('a', [check('up'), check('failing', { count: 2, of: 3 })])), {
    state: 'failing',
    count: 2,
    of: 3,
    reason: 'connection refused',
    held: false,
    notRun: null,
  });
  assert.equal(healthMark(server('a', [check('rising'), check('down')]))?.state, 'down');
  assert.equal(healthMark(server('a', [check('down')], true))?.state, 'kept');
  assert.equal(healthMark(server('a', [])), undefined);
});

const notRun = { age: 200_000, reason: 'too many open files' };

test('a check that does not run is seen in health, whose status is 1, and in metrics', async (t) => {
  const { director: machine, env, serve } = await director(t);
  const checks = [check('up', { notRun, resultAge: 201_000 })];
  await serve(() => JSON.stringify(report(server('198.51.100.1:80', checks))));
  const { status, out } = await machine.run(['health'], { env });
  assert.match(out, / up, not run .* not run for 3m: too many open files; before: status 200\n/);
  assert.match(out, /\n1 up, 0 down, 1 with a check that does not run\n$/);
  assert.equal(status, 1);
  const json = await machine.run(['health', '--json'], { env });
  assert.deepEqual(JSON.parse(json.out).services[0].servers[0].checks[0].notRun, notRun);
  const labels = 'service="tcp://192.0.2.10:80",server="198.51.100.1:80",check="http"';
  const metrics = (await machine.run(['metrics'], { env })).out.split('\n');
  assert.ok(metrics.includes(`lvs_health_check_not_run_seconds{${labels}} 200`));
});

test('what is wrong with the agent itself stands below the table', async (t) => {
  const { director: machine, env, serve } = await director(t);
  const problems = ['cannot write agent.json: no space left on device'];
  await serve(() => JSON.stringify({ ...report(server('198.51.100.1:80', [check('up')])), problems }));
  const { status, out } = await machine.run(['health'], { env });
  assert.match(out, /\n1 up, 0 down\nthe agent: cannot write agent\.json: no space left on device\n$/);
  assert.equal(status, 0);
});

describe('top', () => {
  test('shows the state of each server and how many of a service are up, also in 60 columns', async () => {
    const table = await minute();
    for (const columns of [120, 80, 60]) {
      const plain = linesOf(stateAt({ columns, rows: 24 }, table));
      assert.ok(!plain.some((line) => line.includes('HEALTH')), 'without an agent there is no column');
      const lines = linesOf(withHealth(stateAt({ columns, rows: 24 }, table), marksOf(four)));
      const column =
        lines.find((line) => line.includes('HEALTH'))?.indexOf('HEALTH') ?? assert.fail('no column');
      const shown = (text: string) =>
        lines
          .find((line) => line.includes(text))
          ?.slice(column)
          .split(/ {2,}/)[0];
      assert.deepEqual(
        ['//192.0.2.10:80', '100.1:80', '100.2:80', '100.3:80', '100.4:80', '//192.0.2.10:443'].map(shown),
        ['2/4', 'held', 'up 1/3', 'down', 'kept', ''],
      );
      assert.ok(lines.every((line) => line.length <= columns));
    }
  });

  test('marks a server of which a check does not run', async () => {
    const lost = (state: CheckHealth['state']) => [check(state, { notRun }), check('up')];
    const marks = marksOf(
      report(
        server('198.51.100.1:80', lost('up')),
        server('198.51.100.2:80', lost('failing')),
        server('198.51.100.3:80', lost('down')),
        server('198.51.100.4:80', lost('rising'), true),
      ),
    );
    const lines = linesOf(withHealth(stateAt({ columns: 80, rows: 24 }, await minute()), marks));
    const shown = (text: string) => / (\w+\?)/.exec(lines.find((line) => line.includes(text)) ?? '')?.[1];
    const names = [1, 2, 3, 4].map((last) => `100.${last}:80`);
    assert.deepEqual(names.map(shown), ['up?', 'up?', 'down?', 'kept?']);
  });

  test('a frozen screen keeps the health that it has', async () => {
    const state = { ...stateAt({ columns: 80, rows: 24 }, await minute()), frozen: true };
    assert.equal(withHealth(state, marksOf(four)), state);
  });

  test('writes it as text and as JSON, null without an agent', async (t) => {
    const { director: machine, env, serve } = await director(t);
    const healths = async () => {
      const { out } = await machine.run(['top', '--once', '--json'], { env });
      const { services } = JSON.parse(out);
      return services
        .find((each: { service: string }) => each.service === 'tcp://192.0.2.10:80')
        .servers.map(({ health }: { health: unknown }) => health);
    };
    assert.deepEqual(await healths(), [null, null, null, null]);
    const asked: string[] = [];
    await serve((question) => {
      asked.push(question);
      return JSON.stringify(four);
    });
    assert.deepEqual((await healths())[1], {
      state: 'failing',
      count: 1,
      of: 3,
      reason: 'connection refused',
      held: false,
      notRun: null,
    });
    assert.deepEqual(asked, ['{"version":1}']);
    const { out, err } = await machine.run(['top', '--once'], { env });
    assert.match(out, /198\.51\.100\.3:80 +nat +5 +down /);
    assert.equal(err, '');
  });
});

describe('monitor', () => {
  test('tells servers that go down, come up, or are kept by the floor, with the reason', async (t) => {
    const { director: machine, env, serve } = await director(t);
    const name = '198.51.100.1:80';
    const reports = [
      [server(name, [check('up')])],
      [server(name, [check('failing', { count: 1, of: 2 })])],
      [server(name, [check('down')])],
      [],
      [server(name, [check('down')])],
      [server(name, [check('down')], true)],
      [server(name, [check('up')])],
      [server(name, [check('up', { notRun })])],
      [server(name, [check('up')])],
    ];
    await serve(() => JSON.stringify(report(...(reports.shift() ?? []))));
    machine.whileSleeping = () => {
      if (reports.length === 0) machine.stop.abort('SIGTERM');
    };
    const { out, err } = await machine.run(['monitor', '--only', 'health'], { env });
    assert.equal(err, '');
    assert.equal(
      out,
      [
        `1970-01-01T00:00:02.000Z tcp://192.0.2.10:80 ${name} health: up -> down: connection refused`,
        `1970-01-01T00:00:05.000Z tcp://192.0.2.10:80 ${name} health: down -> kept: connection refused`,
        `1970-01-01T00:00:06.000Z tcp://192.0.2.10:80 ${name} health: kept -> up: status 200`,
        `1970-01-01T00:00:07.000Z tcp://192.0.2.10:80 ${name} health: up -> not run: too many open files`,
        `1970-01-01T00:00:08.000Z tcp://192.0.2.10:80 ${name} health: not run -> up: status 200`,
        '',
      ].join('\n'),
    );
  });

  test('as JSON the reason is a member', async (t) => {
    const { director: machine, env, serve } = await director(t);
    let state: CheckHealth['state'] = 'up';
    await serve(() => JSON.stringify(report(server('198.51.100.1:80', [check(state)]))));
    machine.whileSleeping = () => {
      if (state === 'down') machine.stop.abort('SIGTERM');
      state = 'down';
    };
    const { out } = await machine.run(['monitor', '--json'], { env });
    assert.deepEqual(JSON.parse(out), {
      time: '1970-01-01T00:00:01.000Z',
      section: 'health',
      service: 'tcp://192.0.2.10:80',
      server: '198.51.100.1:80',
      action: 'changed',
      field: 'health',
      from: 'up',
      to: 'down',
      reason: 'connection refused',
    });
  });
});

describe('metrics', () => {
  test('have the health of servers where an agent runs, and not in the form of node_exporter', async (t) => {
    const { director: machine, env, serve } = await director(t);
    assert.doesNotMatch((await machine.run(['metrics'], { env })).out, /lvs_health/);
    await serve(() => JSON.stringify(four));
    const { out, err } = await machine.run(['metrics'], { env });
    assert.equal(err, '');
    assert.match(out, /^lvs_health_up\{service="tcp:\/\/192\.0\.2\.10:80",server="198\.51\.100\.3:80"\} 0$/m);
    assert.match(out, /^lvs_health_checks_started_total 10$/m);
    machine.contents.set('/proc/net/ip_vs_stats', '');
    assert.doesNotMatch(
      (await machine.run(['metrics', '--compatible', 'node_exporter'], { env })).out,
      /lvs_health/,
    );
  });

  test('an agent that does not answer costs a line and no metrics of the table', async (t) => {
    const { director: machine, env, store } = await director(t);
    const silent = createServer((socket) => void socket.on('error', () => {}));
    await new Promise<void>((resolve) => silent.listen(store.socketPath('agent'), resolve));
    t.after(() => silent.close());
    const { status, out, err } = await machine.run(['metrics'], { env });
    assert.deepEqual([status, err], [0, 'lvsadm: no health of servers: cannot ask the agent: no answer\n']);
    assert.match(out, /^lvs_up 1$/m);
  });
});
