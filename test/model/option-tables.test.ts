// The tables in docs/ have every option as the model has it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  checkKindNames,
  checkKinds,
  pathOptions,
  targetOptions,
  timingOptions,
} from '../../src/model/check.js';
import { healthOptions } from '../../src/model/health.js';
import type { Options } from '../../src/model/option.js';
import { type VsSetting, vsSettings } from '../../src/model/settings.js';
import { optionRows } from '../support/option-tables.js';
import { textOf } from '../support/pages.js';

/** Asserts that a page has these rows one after the other; the message is what belongs there. */
function assertTable(page: string, options: Options): void {
  const rows = optionRows(options).join('\n');
  assert.ok(rows === '' || textOf(page).includes(`${rows}\n`), `${page} lacks:\n${rows}`);
}

test('docs/checks.md has the options of all checks', () => {
  assertTable('docs/checks.md', targetOptions);
  assertTable('docs/checks.md', pathOptions);
  assertTable('docs/checks.md', timingOptions);
});

for (const kind of checkKindNames) {
  test(`docs/checks.md has the section of kind ${kind}`, () => {
    const { about, options } = checkKinds[kind];
    assert.ok(textOf('docs/checks.md').includes(`\n### ${kind}\n\n${about}`), `### ${kind}\n\n${about}`);
    assertTable('docs/checks.md', options);
  });
}

/** `0 to 3`; a pair and a list of CPUs as an example says them. */
function settingValues({ value }: VsSetting): string {
  if (value === 'cpus') return 'a list of CPUs, `0-3,8`, or `all`';
  if (value === 'threshold') return '`[3, 50]`: the second is greater, or 0';
  return `${value.min} to ${value.max}${value.powerOf2 ? ', a power of 2' : ''}`;
}

test('docs/document.md has all settings', () => {
  const rows = vsSettings
    .map((setting) => {
      const { name, initial = '', meaning } = setting;
      return `| \`${name}\` | ${settingValues(setting)} | ${initial.replace('\t', ' ')} | ${meaning} |\n`;
    })
    .join('');
  assert.ok(textOf('docs/document.md').includes(rows), `docs/document.md lacks:\n${rows}`);
});

test('docs/agent.md has the options of health', () => assertTable('docs/agent.md', healthOptions));
