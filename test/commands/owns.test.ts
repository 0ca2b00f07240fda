// owns: the part of the table outside of which --prune removes nothing.
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { formatService } from '../../src/model/service-uri.js';
import { Director } from '../support/director.js';

const mine = 'tcp://192.0.2.1:80';
const old = 'tcp://192.0.2.2:80';
const table = [mine, old, 'tcp://203.0.113.1:80', 'tcp://[2001:db8::1]:80', 'fwmark://7', 'fwmark://100'];

const documentOf = (services: readonly string[], more: object = {}): string =>
  JSON.stringify({
    ...more,
    services: services.map((service) => ({
      service,
      servers: [service.includes('[') ? '[2001:db8:1::1]:80' : '198.51.100.1'],
    })),
  });

async function start(context: TestContext): Promise<Director> {
  const director = await Director.start(context);
  const stdin = documentOf(table, { sync: { master: { interface: 'eth0' } } });
  const { status, err } = await director.run(['apply', '-f', '-'], { stdin });
  assert.deepEqual([status, err], [0, '']);
  return director;
}

async function servicesOf(director: Director): Promise<string[]> {
  const { services } = await director.state();
  return services.map(({ service }) => formatService(service.id)).sort();
}

const prune = ['apply', '-f', '-', '--prune', '--allow-empty'];

describe('apply --prune removes what is inside of owns only', () => {
  const cases: readonly [owns: string[] | undefined, removed: string[]][] = [
    [['192.0.2.0/24'], [old]],
    [['192.0.2.1'], []],
    [['0.0.0.0/0'], [old, 'tcp://203.0.113.1:80']],
    [
      ['192.0.2.1/32', '2001:db8::/32', 'fwmark 1-99'],
      ['tcp://[2001:db8::1]:80', 'fwmark://7'],
    ],
    [undefined, table.filter((service) => service !== mine)],
  ];
  for (const [owns, removed] of cases) {
    test(`${owns ?? 'or anywhere, without it'}`, async (context) => {
      const director = await start(context);
      const stdin = documentOf([mine], { owns, sync: {} });
      const { status, err } = await director.run(prune, { stdin });
      assert.deepEqual([status, err], [0, '']);
      assert.deepEqual(
        await servicesOf(director),
        table.filter((service) => !removed.includes(service)).sort(),
      );
      assert.equal((await director.state()).daemons.length, owns === undefined ? 0 : 1);
    });
  }
});

test('diff leaves services outside of it alone, and says so', async (context) => {
  const director = await start(context);
  const stdin = documentOf([mine], { owns: ['192.0.2.0/24'] });
  const text = await director.run(['diff', '-f', '-', '--prune'], { stdin });
  assert.equal(text.status, 1);
  assert.match(text.out, /2 to remove, 2 unchanged, 8 outside of what the document owns and left alone\n$/);
  const unpruned = await director.run(['diff', '-f', '-'], { stdin });
  assert.match(
    unpruned.out,
    /2 unchanged, 1 not in the document and left alone \(--prune removes them\), 4 outside of what the document owns and left alone\n$/,
  );
  const json = JSON.parse((await director.run(['diff', '-f', '-', '--prune', '--json'], { stdin })).out);
  assert.deepEqual(
    json.services.map(({ action }: { action: string }) => action),
    ['keep', 'remove', 'leave', 'leave', 'leave', 'leave'],
  );
});

test('documents own together what each of them owns; one without owns adds nothing', async (context) => {
  const director = await start(context);
  await director.file('a.json', documentOf([mine], { owns: ['192.0.2.0/30'] }));
  await director.file('b.json', documentOf([], { owns: ['fwmark 1-99'] }));
  await director.file('c.json', documentOf(['tcp://203.0.113.1:80']));
  await director.run(['apply', '-f', director.directory, '--prune']);
  assert.deepEqual(
    await servicesOf(director),
    table.filter((service) => service !== old && service !== 'fwmark://7').sort(),
  );
});

test('--max-remove counts what the document owns', async (context) => {
  const director = await start(context);
  const stdin = documentOf([mine], { owns: ['192.0.2.0/24'] });
  const { err } = await director.run([...prune, '--max-remove', '49%'], { stdin });
  assert.match(err, /would remove 1 of 2 services/);
});

test('a service outside of owns, and a network that is none, are mistakes with their places', async (context) => {
  const director = await Director.start(context);
  const mistakesOf = async (owns: string): Promise<string> => {
    const stdin = `owns: [${owns}]\nservices:\n  - service: tcp://203.0.113.1:80\n`;
    const { status, err } = await director.run(['check', '-f', '-'], { stdin });
    assert.equal(status, 2);
    return err;
  };
  assert.match(
    await mistakesOf('192.0.2.0/24'),
    /^lvsadm: standard input:3:14: services\[0\]\.service: tcp:\/\/203\.0\.113\.1:80 is outside of what[^\n]*\n$/,
  );
  // The network that is none may be meant for the service.
  assert.match(
    await mistakesOf('192.0.2.0/24, 192.0.2.1/24'),
    /^lvsadm: standard input:1:22: owns\[1\]: '192\.0\.2\.1\/24' is not a network: its address has bits beyond[^\n]*\n$/,
  );
});
