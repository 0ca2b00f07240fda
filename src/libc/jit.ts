/**
 * The executable starts with its just-in-time compilers held back (scripts/task.mjs): a short run is over before compiled
 * code would pay, and compiling it takes a tenth of its time. What turns out to be long gets them back.
 */
declare const Bun: { readonly unsafe?: { setJITPolicy?(scale: number): void } } | undefined;

let compiling = false;

/** Has code that runs often compiled as usual from now on. */
export function compileHotCode(): void {
  if (compiling) return;
  compiling = true;
  if (typeof Bun !== 'undefined') Bun.unsafe?.setJITPolicy?.(1);
}
