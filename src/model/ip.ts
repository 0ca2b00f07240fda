/**
 * Whether a text is an IP address. As node:net's functions of the same names, which the standalone executable would load
 * its whole emulation of Node's sockets for: a third of the time that it takes to start.
 */

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)';
const dotted = new RegExp(`^${OCTET}(?:\\.${OCTET}){3}$`);
const group = /^[0-9a-f]{1,4}$/i;
const zoned = /^([^%]*)%[0-9a-z.:-]+$/i;

/** Four decimal numbers, none with a leading zero. */
export const isIPv4 = (text: string): boolean => dotted.test(text);

/** In any of the forms of RFC 4291, with or without a zone (`%eth0`). */
export function isIPv6(text: string): boolean {
  const halves = (zoned.exec(text)?.[1] ?? text).split('::');
  if (halves.length > 2) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  const last = groups.at(-1);
  // The last 32 bits may be written as an IPv4 address; `1.2.3.4::` has them in front of something.
  if (last !== undefined && isIPv4(last) && halves.at(-1) !== '') groups.splice(-1, 1, '0', '0');
  return (halves.length === 2 ? groups.length < 8 : groups.length === 8) && groups.every((one) => group.test(one));
}

/** 4, 6, or 0 for what is no address. */
export const isIP = (text: string): 0 | 4 | 6 => (isIPv4(text) ? 4 : isIPv6(text) ? 6 : 0);
