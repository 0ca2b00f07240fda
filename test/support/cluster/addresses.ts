// Who has which address in the networks that the methods are proven in.
import type { Family } from '../../../src/model/address.js';

/** The first part of a segment's addresses; the host's number follows. From ranges for documentation and benchmarks. */
const prefixes = {
  outside: { inet: '198.51.100.', inet6: '2001:db8:1::' },
  inside: { inet: '203.0.113.', inet6: '2001:db8:2::' },
  far: { inet: '198.18.0.', inet6: '2001:db8:3::' },
} as const;
export type Segment = keyof typeof prefixes;

/** The virtual addresses, which the routes of every network lead to the director. */
const vips = { inet: '192.0.2.', inet6: '2001:db8:f::' } as const;
export const allVips = [`${vips.inet}0/24`, `${vips.inet6}/64`];

export const families: readonly Family[] = ['inet', 'inet6'];

export const addressOf = (segment: Segment, host: number, family: Family): string =>
  prefixes[segment][family] + host;
export const vipOf = (number: number, family: Family): string => vips[family] + number;

/** The hosts' numbers in their segments' addresses. */
export const numbers = { gateway: 1, director: 2, rs1: 11, rs2: 12, rs3: 13 } as const;
export const serverNames = ['rs1', 'rs2', 'rs3'] as const;
export type ServerName = (typeof serverNames)[number];

/** The client has several addresses of each family, so that it can be several clients. */
export const clientNumbers = [101, 102, 103, 104, 105, 106, 107, 108] as const;
