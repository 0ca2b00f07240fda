/** Text that others decide, such as what a SIP client sends: nothing in it may steer a terminal or break a line. */
export function printable(text: string): string {
  // Control characters, and those that are invisible or turn the direction of writing. Here, for a pattern of so many is made
  // at each start where it stands outside.
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}
