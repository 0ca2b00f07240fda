/** The overview of both grammars: complete, and on one screen. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { topics } from '../../src/commands/command.js';
import { commands as subcommands } from '../../src/commands/index.js';
import { commands } from '../../src/ipvsadm/grammar/commands.js';
import { ipvsadmRows, overview } from '../../src/reference/overview.js';

const lines = overview(subcommands).trimEnd().split('\n');

test('it fits a screen of 48 lines and 80 columns', () => {
  assert.ok(lines.length >= 24 && lines.length <= 48, `${lines.length} lines`);
  assert.deepEqual(
    lines.filter((line) => line.length > 80),
    [],
  );
});

test('its lines fit a narrower terminal', () => {
  for (const line of overview(subcommands, 60).split('\n')) assert.ok(line.length <= 60, line);
});

test('it has every subcommand below its topic, before the commands of ipvsadm', () => {
  const listed = lines.flatMap((line) => /^ {2}([a-z][a-z-]*) /.exec(line)?.[1] ?? []);
  assert.deepEqual(
    listed,
    Object.keys(topics).flatMap((topic) =>
      subcommands.filter((row) => row.topic === topic).map(({ name }) => name),
    ),
  );
  assert.equal(listed.length, subcommands.length);
  const at = (text: string): number => lines.findIndex((line) => line.includes(text));
  assert.ok(at('  man ') < at('-A, -E, -D'));
});

test('it has every command of ipvsadm once', () => {
  assert.deepEqual(ipvsadmRows.flatMap(([names]) => names).sort(), commands.map(({ long }) => long).sort());
});
