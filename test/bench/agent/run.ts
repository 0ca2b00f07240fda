/**
 * `lvsadm WORD...` over an IPVS in memory, which reports its memory and its processor time to its parent: `node --expose-gc run.js
 * SECONDS WORD...` every so many seconds, after a collection of garbage; 0 stands for no report.
 */
import fs from 'node:fs';
import { runProcess } from '../../../src/cli/process/context.js';
import { FakeIpvs } from '../../support/fake-ipvs.js';

/** Bytes, and microseconds since the start. */
export interface Usage {
  readonly rss: number;
  readonly heap: number;
  readonly cpu: number;
}

const [seconds, ...argv] = process.argv.slice(2);

function report(): void {
  globalThis.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  process.send?.({ rss, heap: heapUsed, cpu: user + system } satisfies Usage);
}
if (Number(seconds) > 0) setInterval(report, Number(seconds) * 1000).unref();

await runProcess({
  program: 'lvsadm',
  command: ['lvsadm'],
  argv,
  openSocket: new FakeIpvs().open,
  files: fs,
});
