// KVM or emulation? A /dev/kvm that opens is no proof: a nested KVM may hang at boot. So it has to boot a guest once.
import { createHash } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { release } from 'node:os';
import { cached } from './cache.js';
import type { Accel } from './qemu.js';
import { say } from './say.js';

/** Seconds that KVM gets to prove itself: ten times what it takes where it works. */
const probeSeconds = 20;

/**
 * The accelerator to use. `boots` tries a guest with KVM and resolves to true when it came up within the seconds that
 * it is given. The verdict is kept per host kernel and guest image: the probe costs its time once.
 */
export async function chooseAccel(
  image: string,
  boots: (seconds: number) => Promise<boolean>,
): Promise<Accel> {
  if (!mayUseKvm()) return 'tcg';
  const key = createHash('sha256').update(`${release()} ${image}`).digest('hex').slice(0, 16);
  const verdict = await cached(`kvm-${key}`, async (path) => {
    say(`trying KVM, ${probeSeconds} s at most, once`);
    const works = await boots(probeSeconds);
    say(works ? 'KVM works' : 'KVM does not work here: the guest is emulated');
    await writeFile(path, works ? 'kvm' : 'tcg');
  });
  return (await readFile(verdict, 'utf8')) === 'kvm' ? 'kvm' : 'tcg';
}

function mayUseKvm(): boolean {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
