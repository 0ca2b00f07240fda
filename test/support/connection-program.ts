/**
 * lvsadm in a process of its own whose connection table is a file: `node connection-program.js FILE WORD...`. Writes the largest
 * memory that it took, in KiB, to standard error.
 */
import fs from 'node:fs';
import { main } from '../../src/cli/main.js';
import { DescriptorOutput } from '../../src/cli/process/output.js';
import { readFile } from '../../src/cli/process/streams.js';
import { contextWith } from './context.js';

const [table = '', ...words] = process.argv.slice(2);
const out = new DescriptorOutput(1, fs);
const status = await main(
  words,
  contextWith({ out, err: new DescriptorOutput(2, fs), readFile: () => readFile(table, fs) }),
);
await Promise.allSettled([out.later]);
process.stderr.write(`${process.resourceUsage().maxRSS}\n`);
process.exit(status);
