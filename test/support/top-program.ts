/**
 * `lvsadm WORD...` on the terminal of this process, over an IPVS in memory whose counters grow: `node top-program.js DIRECTORY
 * WORD...`. Its state, its number and its connection table are in the directory. A file `stoppable` is there when it
 * handles SIGTERM. SIGUSR2 makes it crash. Under Bun its files are the executable's.
 */
import fs from 'node:fs';
import { runProcess } from '../../src/cli/process/context.js';
import { FakeIpvs } from './fake-ipvs.js';
import { connect, connectionTable, fillTable, grow } from './top-table.js';

const [directory = '', ...argv] = process.argv.slice(2);
process.env['LVSADM_RUN'] = directory;
process.env['LVSADM_STATE_DIR'] = directory;

// yargs looks at the stream of standard output, which makes a pipe non-blocking. The bundles leave that out.
const stdout = Object.getOwnPropertyDescriptor(process, 'stdout') as PropertyDescriptor;
Object.defineProperty(process, 'stdout', { configurable: true, value: {} });
await import('yargs');
Object.defineProperty(process, 'stdout', stdout);

const ipvs = new FakeIpvs();
await fillTable(ipvs, process.env);
connect(ipvs);
setInterval(() => grow(ipvs, 0.1), 100);

fs.writeFileSync(`${directory}/pid`, String(process.pid));
process.on('newListener', (event) => {
  if (event === 'SIGTERM') fs.writeFileSync(`${directory}/stoppable`, '');
});
process.on('SIGUSR2', () => {
  throw new Error('crash');
});

const table = `${directory}/ip_vs_conn`;
fs.writeFileSync(table, connectionTable());

const files = process.versions['bun'] === undefined ? fs : await import('../../src/libc/files.js');

await runProcess({
  program: 'lvsadm',
  command: ['lvsadm'],
  argv,
  openSocket: ipvs.open,
  files: {
    ...files,
    openSync: (path: string, flags: 'r' | number, mode?: number) =>
      files.openSync(path === '/proc/net/ip_vs_conn' ? table : path, flags, mode),
  },
});
