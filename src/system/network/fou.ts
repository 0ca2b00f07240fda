/**
 * Foo-over-UDP ports: the kernel removes the UDP header of packets that arrive there and passes on the packet inside, directly or
 * in generic UDP encapsulation (GUE). Source: linux/fou.h.
 */
import { Errno, KernelError } from '../../errors.js';
import type { Family } from '../../model/address.js';
import { attributeSet, be16, u8 } from '../../netlink/attributes.js';
import { Connection } from '../../netlink/connection.js';
import {
  type FamilySchema,
  findFamily,
  type Family as NetlinkFamily,
  type Operations,
} from '../../netlink/genl.js';
import { type OpenSocket, Protocol } from '../../netlink/transport/socket.js';
import { loadModule } from '../modules.js';
import { codes } from '../rtnetlink/schema.js';

/** FOU_ATTR_* */
const FouAttributes = attributeSet('fou', { port: [1, be16], family: [2, u8], type: [4, u8] });

/** FOU_ENCAP_GUE */
const GUE = 2;

const command = { takes: FouAttributes, gives: FouAttributes } as const;

const fouSchema = {
  name: 'fou',
  version: 1,
  operations: {
    addPort: { ...command, command: 1, needs: ['port', 'family', 'type'], reply: 'ack' },
    deletePort: { ...command, command: 2, needs: ['port', 'family'], reply: 'ack' },
    getPorts: { ...command, command: 3, needs: [], reply: 'dump' },
  },
} as const satisfies FamilySchema<Operations>;

/** A port that receives GUE. */
export interface GuePort {
  /** 1 to 65535. */
  readonly port: number;
  /** Family of the outer header. */
  readonly family: Family;
}

/** Every method throws KernelError. */
export class FouClient {
  private constructor(
    private readonly connection: Connection,
    private readonly fou: NetlinkFamily<typeof fouSchema.operations>,
  ) {}

  /**
   * Finds the family in the kernel, and loads its module if necessary.
   * @throws KernelError ENOENT if the kernel has none, Error if the module cannot be loaded
   */
  static async open(openSocket: OpenSocket): Promise<FouClient> {
    const connection = new Connection(await openSocket(Protocol.generic));
    try {
      return new FouClient(connection, await findOrLoad(connection));
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  get hasFailed(): boolean {
    return this.connection.hasFailed;
  }

  close(): void {
    this.connection.close();
  }

  async guePorts(): Promise<GuePort[]> {
    const ports = await this.fou.dump('getPorts', {}, (port) => port);
    return ports
      .filter(({ type }) => type === GUE)
      .map(({ port = 0, family }) => ({ port, family: family === codes.family.inet6 ? 'inet6' : 'inet' }));
  }

  /** @throws KernelError EADDRINUSE if the port is in use */
  addGuePort({ port, family }: GuePort): Promise<void> {
    return this.fou.acknowledge({
      operation: 'addPort',
      body: { port, family: codes.family[family], type: GUE },
    });
  }

  deleteGuePort({ port, family }: GuePort): Promise<void> {
    return this.fou.acknowledge({ operation: 'deletePort', body: { port, family: codes.family[family] } });
  }
}

async function findOrLoad(connection: Connection): Promise<NetlinkFamily<typeof fouSchema.operations>> {
  try {
    return await findFamily(connection, fouSchema);
  } catch (error) {
    if (!(error instanceof KernelError && error.errno === Errno.ENOENT)) throw error;
  }
  await loadModule('fou');
  return findFamily(connection, fouSchema);
}
