// lvsadm top: as text, as JSON, and live on a terminal in memory.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { TransportError } from '../../src/errors.js';
import type { OpenSocket } from '../../src/netlink/transport/socket.js';
import { agentPlace } from '../support/agent-socket.js';
import { Director } from '../support/director.js';
import { FakeIpvs } from '../support/fake-ipvs.js';
import { ScreenTerminal } from '../support/screen-terminal.js';
import { connect, connectionTable, document, grow, web } from '../support/top-table.js';

const one = { address: '198.51.100.1', port: 80 };
const three = { address: '198.51.100.3', port: 80 };

async function started(t: TestContext, openSocket?: OpenSocket, ipvs?: FakeIpvs): Promise<Director> {
  const director = await Director.start(t, openSocket);
  const { status, err } = await director.run(['apply', '-f', '-'], { stdin: document });
  assert.equal(status, 0, err);
  director.time = 0;
  director.whileSleeping = () => grow(director.ipvs, 1);
  connect(ipvs ?? director.ipvs);
  return director;
}

const weightOf = async ({ client }: Director): Promise<number | undefined> =>
  (await client.destinations(web)).find(({ id }) => id.address === one.address)?.weight;

test('--once writes the rates of one interval as a table', async (t) => {
  const director = await started(t);
  const { out, status } = await director.run(['top', '--once', '--sort', 'outbps']);
  assert.equal(status, 0);
  const [title, heading, ...rows] = out.split('\n');
  assert.equal(title, '1970-01-01T00:00:01.000Z  rates of 1.0 s');
  assert.match(heading ?? '', /^SERVICE\/SERVER +SCHED\/METHOD +WEIGHT +ACTIVE .* \*OUTBPS$/);
  assert.match(rows[0] ?? '', /^tcp:\/\/192.0.2.10:80 +wrr +9 +119 +17 +0 +400 +- +2.0k +1.6k +1.6M +16M$/);
  assert.match(rows[1] ?? '', /^ {2}198.51.100.1:80 +nat +3 +61 +12 +0 +300 +75% +1.5k +1.2k +1.2M +12M$/);
  assert.equal(rows.length, 11);
});

test('in a pipe there is a table for each interval, until the process is asked to stop', async (t) => {
  const director = await started(t);
  director.whileSleeping = () => {
    if (director.time >= 6000) director.stop.abort('SIGTERM');
  };
  const { out, status } = await director.run(['top', '--interval', '2', '--filter', 'fwmark']);
  assert.equal(status, 0);
  const titles = out.split('\n').filter((line) => line.includes('rates of'));
  assert.deepEqual(titles, [
    '1970-01-01T00:00:02.000Z  rates of 2.0 s',
    '1970-01-01T00:00:04.000Z  rates of 2.0 s',
  ]);
  assert.equal(out.split('\n\n').length, 2);
});

test('--json writes an object on a line for each interval', async (t) => {
  const director = await started(t);
  director.whileSleeping = () => {
    grow(director.ipvs, 1);
    if (director.time === 3000) director.stop.abort('SIGINT');
  };
  const { out } = await director.run(['top', '--json', '--filter', '198.51.100.1']);
  const readings = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(readings.length, 2);
  assert.deepEqual(readings[0], {
    time: '1970-01-01T00:00:01.000Z',
    seconds: 1,
    services: [
      {
        service: 'tcp://192.0.2.10:80',
        scheduler: 'wrr',
        rates: { connections: 400, inPackets: 2000, outPackets: 1600, inBytes: 1600000, outBytes: 16000000 },
        servers: [
          {
            server: '198.51.100.1:80',
            method: 'nat',
            weight: 3,
            health: null,
            activeConnections: 61,
            inactiveConnections: 12,
            persistentConnections: 0,
            overloaded: false,
            share: 0.75,
            rates: {
              connections: 300,
              inPackets: 1500,
              outPackets: 1200,
              inBytes: 1200000,
              outBytes: 12000000,
            },
          },
        ],
      },
    ],
  });
});

test('a reading that fails is a line on standard error, and the next one has the rates since the last', async (t) => {
  for (const words of [['--json'], []]) {
    const director = await started(t);
    director.whileSleeping = () => {
      grow(director.ipvs, 1);
      director.ipvs.present = director.time !== 2000;
      if (director.time === 4000) director.stop.abort('SIGTERM');
    };
    const { out, err, status } = await director.run(['top', ...words]);
    assert.deepEqual([status, err], [0, 'lvsadm: the kernel has no IPVS: its module is not loaded\n']);
    const seconds = words.length > 0 ? /"seconds": ?(\d)/g : /rates of (\d)\.0 s/g;
    assert.deepEqual(
      [...out.matchAll(seconds)].map(([, each]) => each),
      ['1', '2'],
    );
  }
});

test('--once ends with the error if its second reading fails', async (t) => {
  const director = await started(t);
  director.whileSleeping = () => {
    director.ipvs.present = false;
  };
  const { out, err, status } = await director.run(['top', '--once']);
  assert.deepEqual([status, out], [2, '']);
  assert.match(err, /its module is not loaded/);
});

test('a rate that is not known is null, and - as text', async (t) => {
  const director = await started(t);
  director.whileSleeping = () => director.ipvs.carryOut({ do: 'zeroAll' });
  director.ipvs.count(web, { connections: 7n });
  const text = await director.run(['top', '--once', '--filter', '100.1:80']);
  assert.match(text.out, /^tcp\S+ +wrr .* - +- +- +- +- +-$/m);
  director.ipvs.count(web, { connections: 7n });
  const { out } = await director.run(['top', '--once', '--json']);
  assert.equal(JSON.parse(out).services[0].rates, null);
});

test('the module is not loaded: where it is missing top says so', async (t) => {
  const director = await started(t);
  director.ipvs.present = false;
  for (const words of [['--once'], ['--json'], []]) {
    const screen = new ScreenTerminal();
    const { status, err } = await director.run(['top', ...words], { screen });
    assert.equal(status, 2);
    assert.match(err, /^Can't initialize ipvs: the kernel has no IPVS: its module is not loaded\n/);
    assert.equal(screen.isTaken, false);
  }
});

test('an interval that is too short, and one that is none, are refused', async (t) => {
  const director = await started(t);
  const short = await director.run(['top', '--once', '--interval', '0.01']);
  assert.deepEqual([short.status, short.err.split('\n')[0]], [2, 'lvsadm: --interval: at least 0.1 s']);
  assert.equal((await director.run(['top', '--once', '--sort', 'nothing'])).status, 2);
});

type Step = (screen: ScreenTerminal) => unknown;

/** Runs top on a terminal, which ends as it should. */
async function live(director: Director, steps: readonly Step[], ipvs?: FakeIpvs) {
  const { screen, ...result } = await stepped(director, steps, ipvs);
  assert.deepEqual([screen.isTaken, result.status, result.err], [false, 0, '']);
  return { ...result, screen };
}

/** Runs top on a terminal: after each interval the next step; quits after the last one. */
async function stepped(director: Director, steps: readonly Step[], ipvs = director.ipvs) {
  const screen = new ScreenTerminal();
  const left = [...steps, (terminal: ScreenTerminal) => terminal.type('q')];
  let last = director.time;
  director.whileSleeping = async () => {
    // Not an interval: a pause in which keys are heard.
    if (director.time === last) return;
    last = director.time;
    grow(ipvs, 1);
    await settled();
    await left.shift()?.(screen);
    await settled();
  };
  const result = await director.run(['top'], { screen, terminal: true, env: { LANG: 'C.UTF-8' } });
  return { ...result, screen };
}

/** What is under way ends: the clock of the director does not wait for it. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

/** Waits for something, however busy the machine is. What waits in vain is found by the assertions that follow. */
async function until(holds: () => Promise<boolean> | boolean): Promise<void> {
  for (let tries = 0; tries < 1000 && !(await holds()); tries++) await settled();
}

test('on a terminal the screen follows the table, and its size', async (t) => {
  const director = await started(t);
  const screens: string[][] = [];
  const { status, out, err } = await live(director, [
    () => {},
    ({ lines }) => screens.push(lines),
    (screen) => screen.resize({ columns: 60, rows: 10 }),
    ({ lines }) => screens.push(lines),
  ]);
  assert.deepEqual([status, out, err], [0, '', '']);
  const [first = [], second = []] = screens;
  assert.deepEqual([first.length, second.length], [24, 10]);
  assert.match(first[3] ?? '', /^>- tcp:\/\/192.0.2.10:80 +9 +119 +400 +- +1.6M +█+$/);
  assert.match(second[3] ?? '', /^>- tcp:\/\/192.0.2.10:80 +9 +119 +400 +-$/);
  assert.equal(second.at(-1), '? keys  q quit');
});

test('a drain, an undrain and a weight are those of the commands', async (t) => {
  const director = await started(t);
  const seen: (string | number | undefined)[] = [];
  const look = async ({ lines }: ScreenTerminal) => seen.push(lines.at(-1), await weightOf(director));
  await live(director, [
    (screen) => screen.type('\x1b[Bdy'),
    look,
    (screen) => screen.type('uy'),
    look,
    (screen) => screen.type('w50%\ry'),
    look,
    (screen) => screen.type('un'),
    look,
    (screen) => screen.type('dy'),
    look,
  ]);
  assert.deepEqual(seen, [
    '198.51.100.1:80 of tcp://192.0.2.10:80: 61 connections left, at weight 0',
    0,
    '198.51.100.1:80 of tcp://192.0.2.10:80: weight 3',
    3,
    '198.51.100.1:80 of tcp://192.0.2.10:80: weight 3 -> 2',
    2,
    'nothing changed',
    2,
    '198.51.100.1:80 of tcp://192.0.2.10:80: 61 connections left, at weight 0',
    0,
  ]);
  const undrained = await director.run(['undrain', 'tcp://192.0.2.10:80', '198.51.100.1']);
  assert.equal(undrained.out, '198.51.100.1:80 of tcp://192.0.2.10:80: weight 2\n');
});

test('where an agent sets the weights a drain holds the server', async (t) => {
  const director = await started(t);
  const place = await agentPlace(t, director);
  const servers = [{ server: '198.51.100.1:80', weight: 3 }];
  await place.serve((question) =>
    JSON.stringify({
      version: 1,
      ...('holds' in JSON.parse(question) ? { pid: 812, servers } : { services: [] }),
    }),
  );
  await live(director, [(screen) => screen.type('\x1b[Bdy'), async () => {}]);
  assert.equal(await weightOf(director), 0);
  const { services } = JSON.parse((await director.run(['list', '--json'])).out);
  const held = services
    .flatMap((service: { servers: { held?: object }[] }) => service.servers)
    .flatMap((server: { held?: object }) => server.held ?? []);
  assert.deepEqual(
    held.map(({ weight, reason }: { weight: number; reason: string }) => [weight, reason]),
    [[0, 'top']],
  );
});

test('a change that is refused is a line on the screen', async (t) => {
  const director = await started(t);
  const seen: (string | undefined)[] = [];
  await live(director, [
    (screen) => screen.type('\x1b[Buy'),
    ({ lines }) => seen.push(lines.at(-1)),
    (screen) => screen.type('\x1b[B\x1b[Bd'),
    () => director.ipvs.carryOut({ do: 'deleteDestination', of: web, id: three }),
    (screen) => screen.type('y'),
    ({ lines }) => seen.push(lines.slice(-2).join(' ')),
  ]);
  assert.equal(seen[0], '198.51.100.1:80 of tcp://192.0.2.10:80: not drained: its weight is 3');
  assert.match(
    seen[1] ?? '',
    /^198.51.100.3:80: tcp:\/\/192.0.2.10:80 has no such server; it has 198.51.100.1:80, /,
  );
});

test('c shows the clients of the line', async (t) => {
  const director = await started(t);
  director.contents.set('/proc/net/ip_vs_conn', connectionTable());
  const screens: string[][] = [];
  await live(director, [
    (screen) => screen.type('\x1b[Bc'),
    ({ lines }) => screens.push(lines.slice(2, 6)),
    (screen) => screen.type('\x1b'),
    ({ lines }) => screens.push(lines.slice(2, 3)),
  ]);
  assert.deepEqual(screens[0], [
    'clients of 198.51.100.1:80 of tcp://192.0.2.10:80: 3 connections and templates',
    'CLIENT        ENTRIES  STATES',
    '203.0.113.9         2  ESTABLISHED 1, SYN_RECV 1',
    '203.0.113.77        1  ESTABLISHED 1',
  ]);
  assert.match(screens[1]?.[0] ?? '', /^ SERVICE\/SERVER/);
});

test('clients that cannot be read are a line that stays, below the table', async (t) => {
  const director = await started(t);
  director.readFailure = Object.assign(new Error('EACCES'), { code: 'EACCES', errno: -13 });
  let lines: readonly string[] = [];
  await live(director, [
    (screen) => screen.type('c'),
    () => {},
    (screen) => {
      lines = screen.lines;
    },
  ]);
  assert.match(lines[2] ?? '', /^ SERVICE\/SERVER/);
  assert.equal(lines.at(-1), 'cannot read /proc/net/ip_vs_conn: permission denied');
});

test('clients of a mark are read although the conversation of the process is broken', async (t) => {
  const director = await started(t);
  director.contents.set('/proc/net/ip_vs_conn', connectionTable());
  director.client.close();
  const seen: (string | undefined)[] = [];
  const look = ({ lines }: ScreenTerminal) => seen.push(lines[2]);
  await live(director, [
    (screen) => screen.type('Gkc'),
    look,
    (screen) => screen.type('c'),
    look,
    (screen) => screen.type('\x1b'),
  ]);
  const counted = 'clients of fwmark://7: 0 connections and templates';
  assert.deepEqual(seen, [counted, counted]);
});

test('after ctrl-z the whole screen is drawn again', async (t) => {
  const director = await started(t);
  let lines: readonly string[] = [];
  const { screen } = await live(director, [
    (terminal) => terminal.type('\x1a'),
    (terminal) => {
      lines = terminal.lines;
    },
  ]);
  assert.equal(screen.suspensions, 1);
  assert.match(lines[0] ?? '', /^lvsadm /);
  assert.equal(lines.at(-1), '? keys  q quit');
});

test('while the terminal takes no output, the table is not read again', async (t) => {
  const director = await started(t);
  const screen = new ScreenTerminal();
  let goOn = () => {};
  let intervals = 0;
  director.whileSleeping = async () => {
    intervals++;
    await settled();
    if (intervals === 3) screen.write = () => new Promise<void>((resolve) => (goOn = resolve));
  };
  const ended = director.run(['top'], { screen, terminal: true });
  for (let count = 0; count < 10; count++) await settled();
  const before = intervals;
  screen.type('q');
  goOn();
  assert.equal((await ended).status, 0);
  assert.ok(before < 6, `${before} intervals`);
});

for (const [what, end] of Object.entries({
  q: (screen: ScreenTerminal) => screen.type('q'),
  'Ctrl-C': (screen: ScreenTerminal) => screen.type('\x03'),
  'a hang-up': (screen: ScreenTerminal) => screen.hangUp(),
})) {
  test(`a terminal that takes no output does not keep ${what} from ending it`, {
    timeout: 20_000,
  }, async (t) => {
    const director = await started(t);
    const screen = new ScreenTerminal();
    director.whileSleeping = async () => {
      await settled();
      screen.write = () => new Promise<void>(() => {});
    };
    const ended = director.run(['top'], { screen, terminal: true });
    for (let count = 0; count < 10; count++) await settled();
    end(screen);
    assert.equal((await ended).status, 0);
  });
}

test('a socket that is lost is opened anew with a line, and a kernel without IPVS is waited for', async (t) => {
  const ipvs = new FakeIpvs();
  let isLost = false;
  const director = await started(
    t,
    async (protocol) => {
      const socket = await ipvs.open(protocol);
      return {
        port: socket.port,
        receiveBuffer: socket.receiveBuffer,
        largestSend: socket.largestSend,
        send: (bytes) => socket.send(bytes),
        close: () => socket.close(),
        receive(timeout) {
          if (!isLost) return socket.receive(timeout);
          isLost = false;
          throw new TransportError('system', 'receive', 'the socket is lost');
        },
      };
    },
    ipvs,
  );
  const seen: (string | undefined)[] = [];
  const last = ({ lines }: ScreenTerminal) => seen.push(lines.at(-1));
  await live(
    director,
    [
      () => {
        isLost = true;
      },
      () => {},
      last,
      (screen) => {
        screen.type('k');
        ipvs.present = false;
      },
      () => {},
      last,
      () => {
        ipvs.present = true;
      },
      () => {},
      last,
    ],
    ipvs,
  );
  assert.match(seen[0] ?? '', /^lvsadm: .*: the socket is opened anew$/);
  assert.equal(seen[1], 'the kernel has no IPVS: its module is not loaded');
  assert.equal(seen[2], '? keys  q quit');
});

/** A director whose kernel can be opened while its gate is open: by top itself, and then for each drain. */
async function gated(t: TestContext) {
  const ipvs = new FakeIpvs();
  const gate = { opened: Promise.resolve(), open: () => {} };
  const director = await started(
    t,
    async (protocol) => {
      await gate.opened;
      return ipvs.open(protocol);
    },
    ipvs,
  );
  const close = () => {
    gate.opened = new Promise((resolve) => {
      gate.open = resolve;
    });
  };
  return { director, ipvs, close, open: () => gate.open() };
}

test('q and SIGTERM let a drain end, and q again does not', async (t) => {
  const { director, ipvs, close, open } = await gated(t);
  const seen: (string | number | undefined)[] = [];
  const drainAnd = (key: string) => (screen: ScreenTerminal) => {
    close();
    screen.type(`\x1b[Bdy${key}`);
  };
  const finishing = 'finishing the drain; q again quits at once';
  const last = async (screen: ScreenTerminal) => {
    await until(() => screen.lines.at(-1) === finishing);
    seen.push(screen.lines.at(-1));
  };
  const finish = () => {
    open();
    return until(async () => (await weightOf(director)) === 0);
  };
  await live(director, [drainAnd('qq')], ipvs);
  seen.push(await weightOf(director));
  open();
  await settled();
  await director.run(['undrain', 'tcp://192.0.2.10:80', '198.51.100.1']);
  await live(director, [drainAnd('q'), last, finish], ipvs);
  seen.push(await weightOf(director));
  await director.run(['undrain', 'tcp://192.0.2.10:80', '198.51.100.1']);
  const terminate = async (screen: ScreenTerminal) => {
    director.stop.abort('SIGTERM');
    await last(screen);
    await finish();
  };
  await live(director, [drainAnd(''), terminate], ipvs);
  seen.push(await weightOf(director));
  assert.deepEqual(seen, [3, finishing, 0, finishing, 0]);
});

test('a terminal that hangs up lets a drain end', async (t) => {
  const { director, ipvs, close, open } = await gated(t);
  await live(
    director,
    [
      (screen) => {
        close();
        screen.type('\x1b[Bdy');
      },
      // Both the end of input and SIGHUP tell it.
      (screen) => {
        screen.hangUp();
        screen.hangUp();
      },
      () => {
        open();
        return until(async () => (await weightOf(director)) === 0);
      },
    ],
    ipvs,
  );
  assert.equal(await weightOf(director), 0);
});

test('a drain that fails after q is told when the terminal is as it was', async (t) => {
  const { director, ipvs, close, open } = await gated(t);
  const { status, err, screen } = await stepped(
    director,
    [
      (terminal) => {
        close();
        terminal.type('\x1b[B\x1b[B\x1b[Bdyq');
      },
      () => ipvs.carryOut({ do: 'deleteDestination', of: web, id: three }),
      open,
    ],
    ipvs,
  );
  assert.deepEqual([status, screen.isTaken], [2, false]);
  assert.match(err, /^lvsadm: 198.51.100.3:80: tcp:\/\/192.0.2.10:80 has no such server; /);
});

test('SIGTERM ends it with the terminal as it was', async (t) => {
  const director = await started(t);
  const { status } = await live(director, [() => director.stop.abort('SIGTERM')]);
  assert.equal(status, 0);
});
