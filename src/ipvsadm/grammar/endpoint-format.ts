/** Addresses and ports as text: numbers, or names that were looked up. */
import { type Family, familyOf, formatEndpoint } from '../../model/address.js';
import type { Protocol } from '../../model/service.js';

export interface Labels {
  /** `192.0.2.1:80`, `www.example.com:http`, `[2001:db8::1]:80`. Services of firewall marks have no protocol. */
  endpoint(address: string, port: number, protocol: Protocol | undefined): string;
}

export const numericLabels: Labels = { endpoint: formatEndpoint };

/** Names if there are any, otherwise numbers. A port without a protocol has no name. */
export function nameLabels(
  hosts: ReadonlyMap<string, string>,
  portName: (port: number, protocol: Protocol) => string | undefined,
): Labels {
  return {
    endpoint(address, port, protocol) {
      const host = wrap[familyOf(address)](hosts.get(address) ?? address);
      return `${host}:${(protocol && portName(port, protocol)) ?? port}`;
    },
  };
}

const wrap: Readonly<Record<Family, (host: string) => string>> = {
  inet: (host) => host,
  inet6: (host) => `[${host}]`,
};
