/** Links that merge the TCP segments they receive (LRO). Source: linux/ethtool_netlink.h; kernels since 5.7. */
import { AttributeCursor, attributeSet, bytes, cstring, nested, u32 } from '../../netlink/attributes.js';
import { Reader } from '../../netlink/bytes.js';
import { Connection } from '../../netlink/connection.js';
import { type FamilySchema, findFamily, type Operations } from '../../netlink/genl.js';
import { type OpenSocket, Protocol } from '../../netlink/transport/socket.js';

/** ETHTOOL_A_HEADER_* */
const Header = attributeSet('header', { index: [1, u32], name: [2, cstring] });
/** ETHTOOL_A_BITSET_*: `bits` is a list of bits, each nested. */
const Bitset = attributeSet('bitset', { bits: [3, bytes] });
/** ETHTOOL_A_BITSET_BIT_* */
const Bit = attributeSet('bit', { name: [2, cstring] });
/** ETHTOOL_A_FEATURES_* */
const Features = attributeSet('features', { header: [1, nested(Header)], active: [4, nested(Bitset)] });

const ethtoolSchema = {
  name: 'ethtool',
  version: 1,
  operations: {
    getFeatures: { command: 11, takes: Features, gives: Features, needs: [], reply: 'dump' },
  },
} as const satisfies FamilySchema<Operations>;

/** All links: the header is required, and names none. */
const ALL = { header: {} };

/** Names of the links. @throws KernelError */
export async function lroLinks(openSocket: OpenSocket): Promise<string[]> {
  const connection = new Connection(await openSocket(Protocol.generic));
  try {
    const ethtool = await findFamily(connection, ethtoolSchema);
    const links = await ethtool.dump('getFeatures', ALL, ({ header, active }) => ({
      name: header?.name ?? '',
      merges: namesIn(active?.bits).includes('rx-lro'),
    }));
    return links.filter(({ merges }) => merges).map(({ name }) => name);
  } finally {
    connection.close();
  }
}

/** The set of active features lists only those that are on. */
function namesIn(bits: Uint8Array | undefined): string[] {
  if (bits === undefined) return [];
  const reader = new Reader(bits);
  const names: string[] = [];
  const attributes = new AttributeCursor(reader);
  while (attributes.next()) {
    const { name } = Bit.get(reader, attributes.start, attributes.end);
    if (name !== undefined) names.push(name);
  }
  return names;
}
