/** One short line on stderr about what takes long right now. */
export const say = (text: string): void => {
  process.stderr.write(`lab: ${text}\n`);
};
