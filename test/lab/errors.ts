/** The lab cannot run here: something is missing. `main` exits with 69 (EX_UNAVAILABLE). */
export class LabUnavailable extends Error {
  override name = 'LabUnavailable';
}

/**
 * The command's exit status is unknown: the guest panicked, hung or ended early, or the command took too long. `main`
 * exits with 70 (EX_SOFTWARE).
 */
export class LabFailure extends Error {
  override name = 'LabFailure';
  constructor(
    readonly reason: string,
    /** The last lines of the guest's console and of QEMU's own messages. */
    readonly console = '',
  ) {
    super(console ? `${reason}; the console's last lines:\n${console}` : reason);
  }
}
