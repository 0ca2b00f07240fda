/** Names of network interfaces. They become parts of paths and of unit files. */
import { ValueError } from '../errors.js';

/** Bytes of a name, without its NUL: IFNAMSIZ of linux/if.h. */
const LONGEST = 15;

/** What the kernel takes (dev_valid_name), without invisible characters. The length is in characters. */
export const interfacePattern = /^(?!\.{1,2}$)[^\s/:\p{Cc}\p{Cf}]{1,15}$/u;

export const INTERFACE = `the name of a network interface, at most ${LONGEST} bytes`;

const utf8 = new TextEncoder();

/** The name, if an interface can have it. @throws ValueError */
export function interfaceName(text: string, field: string): string {
  if (interfacePattern.test(text) && utf8.encode(text).length <= LONGEST) return text;
  throw new ValueError(field, text, INTERFACE);
}
