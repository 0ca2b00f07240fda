import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { world } from '../support/run.js';
import { splitLine } from './cases.js';
import { differences } from './differences.js';
import type { Observation } from './record.js';

const directory = join(import.meta.dirname, '../../../test/vectors/ipvsadm');
const nameOf = ({ given = [], run, stdin }: Observation) =>
  [...given, run.map((word) => (word === '' ? "''" : word)).join(' ')].join('; ') +
  (stdin === undefined ? '' : ` < ${JSON.stringify(stdin.slice(0, 150))}`);

describe('as the real ipvsadm does', () => {
  for (const file of readdirSync(directory)) {
    it(file, async () => {
      const observations = JSON.parse(readFileSync(join(directory, file), 'utf8')) as Observation[];
      const wrong: string[] = [];
      for (const seen of observations) {
        const expected = { ...seen, ...differences.get(nameOf(seen)) };
        const { run, files } = world();
        if (seen.connections !== undefined) files['/proc/net/ip_vs_conn'] = seen.connections;
        for (const line of seen.given ?? []) assert.equal((await run(splitLine(line))).status, 0, line);
        const got = await run(seen.run, seen.stdin);
        const notes: string[] = [];
        if (got.status !== expected.status)
          notes.push(
            `status ${got.status}, not ${expected.status} (${got.stderr.trim()} / ${seen.stderr.trim()})`,
          );
        else if (got.stdout !== expected.stdout)
          notes.push(`stdout ${JSON.stringify(got.stdout)}, not ${JSON.stringify(expected.stdout)}`);
        else if (expected.status === 255 && !got.stderr.includes(seen.stderr.trim()))
          notes.push(`stderr ${got.stderr}, not ${seen.stderr}`);
        if (got.status === expected.status)
          for (const [line, state] of Object.entries(expected.after ?? {})) {
            const now = await run(splitLine(line));
            if (now.stdout !== state)
              notes.push(`${line}: ${JSON.stringify(now.stdout)}, not ${JSON.stringify(state)}`);
          }
        if (notes.length > 0) wrong.push(`${nameOf(seen)}\n    ${notes.join('\n    ')}`);
      }
      assert.equal(wrong.length, 0, `${wrong.length} of ${observations.length} differ:\n${wrong.join('\n')}`);
    });
  }
});
