/** Connections of all kinds that a kernel may print. */
import fc from 'fast-check';
import { formatAddress } from '../../src/model/address.js';
import type { PrintedConnection } from './connection-table.js';

/** deepEqual in its strict form tells a null prototype from an object's. */
const record = <T>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(fields, { noNullPrototype: true });

const ipv4 = fc.uint8Array({ minLength: 4, maxLength: 4 }).map((bytes) => formatAddress(bytes));
const ipv6 = fc
  .array(fc.oneof(fc.constant(0), fc.constant(0xffff), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .map((groups) => formatAddress(Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 0xff]))));
const endpointOf = (address: fc.Arbitrary<string>) => record({ address, port: fc.nat(0xffff) });
const engine = record({
  name: fc.constantFrom('sip', 'a', 'sixteen_letters_'),
  data: fc.uint8Array({ maxLength: 300 }).map((bytes) => bytes.filter((byte) => byte !== 0x0a)),
});
const connectionOf = (address: fc.Arbitrary<string>): fc.Arbitrary<PrintedConnection> =>
  record({
    protocol: fc.constantFrom('TCP', 'UDP', 'SCTP', 'AH', 'ESP', 'ICMP', 'ICMPv6', 'IP', 'IP_99'),
    client: endpointOf(address),
    virtual: endpointOf(address),
    destination: endpointOf(fc.oneof(ipv4, ipv6)),
    state: fc.constantFrom('NONE', 'ASSURED', 'ESTABLISHED', 'SHUTDOWN_ACK_SENT', 'ERR!', '?'),
    expires: fc.oneof(fc.nat(900), fc.nat(0xffffffff)),
    engine: fc.option(engine, { nil: undefined }),
  });

export const arbitraryTable: fc.Arbitrary<PrintedConnection[]> = fc.array(
  fc.oneof(connectionOf(ipv4), connectionOf(ipv6)),
  { maxLength: 8 },
);
