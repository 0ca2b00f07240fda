/** Memory of the V8 that runs the tests. */

/** Bytes that the young generation may take more than with Node.js 20, whatever a program holds. */
export const YOUNG_GENERATION = Number.parseFloat(process.versions.node) >= 22 ? 50_000_000 : 0;
