/**
 * flock(2) among the commands of one process. On Node.js lvsadm starts flock(1) for each lock, which takes a third of the time of some
 * tests; test/system/store.test.ts has that way.
 */
import fs, { fstatSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

/** The descriptor that holds each lock, by the file. Closing it unlocks. */
const holders = new Map<string, number>();

const fileOf = (descriptor: number): string => {
  const { dev, ino } = fstatSync(descriptor);
  return `${dev}:${ino}`;
};

/** Whether another descriptor than this one holds the lock. */
function isHeld(file: string, descriptor: number): boolean {
  const holder = holders.get(file);
  if (holder === undefined || holder === descriptor) return false;
  try {
    return fileOf(holder) === file;
  } catch {
    return false;
  }
}

/** Real files, whose locks other processes do not see. */
export const ownFiles = { ...fs, flock };

async function flock(descriptor: number, patience: number): Promise<boolean> {
  const file = fileOf(descriptor);
  const deadline = performance.now() + patience;
  while (isHeld(file, descriptor)) {
    if (performance.now() >= deadline) return false;
    await sleep(1);
  }
  holders.set(file, descriptor);
  return true;
}

/** Another program acts while a lock is waited for: the n-th that is taken. */
export function whenLocked(context: TestContext, nth: number, act: () => Promise<unknown>): void {
  let locks = 0;
  const mock = context.mock.method(ownFiles, 'flock', async (...words: Parameters<typeof flock>) => {
    locks++;
    if (locks === nth) {
      mock.mock.restore();
      await act();
    }
    return flock(...words);
  });
}
