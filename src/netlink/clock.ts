/** Milliseconds that only go forward. Node's `performance` would load a dozen modules at its first touch. */
export const monotonic = (): number => process.uptime() * 1000;
