/**
 * `lvsadm WORD...` on the terminal of this process, over an IPVS in memory whose counters grow: `node top-program.js DIRECTORY
 * WORD...`. Its state, its number and its connection table are in the directory. SIGUSR2 makes it crash.
 */
import fs from 'node:fs';
import { runProcess } from '../../src/cli/process/context.js';
import { FakeIpvs } from './fake-ipvs.js';
import { connect, connectionTable, fillTable, grow } from './top-table.js';

const [directory = '', ...argv] = process.argv.slice(2);
process.env['LVSADM_RUN'] = directory;

const ipvs = new FakeIpvs();
await fillTable(ipvs);
connect(ipvs);
setInterval(() => grow(ipvs, 0.1), 100);

fs.writeFileSync(`${directory}/pid`, String(process.pid));
process.on('SIGUSR2', () => {
  throw new Error('crash');
});

const table = `${directory}/ip_vs_conn`;
fs.writeFileSync(table, connectionTable());

await runProcess({
  program: 'lvsadm',
  command: ['lvsadm'],
  argv,
  openSocket: ipvs.open,
  files: {
    ...fs,
    openSync: (path: fs.PathLike, flags: fs.OpenMode, mode?: fs.Mode) =>
      fs.openSync(path === '/proc/net/ip_vs_conn' ? table : path, flags, mode),
  },
});
