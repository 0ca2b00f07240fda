// What the guest tells the host about itself, apart from its command's output: lines on a port of their own.

/**
 * Reads the guest's status line by line. The guest says `boot` once, and `exit N` as its last word. `exit` stays
 * undefined as long as it has not said that, and whoever believes in a status then is mistaken.
 */
export class StatusReader {
  booted = false;
  /** The command's exit status, 0 to 255; 128 + N when signal N ended it. */
  exit: number | undefined;
  private rest = '';

  read(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.line(line.trim());
  }

  private line(line: string): void {
    const exit = /^exit (\d{1,3})$/.exec(line)?.[1];
    if (exit !== undefined) this.exit = Number(exit);
    else if (line === 'boot') this.booted = true;
    else throw new Error(`the guest said something unknown: ${JSON.stringify(line)}`);
  }
}
