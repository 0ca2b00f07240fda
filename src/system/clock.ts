/** The time, and timers. Tests have their own. */

export interface Clock {
  /** Milliseconds since an arbitrary moment; never decreases. */
  now(): number;
  /** Calls once after this many milliseconds. @returns a function that cancels it */
  after(milliseconds: number, call: () => void): () => void;
}

/** The process's own. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after(milliseconds, call) {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Resolves after this many milliseconds, or when it is stopped. @returns whether the time has passed */
export const passed = (clock: Clock, milliseconds: number, stop: AbortSignal): Promise<boolean> =>
  new Promise((resolve) => {
    if (stop.aborted) return resolve(false);
    const end = (): void => {
      cancel();
      stop.removeEventListener('abort', end);
      resolve(!stop.aborted);
    };
    const cancel = clock.after(milliseconds, end);
    stop.addEventListener('abort', end);
  });

/** Whether work ends within this many milliseconds, well or not; it goes on after them. */
export const endsWithin = (clock: Clock, milliseconds: number, work: Promise<unknown>): Promise<boolean> =>
  new Promise((resolve) => {
    const cancel = clock.after(milliseconds, () => resolve(false));
    const end = (): void => {
      cancel();
      resolve(true);
    };
    work.then(end, end);
  });
