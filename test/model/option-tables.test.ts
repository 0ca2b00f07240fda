// The tables in docs/ have every option as the model has it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkKindNames, checkKinds, targetOptions, timingOptions } from '../../src/model/check.js';
import { healthOptions } from '../../src/model/health.js';
import type { Options } from '../../src/model/option.js';
import { optionRows } from '../support/option-tables.js';
import { textOf } from '../support/pages.js';

/** Asserts that a page has these rows one after the other; the message is what belongs there. */
function assertTable(page: string, options: Options): void {
  const rows = optionRows(options).join('\n');
  assert.ok(rows === '' || textOf(page).includes(`${rows}\n`), `${page} lacks:\n${rows}`);
}

test('docs/checks.md has the options of all checks', () => {
  assertTable('docs/checks.md', targetOptions);
  assertTable('docs/checks.md', timingOptions);
});

for (const kind of checkKindNames) {
  test(`docs/checks.md has the section of kind ${kind}`, () => {
    const { about, options } = checkKinds[kind];
    assert.ok(textOf('docs/checks.md').includes(`\n### ${kind}\n\n${about}`), `### ${kind}\n\n${about}`);
    assertTable('docs/checks.md', options);
  });
}

test('docs/agent.md has the options of health', () => assertTable('docs/agent.md', healthOptions));
