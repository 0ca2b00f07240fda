// What Prometheus's own programs say of the metrics, the alert rules and the dashboard in docs/observe.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { exposition } from '../../src/observe/metrics/exposition.js';
import { nodeExporterMetrics } from '../../src/observe/metrics/node-exporter.js';
import { sampleTable } from '../../src/observe/table/sample.js';
import { Director } from '../support/director.js';
import {
  dashboardQueries,
  observeDocs,
  readDashboard,
  sampleDocument,
  sampleTotals,
} from '../support/metrics.js';
import { LabUnavailable } from './errors.js';
import { ensurePackages, metricsNeeds } from './packages.js';

let missing: string | false = false;

before(() =>
  ensurePackages(metricsNeeds).catch((error) => {
    if (!(error instanceof LabUnavailable)) throw error;
    missing = error.message;
  }),
);

/** Runs promtool, which must have nothing to say against its input. */
function promtool(words: readonly string[], input: string | Uint8Array = ''): string {
  const { status, stdout, stderr } = spawnSync('promtool', words, { input, encoding: 'utf8' });
  assert.deepEqual([status, stderr], [0, ''], stdout);
  return stdout;
}

async function withTable(t: TestContext): Promise<Director> {
  const director = await Director.start(t);
  assert.equal((await director.run(['apply', '-f', '-'], { stdin: sampleDocument })).status, 0);
  return director;
}

test('promtool finds nothing against the metrics, with a table and without IPVS', async (t) => {
  if (missing) return t.skip(missing);
  const director = await withTable(t);
  promtool(['check', 'metrics'], (await director.run(['metrics'])).out);
  director.ipvs.present = false;
  promtool(['check', 'metrics'], (await director.run(['metrics'])).out);
});

test("promtool reads node_exporter's series", async (t) => {
  if (missing) return t.skip(missing);
  const sample = await sampleTable((await withTable(t)).client);
  promtool(['check', 'metrics'], exposition(nodeExporterMetrics(sample, sampleTotals), 'prometheus'));
});

test('the alert rules are valid, and fire when they should', (t) => {
  if (missing) return t.skip(missing);
  promtool(['check', 'rules', join(observeDocs, 'alerts.yml')]);
  promtool(['test', 'rules', join(observeDocs, 'alerts.test.yml')]);
});

test('every query of the dashboard is valid', async (t) => {
  if (missing) return t.skip(missing);
  const queries = await dashboardQueries();
  const rules = queries.map((expr, index) => ({ record: `query:${index}`, expr }));
  const directory = await mkdtemp(join(tmpdir(), 'lvsadm-metrics-'));
  t.after(() => rm(directory, { recursive: true }));
  const file = join(directory, 'rules.yml');
  await writeFile(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
  promtool(['check', 'rules', file]);
});

/** The version of Grafana's format that the dashboard is written in; later ones migrate it. */
const DASHBOARD_FORMAT = 38;

test('the dashboard has what Grafana reads: panels apart in its grid, and only variables that it defines', async () => {
  const { uid, title, schemaVersion, templating, panels } = await readDashboard();
  assert.match(uid, /^[\w-]{1,40}$/);
  assert.ok(title !== '' && schemaVersion === DASHBOARD_FORMAT);
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  const cells = new Set<string>();
  for (const { type, title, gridPos, targets } of panels) {
    assert.ok(['stat', 'timeseries'].includes(type) && title !== '', `${type} ${title}`);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++)
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
        assert.ok(x >= 0 && x < 24 && !cells.has(`${x} ${y}`), `${title} lies on another panel, or outside`);
        cells.add(`${x} ${y}`);
      }
    assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length);
    for (const { datasource } of targets) assert.match(datasource.uid, /^\$\{datasource\}$/);
  }
  const defined = templating.list.map(({ name }) => name);
  assert.deepEqual(
    templating.list.filter(({ type }) => type === 'datasource').map(({ name, query }) => [name, query]),
    [['datasource', 'prometheus']],
  );
  const used = [...JSON.stringify({ templating, panels }).matchAll(/\$\{?(\w+)/g)].map(
    ([, name = '']) => name,
  );
  assert.deepEqual(
    used.filter((name) => !name.startsWith('__') && !defined.includes(name)),
    [],
  );
});

test('dashboard and alert rules name only series that there are', async (t) => {
  const { out } = await (await withTable(t)).run(['metrics']);
  const there = new Set([...out.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name));
  const texts = [...(await dashboardQueries()), await readFile(join(observeDocs, 'alerts.yml'), 'utf8')];
  const named = texts.flatMap((text) => text.match(/\blvs_[a-z_]+\b/g) ?? []);
  assert.ok(named.length > 15);
  assert.deepEqual(
    named.filter((name) => !there.has(name)),
    [],
  );
});
