/** The lab cannot run here: something is missing. `main` exits with 69 (EX_UNAVAILABLE). */
export class LabUnavailable extends Error {
  override name = 'LabUnavailable';
}

/**
 * The guest broke down: it panicked, hung, or ended without telling its command's exit status. `main` exits with 70
 * (EX_SOFTWARE).
 */
export class GuestFailure extends Error {
  override name = 'GuestFailure';
  constructor(
    readonly reason: string,
    /** The last lines of the guest's console and of QEMU's own messages. */
    readonly console: string,
  ) {
    super(`${reason}${console && `\n${console}`}`);
  }
}
