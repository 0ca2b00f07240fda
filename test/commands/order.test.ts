// Newer kernels list services and servers in an order that depends on a random number: nothing that is shown does.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Director } from '../support/director.js';

const servers = ['198.51.100.9', '198.51.100.10', '203.0.113.1', '198.51.100.1'];
const table = JSON.stringify({
  services: [
    { service: 'tcp://192.0.2.10:80', servers },
    { service: 'tcp://192.0.2.9:80', scheduler: 'mh', servers },
    { service: 'udp://192.0.2.9:53', servers },
    { service: 'tcp://[2001:db8::1]:80', servers: ['2001:db8::9', '2001:db8::1'] },
    { service: 'fwmark://7', servers },
  ],
});
const other = JSON.stringify({
  services: [{ service: 'fwmark://7', servers: ['198.51.100.10', '198.51.100.2'] }],
});

const rotated = <T>(rows: readonly T[]): readonly T[] => [...rows.slice(1), ...rows.slice(0, 1)];
const orders: readonly FakeOrder[] = [(rows) => rows, (rows) => rows.toReversed(), rotated];
type FakeOrder = <T>(rows: readonly T[]) => readonly T[];

async function directors(context: TestContext): Promise<Director[]> {
  const made: Director[] = [];
  for (const order of orders) {
    const director = await Director.start(context);
    await director.run(['apply', '-f', '-'], { stdin: table });
    director.ipvs.order = order;
    made.push(director);
  }
  return made;
}

for (const [words, stdin] of [
  [['list']],
  [['list', '--json']],
  [['list', '--stats']],
  [['export']],
  [['export', '--json']],
  [['diff', '-f', '-', '--prune'], other],
  [['diff', '-f', '-', '--json'], other],
  [['apply', '-f', '-', '--prune', '--json'], other],
  [['-Ln']],
  [['-Sn']],
  [['drain', '198.51.100.9']],
  [['drain', '198.51.100.9', '--json']],
  [['drain', 'fwmark://7', '198.51.100.7']],
  [['undrain', '198.51.100.1']],
] as const) {
  test(`the order of the kernel does not show: ${words.join(' ')}`, async (context) => {
    const results = [];
    for (const director of await directors(context))
      results.push(await director.run(words, { stdin: stdin ?? '' }));
    assert.ok(results[0]?.out || results[0]?.err);
    for (const result of results) assert.deepEqual(result, results[0]);
  });
}
