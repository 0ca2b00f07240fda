/** Findings as text and as JSON. */

import type { Finding, Severity } from '../../doctor/checks/check.js';
import { printable } from '../../foreign-text.js';
import { wrap } from '../../output/definition-list.js';
import { type Json, toJson } from '../../output/json.js';
import type { Theme } from '../../output/theme.js';

export interface Diagnosis {
  readonly roles: readonly string[];
  readonly findings: readonly Finding[];
  /** What could not be read; checks that need it were skipped. */
  readonly unknown: readonly string[];
}

export function findingsJson({ roles, findings, unknown }: Diagnosis, fixed?: readonly string[]): string {
  return toJson({
    roles,
    findings: findings.map(
      ({ id, severity, subject, observed, why, fixes }): Json => ({
        id,
        severity,
        subject,
        observed: observed.map(({ source, value }) => ({ source, value })),
        why,
        fixes: fixes.map(({ command, on, step }) => ({ command, on, safe: step !== undefined })),
      }),
    ),
    unknown,
    fixed,
  });
}

const labels: Readonly<Record<Severity, string>> = { error: 'ERROR', warning: 'WARNING', note: 'NOTE' };
const paints: Readonly<Record<Severity, keyof Theme>> = { error: 'error', warning: 'warning', note: 'quiet' };

/** @param width of the terminal, in columns */
export function findingsText({ roles, findings, unknown }: Diagnosis, theme: Theme, width = 76): string {
  const lines = findings.flatMap((finding) => [...findingLines(finding, theme, width), '']);
  for (const what of unknown) lines.push(theme.quiet(printable(`not checked: ${what}`)));
  lines.push(`${summaryOf(findings)} (as ${roles.join(' and ')})`);
  return lines.map((line) => `${line}\n`).join('');
}

function findingLines(
  { id, severity, subject, observed, why, fixes }: Finding,
  theme: Theme,
  width: number,
): string[] {
  return [
    `${theme[paints[severity]](labels[severity])} ${theme.heading(id)}: ${printable(subject)}`,
    ...observed.map(({ source, value }) => theme.quiet(printable(`  ${source} = ${value}`))),
    ...wrap(printable(why), width - 2).map((line) => `  ${line}`),
    // Not wrapped, so that they can be copied.
    ...fixes.map(({ command, on, step }) =>
      printable(`  ${step ? 'fix (safe)' : 'fix'}${on ? ` on ${on}` : ''}: ${command}`),
    ),
  ];
}

/** `2 errors, 1 note` */
export function summaryOf(findings: readonly Finding[]): string {
  const parts = (Object.keys(labels) as Severity[]).flatMap((severity) => {
    const number = findings.filter((finding) => finding.severity === severity).length;
    return number === 0 ? [] : [`${number} ${severity}${number === 1 ? '' : 's'}`];
  });
  return parts.length === 0 ? 'nothing found' : parts.join(', ');
}
