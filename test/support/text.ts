/** What was written to an output, as text. */
export const textOf = (written: string | Uint8Array): string =>
  typeof written === 'string' ? written : new TextDecoder().decode(written);
