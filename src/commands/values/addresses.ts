/** Values that are addresses of this machine, or virtual ones. */
import { UsageError, ValueError } from '../../errors.js';
import { quoted } from '../../foreign-text.js';
import { canonicalAddress, familyOf, isLoopback, notOfOneMachine } from '../../model/address.js';
import { portRange } from '../../model/limits.js';
import { ON_NETWORK, parseOnNetwork } from '../../model/network.js';
import type { ListenAddress } from '../../system/network/http-server.js';
import { wholeNumber } from './numbers.js';

/** One address or several with commas between them, canonical; the prefix length of a single address may follow each. */
export function vips(text: string): readonly string[] {
  return text.split(',').map((word) => {
    const [host = '', length, ...more] = word.split('/');
    const address = canonicalAddress(host, '--vip');
    const whole = familyOf(address) === 'inet' ? '32' : '128';
    if (more.length > 0 || (length !== undefined && length !== whole)) {
      throw new ValueError('--vip', word, `one address; its prefix can only be /${whole}`);
    }
    const fault = isLoopback(address)
      ? 'is a loopback address, which clients cannot reach'
      : notOfOneMachine(address);
    if (fault !== undefined) throw new UsageError(`${quoted(word)} ${fault}`, '--vip');
    return address;
  });
}

/** `198.51.100.250/24`, with a canonical address. */
export function addressOnNetwork(text: string, argument: string): string {
  const found = parseOnNetwork(text);
  if (found !== undefined) return found;
  throw new ValueError(argument, text, ON_NETWORK);
}

/** Bytes of the path of a Unix socket: unix(7). */
const LONGEST_SOCKET = 107;

/** `9700`, `127.0.0.1:9700`, `[::1]:9700` or `unix:/run/lvsadm.sock` */
export function listenAddress(text: string, argument: string): ListenAddress {
  const path = /^unix:(.+)$/s.exec(text)?.[1];
  if (path !== undefined) {
    if (new TextEncoder().encode(path).length <= LONGEST_SOCKET) return { path };
    throw new UsageError(`a path of more than ${LONGEST_SOCKET} bytes cannot be a Unix socket's`, argument);
  }
  const [, ipv6, ipv4 = '127.0.0.1', port] = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined) {
    const right =
      'an address and a port such as 127.0.0.1:9700 or [::1]:9700, a port, or unix:/run/lvsadm.sock';
    throw new UsageError(`${quoted(text)} is not ${right}`, argument);
  }
  return { host: canonicalAddress(ipv6 ?? ipv4, argument), port: wholeNumber(port, portRange, 'port') };
}
