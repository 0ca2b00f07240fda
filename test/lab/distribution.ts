// lvsadm as users have it: the file that the distribution named by LAB_DISTRIBUTION is, built beforehand.
import { join } from 'node:path';
import { LabUnavailable } from './errors.js';
import { checkout } from './paths.js';

const programs: Readonly<Record<string, string>> = {
  node: 'dist/lvsadm.js',
  standalone: 'dist/standalone/lvsadm',
};

function programOf(distribution: string): string {
  const program = programs[distribution];
  if (program !== undefined) return join(checkout, program);
  const known = Object.keys(programs).join(', ');
  throw new LabUnavailable(`LAB_DISTRIBUTION is '${distribution}', not one of ${known}`);
}

/** The program; it starts by itself, Node's with the `node` in the search path. */
export const lvsadm = programOf(process.env['LAB_DISTRIBUTION'] ?? 'node');
