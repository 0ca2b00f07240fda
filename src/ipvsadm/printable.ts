/** Text that others decide, such as what a SIP client sends: nothing in it may steer a terminal or break a line. */
export const printable = (text: string): string => text.replace(unprintable, '?');

/** Control characters, and those that are invisible or turn the direction of writing. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
