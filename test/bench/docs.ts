/** What docs/performance.md shows of the lab's benchmark. */
import { cases } from './guest/cases.js';
import { writePage } from './page.js';
import { measuredIn, type Report } from './report.js';
import { markdown, times } from './tables.js';

/** The versions, machines and load of a run. */
export function machine({ host, guest }: Report): string {
  const emulated = guest.processor.includes('TCG') ? ' (emulated by QEMU)' : '';
  return [
    `- lvsadm ${host.lvsadm}, ${host.date}; ipvsadm ${guest.ipvsadm}; Node ${guest.node}; Bun ${host.bun}`,
    `- kernel ${guest.kernel}, ${guest.processors} processors ${guest.processor}${emulated}`,
    `- on a machine of ${host.processors} processors ${host.processor}; load average ${host.load.join(' before, ')} after`,
  ].join('\n');
}

/** Cases that spend most of their time in the kernel; the others are measured at native speed. */
const needsKernel = /^-R of \d|^apply |connections$/;

/** @throws Error if a case was not measured: the page shows one whole run */
export function writeDocuments(report: Report): void {
  const measured = new Set(measuredIn(report));
  const lacking = cases.find(({ name }) => !measured.has(name))?.name;
  if (lacking !== undefined) throw new Error(`'${lacking}' was not measured: the page takes a whole run`);
  const samples = report.samples.filter((sample) => needsKernel.test(sample.case));
  writePage('performance.md', {
    'lab machine': machine(report),
    lab: markdown(times({ ...report, samples })),
  });
}
