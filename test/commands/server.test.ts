// drain, undrain and weight: one server at a time.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { ServiceId } from '../../src/model/service.js';
import { Director } from '../support/director.js';

const web: ServiceId = { protocol: 'tcp', address: '192.0.2.1', port: 80 };
const first = { address: '198.51.100.1', port: 80 };
const names = ['tcp://192.0.2.1:80', '198.51.100.1:80'];

async function start(context: TestContext): Promise<Director> {
  const director = await Director.start(context);
  await director.run(['apply', '-f', '-'], {
    stdin:
      'services: [{service: "tcp://192.0.2.1:80", servers: [{server: 198.51.100.1, weight: 5}, 198.51.100.2]}]',
  });
  return director;
}

const weights = async (director: Director): Promise<string[]> =>
  (await director.client.destinations(web)).map(({ id, weight }) => `${id.address} ${weight}`).sort();

const connect = (director: Director, active: number, inactive = 0) =>
  director.ipvs.connect(web, first, {
    activeConnections: active,
    inactiveConnections: inactive,
    persistentConnections: 0,
  });

test('a server is drained when its connections have left, and gets its weight back', async (context) => {
  const director = await start(context);
  connect(director, 3, 9);
  let left = 3;
  director.whileSleeping = () => connect(director, Math.max(--left, 0), 9);
  assert.deepEqual(await director.run(['drain', ...names]), {
    status: 0,
    out: '198.51.100.1:80 of tcp://192.0.2.1:80: drained\n',
    err: '',
  });
  assert.ok(left < 0, 'connections were counted for a while after the last had left');
  assert.deepEqual(await weights(director), ['198.51.100.1 0', '198.51.100.2 1']);
  const back = await director.run(['undrain', ...names]);
  assert.equal(back.out, '198.51.100.1:80 of tcp://192.0.2.1:80: weight 5\n');
  assert.deepEqual(await weights(director), ['198.51.100.1 5', '198.51.100.2 1']);
  const again = await director.run(['undrain', ...names]);
  assert.equal(again.status, 1);
  assert.equal(again.out, '198.51.100.1:80 of tcp://192.0.2.1:80: not drained: its weight is 5\n');
  await director.run(['weight', ...names, '0']);
  const unknown = await director.run(['undrain', ...names]);
  assert.equal(unknown.status, 2);
  assert.match(unknown.err, /lvsadm did not drain it, so its weight is unknown; set one: lvsadm weight/);
});

test('draining twice does not forget the weight', async (context) => {
  const director = await start(context);
  await director.run(['drain', ...names]);
  await director.run(['drain', ...names]);
  await director.run(['undrain', ...names]);
  assert.deepEqual(await weights(director), ['198.51.100.1 5', '198.51.100.2 1']);
});

test('with --delete the server goes once it is empty', async (context) => {
  const director = await start(context);
  connect(director, 1);
  director.whileSleeping = () => connect(director, 0);
  const { status, out } = await director.run(['drain', ...names, '--delete', '--json']);
  assert.equal(status, 0);
  assert.deepEqual(JSON.parse(out), {
    service: names[0],
    server: names[1],
    drained: true,
    connectionsLeft: 0,
    weight: null,
    removed: true,
  });
  assert.deepEqual(await weights(director), ['198.51.100.2 1']);
});

test('a server whose connections stay is not removed, and gets no new ones', async (context) => {
  const director = await start(context);
  connect(director, 2);
  const { status, out } = await director.run(['drain', ...names, '--timeout', '5', '--delete']);
  assert.equal(status, 1);
  assert.equal(out, '198.51.100.1:80 of tcp://192.0.2.1:80: 2 connections left, at weight 0\n');
  assert.equal(director.time, 5000);
  assert.deepEqual(await weights(director), ['198.51.100.1 0', '198.51.100.2 1']);
});

test('on a terminal one sees them leave', async (context) => {
  const director = await start(context);
  connect(director, 2);
  director.whileSleeping = () => connect(director, 0);
  const { err } = await director.run(['drain', ...names], { terminal: true });
  assert.match(err, /2 connections left/);
  assert.match(err, /0 connections left/);
});

test('a missing server or service is named, and so are the existing ones', async (context) => {
  const director = await start(context);
  const wrong = await director.run(['drain', 'tcp://192.0.2.1:80', '198.51.100.9']);
  assert.equal(wrong.status, 2);
  assert.match(
    wrong.err,
    /198\.51\.100\.9:80: tcp:\/\/192\.0\.2\.1:80 has no such server; it has 198\.51\.100\.1:80, 198\.51\.100\.2:80/,
  );
  const none = await director.run(['drain', 'fwmark://1', '198.51.100.9']);
  assert.equal(none.status, 2);
  assert.match(none.err, /fwmark:\/\/1: no such service/);
  const nonsense = await director.run(['drain', 'web', '198.51.100.9']);
  assert.equal(nonsense.status, 2);
  assert.match(nonsense.err, /'web' is not a service such as/);
});

test('a weight is set at once', async (context) => {
  const director = await start(context);
  const { status, out } = await director.run(['weight', ...names, '2147483647']);
  assert.deepEqual([status, out], [0, '198.51.100.1:80 of tcp://192.0.2.1:80: weight 5 -> 2147483647\n']);
  assert.deepEqual(await weights(director), ['198.51.100.1 2147483647', '198.51.100.2 1']);
});

test('a weight goes up and down little by little', async (context) => {
  const director = await start(context);
  const seen: number[] = [];
  director.whileSleeping = async () => {
    const found = (await director.client.destinations(web)).find(({ id }) => id.address === first.address);
    seen.push(found?.weight ?? -1);
  };
  await director.run(['weight', ...names, '105', '--over', '4']);
  assert.deepEqual(seen, [5, 30, 55, 80]);
  assert.deepEqual(await weights(director), ['198.51.100.1 105', '198.51.100.2 1']);
  seen.length = 0;
  director.changesSent = 0;
  await director.run(['weight', ...names, '104', '--over', '10']);
  assert.equal(director.changesSent, 1);
  assert.deepEqual(await weights(director), ['198.51.100.1 104', '198.51.100.2 1']);
});

test('a weight or time that is not a number is refused', async (context) => {
  const director = await start(context);
  for (const words of [['-1'], ['2147483648'], ['heavy'], ['5', '--over', 'night'], []]) {
    const { status } = await director.run(['weight', ...names, ...words]);
    assert.equal(status, 2, words.join(' '));
  }
  assert.deepEqual(await weights(director), ['198.51.100.1 5', '198.51.100.2 1']);
});

test('UDP flows count although none is ever established', async (context) => {
  const director = await Director.start(context);
  await director.run(['apply', '-f', '-'], {
    stdin: 'services: [{service: "udp://192.0.2.1:53", servers: [198.51.100.1]}]',
  });
  director.ipvs.connect(
    { protocol: 'udp', address: '192.0.2.1', port: 53 },
    { address: '198.51.100.1', port: 53 },
    { activeConnections: 0, inactiveConnections: 4, persistentConnections: 0 },
  );
  const { status } = await director.run(['drain', 'udp://192.0.2.1:53', '198.51.100.1', '--timeout', '1']);
  assert.equal(status, 1);
});

const dns: ServiceId = { protocol: 'tcp', address: '192.0.2.2', port: 53 };

/** The first server's weight in both services. */
async function twoServices(context: TestContext): Promise<Director> {
  const director = await start(context);
  await director.run(['apply', '-f', '-'], {
    stdin: 'services: [{service: "tcp://192.0.2.2:53", servers: [{server: 198.51.100.1, weight: 7}]}]',
  });
  return director;
}

const weightsOfHost = async (director: Director): Promise<number[]> => {
  const entries = [
    ...(await director.client.destinations(web)),
    ...(await director.client.destinations(dns)),
  ];
  return entries.filter(({ id }) => id.address === first.address).map(({ weight }) => weight);
};

for (const words of [['198.51.100.1'], ['--all-services', '198.51.100.1']]) {
  test(`a host is drained in all services, and brought back: ${words.join(' ')}`, async (context) => {
    const director = await twoServices(context);
    const { status, out } = await director.run(['drain', ...words]);
    assert.equal(status, 0);
    assert.deepEqual(out.split('\n').sort(), [
      '',
      '198.51.100.1:53 of tcp://192.0.2.2:53: drained',
      '198.51.100.1:80 of tcp://192.0.2.1:80: drained',
    ]);
    assert.deepEqual(await weightsOfHost(director), [0, 0]);
    assert.equal((await director.run(['undrain', ...words])).status, 0);
    assert.deepEqual(await weightsOfHost(director), [5, 7]);
    assert.deepEqual(await weights(director), ['198.51.100.1 5', '198.51.100.2 1']);
  });
}

test('with a port, only servers with this port are drained', async (context) => {
  const director = await twoServices(context);
  await director.run(['drain', '--all-services', '198.51.100.1:53']);
  assert.deepEqual(await weightsOfHost(director), [5, 0]);
  const unknown = await director.run(['drain', '198.51.100.9']);
  assert.deepEqual([unknown.status, unknown.out], [2, '']);
  assert.match(unknown.err, /198\.51\.100\.9: no service has such a server/);
});

test('a weight that was set since the drain stays, and the drain is forgotten', async (context) => {
  const director = await start(context);
  await director.run(['drain', ...names]);
  await director.run(['apply', '-f', '-'], {
    stdin: 'services: [{service: "tcp://192.0.2.1:80", servers: [{server: 198.51.100.1, weight: 50}]}]',
  });
  const { status, out } = await director.run(['undrain', ...names]);
  assert.deepEqual(
    [status, out],
    [1, '198.51.100.1:80 of tcp://192.0.2.1:80: not drained: its weight is 50\n'],
  );
  await director.run(['weight', ...names, '0']);
  assert.equal((await director.run(['undrain', ...names])).status, 2);
});

test('a server that was added again since the drain does not get the weight of the old one', async (context) => {
  const director = await start(context);
  director.ipvs.count(web, { connections: 12n }, first);
  await director.run(['drain', ...names]);
  const [entry] = (await director.client.destinations(web)).filter(({ id }) => id.address === first.address);
  assert.ok(entry);
  director.ipvs.carryOut({ do: 'deleteDestination', of: web, id: first });
  director.ipvs.carryOut({ do: 'addDestination', of: web, destination: entry });
  const { status, out } = await director.run(['undrain', ...names]);
  assert.equal(status, 1);
  assert.match(
    out,
    /not drained: it was added again, or its counters were zeroed, since its drain at weight 5$/m,
  );
  assert.deepEqual(await weights(director), ['198.51.100.1 0', '198.51.100.2 1']);
});

for (const [what, change, state] of [
  [
    'removes the server',
    { do: 'deleteDestination', of: web, id: first },
    'not drained: another program removed it',
  ],
  ['removes the service', { do: 'deleteService', id: web }, 'not drained: another program removed it'],
] as const) {
  test(`a drain while another program ${what} says so`, async (context) => {
    const director = await start(context);
    connect(director, 3);
    let done = false;
    director.whileSleeping = () => {
      if (!done) director.ipvs.carryOut(change);
      done = true;
    };
    const { status, out } = await director.run(['drain', ...names]);
    assert.deepEqual([status, out], [1, `198.51.100.1:80 of tcp://192.0.2.1:80: ${state}\n`]);
  });
}

test('a drain while another program sets a weight reports that weight, and ends', async (context) => {
  const director = await start(context);
  connect(director, 3);
  const [entry] = (await director.client.destinations(web)).filter(({ id }) => id.address === first.address);
  assert.ok(entry);
  director.whileSleeping = () =>
    director.ipvs.carryOut({ do: 'editDestination', of: web, destination: { ...entry, weight: 9 } });
  const { status, out } = await director.run(['drain', ...names, '--delete']);
  assert.equal(status, 1);
  assert.equal(
    out,
    '198.51.100.1:80 of tcp://192.0.2.1:80: not drained: another program set its weight to 9\n',
  );
  assert.ok(director.time < 5000, `${director.time} ms`);
  assert.deepEqual(await weights(director), ['198.51.100.1 9', '198.51.100.2 1']);
});

for (const [signal, expected] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  test(`a drain that ${signal} ends tells the state of the server and how to go on`, async (context) => {
    const director = await start(context);
    connect(director, 3);
    director.whileSleeping = () => director.stop.abort(signal);
    const { status, out, err } = await director.run(['drain', ...names, '--delete']);
    const state = '198.51.100.1:80 of tcp://192.0.2.1:80: 3 connections left, at weight 0';
    assert.deepEqual([status, out], [expected, `${state}\n`]);
    const server = names.join(' ');
    assert.equal(
      err,
      `lvsadm: interrupted: ${state}; 'lvsadm drain ${server}' goes on, 'lvsadm undrain ${server}' restores weight 5\n`,
    );
    assert.deepEqual(await weights(director), ['198.51.100.1 0', '198.51.100.2 1']);
  });
}

test('an interrupted drain gives the weight back with --on-interrupt restore', async (context) => {
  const director = await start(context);
  connect(director, 3);
  director.whileSleeping = () => director.stop.abort('SIGINT');
  const { status, out } = await director.run(['drain', ...names, '--on-interrupt', 'restore']);
  assert.deepEqual(
    [status, out],
    [130, '198.51.100.1:80 of tcp://192.0.2.1:80: 3 connections left, at weight 5\n'],
  );
  assert.deepEqual(await weights(director), ['198.51.100.1 5', '198.51.100.2 1']);
});

test('--on-interrupt restore gives no weight back that an earlier drain took', async (context) => {
  const director = await start(context);
  await director.run(['drain', ...names]);
  connect(director, 3);
  director.whileSleeping = () => director.stop.abort('SIGINT');
  const { status } = await director.run(['drain', '198.51.100.1', '--on-interrupt', 'restore']);
  assert.equal(status, 130);
  assert.deepEqual(await weights(director), ['198.51.100.1 0', '198.51.100.2 1']);
});

test('--on-interrupt restore gives a server that was added again no weight', async (context) => {
  const director = await start(context);
  connect(director, 3);
  director.ipvs.count(web, { connections: 12n }, first);
  const [entry] = (await director.client.destinations(web)).filter(({ id }) => id.address === first.address);
  assert.ok(entry);
  director.whileSleeping = () => {
    director.ipvs.carryOut({ do: 'deleteDestination', of: web, id: first });
    director.ipvs.carryOut({ do: 'addDestination', of: web, destination: { ...entry, weight: 0 } });
    director.stop.abort('SIGINT');
  };
  const { err } = await director.run(['drain', ...names, '--on-interrupt', 'restore']);
  assert.deepEqual(await weights(director), ['198.51.100.1 0', '198.51.100.2 1']);
  assert.doesNotMatch(err, /undrain/, 'undrain would not restore it');
});

test('an interrupted ramp tells the weight, or gives the first one back', async (context) => {
  const director = await start(context);
  director.whileSleeping = () => {
    if (director.time >= 2000) director.stop.abort('SIGINT');
  };
  const { status, out, err } = await director.run(['weight', ...names, '105', '--over', '4s']);
  assert.deepEqual([status, out], [130, '198.51.100.1:80 of tcp://192.0.2.1:80: weight 5 -> 30\n']);
  assert.match(
    err,
    /198\.51\.100\.1:80 of tcp:\/\/192\.0\.2\.1:80: interrupted at weight 30; the same command goes on/,
  );
  const other = await start(context);
  other.whileSleeping = () => {
    if (other.time >= 2000) other.stop.abort('SIGINT');
  };
  await other.run(['weight', ...names, '105', '--over', '4s', '--on-interrupt', 'restore']);
  assert.deepEqual(await weights(other), ['198.51.100.1 5', '198.51.100.2 1']);
});

test('a ramp ends where another program sets a weight or removes the server', async (context) => {
  for (const [change, status, message] of [
    [{ weight: 1 }, 1, /another program set its weight to 1 meanwhile/],
    [undefined, 1, /another program removed it meanwhile/],
  ] as const) {
    const director = await start(context);
    const [entry] = (await director.client.destinations(web)).filter(
      ({ id }) => id.address === first.address,
    );
    assert.ok(entry);
    let done = false;
    director.whileSleeping = () => {
      if (!done && change)
        director.ipvs.carryOut({ do: 'editDestination', of: web, destination: { ...entry, ...change } });
      else if (!done) director.ipvs.carryOut({ do: 'deleteDestination', of: web, id: first });
      done = true;
    };
    const ran = await director.run(['weight', ...names, '105', '--over', '10s']);
    assert.equal(ran.status, status);
    assert.match(ran.err, message);
  }
});

test('a weight may be relative to the present one', async (context) => {
  const director = await start(context);
  for (const [word, weight] of [
    ['+5', 10],
    ['50%', 5],
    ['1%', 1],
    ['300%', 3],
    ['0%', 0],
    ['200%', 0],
  ] as const) {
    assert.equal((await director.run(['weight', ...names, word])).status, 0, word);
    assert.ok((await weights(director)).includes(`198.51.100.1 ${weight}`), word);
  }
  await director.run(['weight', ...names, '2147483647']);
  for (const word of ['+1', '101%', '+', '%', '+-1', '5.5%', '+5%']) {
    assert.equal((await director.run(['weight', ...names, word])).status, 2, word);
  }
});

test('without a directory for state a drain changes nothing, and a weight is set all the same', async (context) => {
  const director = await start(context);
  const env = { LVSADM_RUN: await director.file('no-directory', '') };
  const drain = await director.run(['drain', ...names], { env });
  assert.deepEqual([drain.status, drain.out], [255, '']);
  assert.match(
    drain.err,
    /^lvsadm: cannot keep state: .*no-directory is not a directory.*--run-dir or LVSADM_RUN\n$/,
  );
  assert.deepEqual(await weights(director), ['198.51.100.1 5', '198.51.100.2 1']);
  assert.equal((await director.run(['weight', ...names, '6'], { env })).status, 0);
  assert.equal((await director.run(['drain', ...names, '--run-dir', director.directory], { env })).status, 0);
});

test('a server that another program removes at the last moment is named as any other', async (context) => {
  const director = await start(context);
  const remove = () =>
    director.client.applyAll([
      { do: 'deleteDestination', of: web, id: { address: first.address, port: 80 } },
    ]);
  const { apply } = director.client;
  director.client.apply = async (change) => {
    await remove();
    await apply.call(director.client, change);
  };
  const { status, err } = await director.run(['weight', ...names, '7']);
  assert.equal(status, 2);
  assert.match(
    err,
    /^lvsadm: 198\.51\.100\.1:80 of tcp:\/\/192\.0\.2\.1:80: no such server; another program removed it$/m,
  );
});

test('drain --delete of a server that another program removed first is not drained', async (context) => {
  const director = await start(context);
  const { applyAll } = director.client;
  director.client.applyAll = async (changes) => {
    const errors = await applyAll.call(director.client, changes);
    // Removed twice: the first time by the other program.
    return changes[0]?.do === 'deleteDestination' ? applyAll.call(director.client, changes) : errors;
  };
  const { status, out } = await director.run(['drain', ...names, '--delete']);
  assert.equal(status, 1);
  assert.equal(out, '198.51.100.1:80 of tcp://192.0.2.1:80: not drained: another program removed it\n');
});
