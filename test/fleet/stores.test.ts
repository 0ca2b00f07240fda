/** The cases of stores, over those that need no program. */

import * as files from 'node:fs';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DirectoryStore } from '../../src/fleet/directory-store.js';
import { ManualClock } from '../support/manual-clock.js';
import { MemoryStore, SharedMemory } from '../support/memory-store.js';
import { storeCases } from '../support/store-cases.js';

storeCases('memory', async () => {
  const clock = new ManualClock();
  const memory = new SharedMemory(clock);
  return { open: () => new MemoryStore(memory), pass: (milliseconds) => clock.pass(milliseconds) };
});

storeCases('directory', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'lvsadm-store-')), 'lvs');
  return {
    open: () => new DirectoryStore(`file://${path}`, path, { files, interval: 50 }),
    pass: (milliseconds) => sleep(milliseconds),
  };
});
