/**
 * One error class per layer. An error carries facts as fields (operation, errno, object); how they read is decided in
 * one place, {@link file://./cli/render.ts}. The message is for stack traces and for users of the library.
 */

/** Base of every error that lvsadm raises on purpose. Anything else that is thrown is a bug. */
export abstract class LvsadmError extends Error {
  override get name(): string {
    return new.target === undefined ? this.constructor.name : new.target.name;
  }
}
