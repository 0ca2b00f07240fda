// apply --max-remove: documents that would remove more than this of the table are refused.
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { Director } from '../support/director.js';

/** A service for each number, with so many servers. */
const document = (...servers: number[]): string =>
  JSON.stringify({
    services: servers.map((count, mark) => ({
      service: `fwmark://${mark + 1}`,
      servers: Array.from({ length: count }, (_, index) => `198.51.100.${index + 1}`),
    })),
  });

async function directorWith(context: TestContext, ...servers: number[]): Promise<Director> {
  const director = await Director.start(context);
  assert.equal((await director.run(['apply', '-f', '-'], { stdin: document(...servers) })).status, 0);
  director.changesSent = 0;
  return director;
}

const help = "Try 'lvsadm apply --help'.\n";
const prune = ['apply', '-f', '-', '--prune'];

describe('apply --max-remove', () => {
  const refused: readonly [
    limit: string,
    before: number[],
    after: number[],
    removed: string,
    most: string,
  ][] = [
    ['1', [0, 0, 0, 0], [0, 0], '2 of 4 services', '1'],
    ['25%', [1, 1, 1, 1], [1, 1], '2 of 4 services', '25%'],
    ['49%', [3, 1], [1, 1], '2 of 4 servers', '49%'],
    ['0', [4], [3], '1 of 4 servers', '0'],
  ];
  for (const [limit, before, after, removed, most] of refused) {
    test(`${limit} refuses the removal of ${removed} in one line`, async (context) => {
      const director = await directorWith(context, ...before);
      const words = [...prune, '--max-remove', limit];
      const { status, out, err } = await director.run(words, { stdin: document(...after) });
      assert.deepEqual([status, out, director.changesSent], [2, '', 0]);
      assert.equal(
        err,
        `lvsadm: --max-remove: would remove ${removed}, and at most ${most} may go; --max-remove 100% allows it\n${help}`,
      );
    });
  }

  const allowed: readonly [limit: string | undefined, before: number[], after: number[]][] = [
    ['2', [0, 0, 0, 0], [0, 0]],
    ['50%', [2, 2, 2, 2], [2, 2]],
    ['100%', [1, 1], [1]],
    [undefined, [4, 4, 4, 4], [1]],
    ['0', [4], [5, 5]],
  ];
  for (const [limit, before, after] of allowed) {
    test(`${limit ?? 'without it,'} allows ${before} to become ${after}`, async (context) => {
      const director = await directorWith(context, ...before);
      const words = [...prune, ...(limit === undefined ? [] : ['--max-remove', limit])];
      const { status, err } = await director.run(words, { stdin: document(...after) });
      assert.deepEqual([status, err], [0, '']);
      const { services } = await director.state();
      assert.equal(services.length, after.length);
    });
  }

  for (const text of ['', 'x', '-1', '101%', '1.5', '50 %', '%', '99999999999']) {
    test(`'${text}' is no limit`, async (context) => {
      const director = await Director.start(context);
      const { status, err } = await director.run([...prune, `--max-remove=${text}`], { stdin: document(1) });
      assert.equal(status, 2);
      assert.match(err, /^lvsadm: --max-remove.*\nTry .*\n$/);
    });
  }
});

/** Runs apply --watch; each text becomes the file's after two looks, the last one stays for 70. */
async function watched(context: TestContext, words: readonly string[], ...texts: string[]) {
  const director = await Director.start(context);
  const file = await director.file('web.json', texts[0] as string);
  const quiet = async () => {};
  const events = [
    ...texts.slice(1).flatMap((text) => [() => director.file('web.json', text), quiet]),
    ...Array.from({ length: 70 }, () => quiet),
  ];
  director.whileSleeping = async () => {
    const next = events.shift();
    if (next === undefined) director.stop.abort();
    else await next();
  };
  const result = await director.run(['apply', '-f', file, '--prune', '--watch', ...words]);
  const services = (await director.state()).services.map(({ destinations }) => destinations.length);
  return { ...result, services };
}

describe('apply --watch', () => {
  test('removes at most half unless told otherwise, tells a refusal once, and goes on', async (context) => {
    const { err, services } = await watched(context, [], document(1, 1, 1, 1), document(1), document(1, 1));
    assert.equal(
      err,
      'lvsadm: --max-remove: would remove 3 of 4 services, and at most 50% may go; --max-remove 100% allows it\n',
    );
    assert.deepEqual(services, [1, 1]);
  });

  test('tells a refusal that lasts once', async (context) => {
    const { err, services } = await watched(context, [], document(4), document(1));
    assert.equal(err.split('\n').length, 2, err);
    assert.deepEqual(services, [4]);
  });

  test('removes what --max-remove allows', async (context) => {
    const { err, services } = await watched(context, ['--max-remove', '100%'], document(4), document(1));
    assert.equal(err, '');
    assert.deepEqual(services, [1]);
  });
});
