/** The links, addresses, routes and neighbours of one network namespace. */
import { Errno, HostError, KernelError } from '../../errors.js';
import { type Family, familyOf } from '../../model/address.js';
import type { Rows } from '../../netlink/attributes.js';
import { Connection } from '../../netlink/connection.js';
import { Flag } from '../../netlink/message.js';
import type { Fields } from '../../netlink/struct.js';
import { type OpenSocket, Protocol } from '../../netlink/transport/socket.js';
import type {
  DefaultRoute,
  HostRoute,
  InterfaceAddress,
  Link,
  LinkBeside,
  Neighbour,
  NewAddress,
  NewLink,
  Route,
  RoutingRule,
  WayTo,
} from '../network/network.js';
import { type LinkNames, readInterfaceAddress, readLink, readNeighbour, readRoute } from './decode.js';
import * as body from './encode.js';
import { type Body, type Message, Messages } from './messages.js';
import { address, codes, link, neighbour, type RouteObject, route, rule } from './schema.js';

const families: readonly Family[] = ['inet', 'inet6'];

/**
 * Every method asks the kernel; nothing is cached. All of them throw KernelError, and HostError for the name of a link that does
 * not exist.
 */
export class RouteClient {
  private constructor(
    private readonly connection: Connection,
    private readonly messages: Messages,
  ) {}

  static async open(openSocket: OpenSocket): Promise<RouteClient> {
    const connection = new Connection(await openSocket(Protocol.route));
    return new RouteClient(connection, new Messages(connection));
  }

  get hasFailed(): boolean {
    return this.connection.hasFailed;
  }

  close(): void {
    this.connection.close();
  }

  links(): Promise<Link[]> {
    return this.messages.dump(link, {}, readLink);
  }

  /** Undefined if no link has the name. */
  async link(name: string): Promise<Link | undefined> {
    try {
      return readLink(await this.messages.get(link, { attributes: { name } }));
    } catch (error) {
      if (error instanceof KernelError && error.errno === Errno.ENODEV) return undefined;
      throw error;
    }
  }

  addresses(): Promise<InterfaceAddress[]> {
    return this.dumpFamilies(address, readInterfaceAddress);
  }

  /** The routes of every table, including the kernel's own of local addresses. */
  routes(): Promise<Route[]> {
    return this.dumpFamilies(route, readRoute);
  }

  neighbours(): Promise<Neighbour[]> {
    return this.dumpFamilies(neighbour, readNeighbour);
  }

  /** Makes the kernel ask on a link for an address; an answer becomes a neighbour. */
  async requestNeighbour(wanted: string, device: string): Promise<void> {
    const index = await this.indexOf(device);
    await this.messages.change('new', neighbour, body.neighbourInUse(wanted, index), Flag.create);
  }

  /** @throws KernelError ENOENT if there is no such neighbour */
  async deleteNeighbour(gone: string, device: string): Promise<void> {
    const index = await this.indexOf(device);
    await this.messages.change('delete', neighbour, body.neighbourInUse(gone, index));
  }

  /** @throws KernelError EEXIST if a link has the name */
  createLink(made: NewLink): Promise<void> {
    return this.messages.change('new', link, body.newLink(made), Flag.create | Flag.exclusive);
  }

  /** @throws KernelError EBUSY if there are links of another kind beside the same one */
  async createLinkBeside(made: LinkBeside): Promise<void> {
    const index = await this.indexOf(made.device);
    await this.messages.change('new', link, body.linkBeside(made, index), Flag.create | Flag.exclusive);
  }

  async deleteLink(name: string): Promise<void> {
    await this.messages.change('delete', link, { header: { index: await this.indexOf(name) } });
  }

  async setLinkUp(name: string, up: boolean): Promise<void> {
    await this.messages.change('new', link, body.linkUp(await this.indexOf(name), up));
  }

  /** @param alias at most 255 bytes */
  async setLinkAlias(name: string, alias: string): Promise<void> {
    await this.messages.change('set', link, body.linkAlias(await this.indexOf(name), alias));
  }

  /** Sets the MAC address that a link already has: nothing changes, but the kernel announces the link's addresses. */
  async repeatMac(name: string): Promise<void> {
    const { index, mac } = await this.existing(name);
    if (mac === undefined) throw new HostError(`announce the addresses of ${name}`, 'it has no MAC address');
    await this.messages.change('set', link, body.linkMac(index, mac));
  }

  /** @throws KernelError EEXIST if the link has the address */
  async addAddress(added: NewAddress): Promise<void> {
    const index = await this.indexOf(added.device);
    await this.messages.change('new', address, body.newAddress(added, index), Flag.create | Flag.exclusive);
  }

  /** @throws KernelError EADDRNOTAVAIL if the link does not have the address */
  async deleteAddress(gone: Pick<InterfaceAddress, 'address' | 'prefix' | 'device'>): Promise<void> {
    const index = await this.indexOf(gone.device);
    await this.messages.change('delete', address, body.interfaceAddress(gone, index));
  }

  /** Adds the route, in place of the default route with the same metric. @throws KernelError ENETUNREACH if no link leads to the gateway */
  replaceDefaultRoute(added: DefaultRoute): Promise<void> {
    return this.changeDefaultRoute('new', added, Flag.create | Flag.replace);
  }

  /** @throws KernelError ESRCH if there is no such route */
  deleteDefaultRoute(gone: DefaultRoute): Promise<void> {
    return this.changeDefaultRoute('delete', gone, 0);
  }

  /** @throws KernelError EEXIST if the table has a route to the address */
  async addHostRoute(added: HostRoute): Promise<void> {
    const index = await this.indexOf(added.device);
    await this.messages.change('new', route, body.hostRoute(added, index), Flag.create | Flag.exclusive);
  }

  /** @throws KernelError ESRCH if there is no such route */
  async deleteHostRoute(gone: HostRoute): Promise<void> {
    const index = await this.indexOf(gone.device);
    await this.messages.change('delete', route, body.hostRoute(gone, index));
  }

  /** @throws KernelError ENETUNREACH or EHOSTUNREACH if there is none */
  async wayTo(destination: string): Promise<WayTo> {
    const names: LinkNames = new Map((await this.links()).map(({ index, name }) => [index, name]));
    return readRoute(await this.messages.get(route, body.wayTo(destination)), familyOf(destination), names);
  }

  addRule(added: RoutingRule): Promise<void> {
    return this.messages.change('new', rule, body.routingRule(added), Flag.create | Flag.exclusive);
  }

  /** @throws KernelError ENOENT if there is no such rule */
  deleteRule(gone: RoutingRule): Promise<void> {
    return this.messages.change('delete', rule, body.routingRule(gone));
  }

  /** Adds a route as it was, in place of the one with the same destination and metric. */
  restoreRoute(raw: Uint8Array): Promise<void> {
    return this.messages.restore(route, raw, Flag.create | Flag.replace);
  }

  private async changeDefaultRoute(
    verb: 'new' | 'delete',
    changed: DefaultRoute,
    flags: number,
  ): Promise<void> {
    const index = changed.device === undefined ? undefined : await this.indexOf(changed.device);
    await this.messages.change(verb, route, body.defaultRoute(changed, index), flags);
  }

  /** A kernel without IPv6 answers a dump of its objects with those of IPv4, which are skipped. */
  private async dumpFamilies<F extends Fields & { family: F['family'] }, R extends Rows, T>(
    object: RouteObject<F, R>,
    read: (message: Message<F, R>, family: Family, names: LinkNames) => T | undefined,
  ): Promise<T[]> {
    const names: LinkNames = new Map((await this.links()).map(({ index, name }) => [index, name]));
    const found: T[] = [];
    for (const family of families) {
      const code = codes.family[family];
      const asked = { header: { family: code } } as Body<F, R>;
      const items = await this.messages.dump(object, asked, (message) =>
        message.header.family === code ? read(message, family, names) : undefined,
      );
      for (const item of items) if (item !== undefined) found.push(item);
    }
    return found;
  }

  private async existing(name: string): Promise<Link> {
    const found = await this.link(name);
    if (found === undefined) throw new HostError(`use the link ${name}`, 'there is no such link');
    return found;
  }

  private async indexOf(name: string): Promise<number> {
    return (await this.existing(name)).index;
  }
}
