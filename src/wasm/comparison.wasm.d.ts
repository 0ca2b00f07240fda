/** comparison.ts compiled, in base64: scripts/task.mjs makes it. */
declare const code: string;
export default code;
