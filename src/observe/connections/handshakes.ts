/** TCP connections of servers, and those whose handshake has not ended, counted without an object or a string for a line. */
import type { ConnectionLine } from '../../ipvs/connections/proc.js';
import { addressBytes, type Endpoint, familyOf } from '../../model/address.js';
import { KeyTable } from './key-table.js';
import { KEY_WIDTH, putEndpoint } from './keys.js';
import type { EndpointBytes } from './text.js';

export class HandshakeCount {
  readonly #table = new KeyTable(2 * KEY_WIDTH);
  readonly #key = new Int32Array(2 * KEY_WIDTH);
  readonly #virtual = this.#key.subarray(0, KEY_WIDTH);
  readonly #server = this.#key.subarray(KEY_WIDTH);
  readonly #slots: readonly number[];
  readonly #connections: Uint32Array;
  readonly #synReceived: Uint32Array;

  /** @param servers whose connections are counted; all other ones are not */
  constructor(servers: readonly { readonly service: Endpoint; readonly server: Endpoint }[]) {
    this.#slots = servers.map(({ service, server }) => {
      this.#put(bytesOf(service), bytesOf(server));
      const known = this.#table.find(this.#key);
      return known >= 0 ? known : this.#table.add(this.#key);
    });
    this.#connections = new Uint32Array(this.#table.size);
    this.#synReceived = new Uint32Array(this.#table.size);
  }

  add(line: ConnectionLine): void {
    if (line.isTemplate || line.protocol !== 'TCP') return;
    this.#put(line.virtual, line.destination);
    const slot = this.#table.find(this.#key);
    if (slot < 0) return;
    (this.#connections[slot] as number)++;
    if (line.state === 'SYN_RECV') (this.#synReceived[slot] as number)++;
  }

  /** In the order of the servers. */
  get counts(): { readonly connections: number; readonly synReceived: number }[] {
    return this.#slots.map((slot) => ({
      connections: this.#connections[slot] ?? 0,
      synReceived: this.#synReceived[slot] ?? 0,
    }));
  }

  #put(virtual: EndpointBytes, server: EndpointBytes): void {
    putEndpoint(this.#virtual, virtual);
    putEndpoint(this.#server, server);
  }
}

const bytesOf = ({ address, port }: Endpoint): EndpointBytes => ({
  bytes: Uint8Array.from(addressBytes(address)),
  family: familyOf(address),
  port,
});
