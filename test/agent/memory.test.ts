// What outlives a restart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AgentMemory, memoryKind, shifted } from '../../src/agent/memory.js';

const memory: AgentMemory = {
  probes: new Map([
    [
      'tcp://192.0.2.10:80 198.51.100.1:80 check',
      {
        kind: 'agent',
        state: { condition: 'failing', isUp: true, count: 2, since: 5000, hasFailed: true },
        share: 0.5,
        isDrained: true,
      },
    ],
  ]),
  starts: new Map<string, 'due' | number>([
    ['tcp://192.0.2.10:80 198.51.100.1:80', 7000],
    ['tcp://192.0.2.10:80 198.51.100.2:80', 'due'],
  ]),
  quorums: new Map([['tcp://192.0.2.10:80', false]]),
  programs: new Map([['tcp://192.0.2.10:80', { has: true, command: ['/bin/up', 'web'], down: undefined }]]),
};

const kind = memoryKind('a boot');

const written = (value: AgentMemory): unknown => JSON.parse(JSON.stringify(kind.format(value)));

test('all of it is written and read', () => assert.deepEqual(kind.parse(written(memory)), memory));

test('quorums, and what programs did, are lost with the boot', () => {
  const left = { ...memory, quorums: new Map(), programs: new Map() };
  assert.deepEqual(memoryKind('another').parse(written(memory)), left);
  assert.deepEqual(memoryKind(undefined).parse(written(memory)), left);
});

test('times are of another clock then, and never of the future: clocks are set back', () => {
  const sinceOf = ({ probes }: AgentMemory) => Array.from(probes.values(), ({ state }) => state.since);
  assert.deepEqual(sinceOf(shifted(memory, 1000, 9000)), [6000]);
  assert.deepEqual(sinceOf(shifted(memory, 1000, 5500)), [5500]);
  const startsOf = ({ starts }: AgentMemory) => [...starts.values()];
  assert.deepEqual(startsOf(shifted(memory, 1000, 9000)), [8000, 'due']);
  assert.deepEqual(startsOf(shifted(memory, 1000, 7500)), ['due']);
});

test('a file that holds something else is refused', () => {
  for (const [from, to] of [
    ['"failing"', '"broken"'],
    ['"count":2', '"count":-1'],
    ['5000', '"5000"'],
    ['7000', '"soon"'],
    ['"agent"', '"ftp"'],
    ['"/bin/up"', '5'],
    ['true', '1'],
    ['"probes"', '"others"'],
  ] as const) {
    const text = JSON.stringify(kind.format(memory)).replace(from, to);
    assert.throws(() => kind.parse(JSON.parse(text)), Error, text);
  }
});
