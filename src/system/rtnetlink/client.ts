/** The links, addresses, routes and neighbours of one network namespace. */
import { Errno, HostError, KernelError } from '../../errors.js';
import { type Family, familyOf } from '../../model/address.js';
import type { Rows } from '../../netlink/attributes.js';
import { Connection, type ConnectionOptions } from '../../netlink/connection.js';
import { Flag } from '../../netlink/message.js';
import type { Fields } from '../../netlink/struct.js';
import { type OpenSocket, Protocol } from '../../netlink/transport/socket.js';
import type {
  DefaultRoute,
  InterfaceAddress,
  Link,
  Neighbour,
  NewAddress,
  NewLink,
  Route,
} from '../network.js';
import {
  addressBody,
  defaultRouteBody,
  familyNumber,
  type LinkNames,
  linkMacBody,
  linkUpBody,
  neighbourBody,
  newLinkBody,
  oldAddressBody,
  readInterfaceAddress,
  readLink,
  readNeighbour,
  readRoute,
  routeToBody,
} from './convert.js';
import { type Asked, type Body, Messages } from './messages.js';
import { address, link, neighbour, type RouteObject, route } from './schema.js';

const families: readonly Family[] = ['inet', 'inet6'];

/**
 * Every method asks the kernel once more and keeps nothing. All of them throw KernelError where the kernel refuses, and
 * HostError where a link that is named does not exist.
 */
export class RouteClient {
  private constructor(
    private readonly connection: Connection,
    private readonly messages: Messages,
  ) {}

  static async open(openSocket: OpenSocket, options: ConnectionOptions = {}): Promise<RouteClient> {
    const connection = new Connection(await openSocket(Protocol.route), options);
    return new RouteClient(connection, new Messages(connection));
  }

  close(): void {
    this.connection.close();
  }

  links(): Promise<Link[]> {
    return this.messages.dump(link, {}, readLink);
  }

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

  /** Of every table, the kernel's own of local addresses included. */
  routes(): Promise<Route[]> {
    return this.dumpFamilies(route, readRoute);
  }

  neighbours(): Promise<Neighbour[]> {
    return this.dumpFamilies(neighbour, readNeighbour);
  }

  /** Makes the kernel ask on a link who has an address; the answer, if there is one, makes a neighbour. */
  async askFor(wanted: string, device: string): Promise<void> {
    const body = neighbourBody(wanted, await this.indexOf(device));
    await this.messages.change('new', neighbour, body, Flag.create);
  }

  /** @throws KernelError ENOENT where there is no such neighbour */
  async forgetNeighbour(gone: string, device: string): Promise<void> {
    await this.messages.change('delete', neighbour, neighbourBody(gone, await this.indexOf(device)));
  }

  /** The route that a packet to `destination` would take; undefined where there is none. */
  async routeTo(destination: string): Promise<Route | undefined> {
    const names = await this.linkNames();
    try {
      const body = await this.messages.get(route, routeToBody(destination));
      const found = readRoute(body, familyOf(destination), names);
      return found.type === 'unreachable' ? undefined : found;
    } catch (error) {
      if (error instanceof KernelError && NO_ROUTE.has(error.errno)) return undefined;
      throw error;
    }
  }

  /** @throws KernelError EEXIST where a link has the name */
  createLink(made: NewLink): Promise<void> {
    return this.messages.change('new', link, newLinkBody(made), Flag.create | Flag.exclusive);
  }

  async deleteLink(name: string): Promise<void> {
    await this.messages.change('delete', link, { header: { index: await this.indexOf(name) } });
  }

  async setUp(name: string, up: boolean): Promise<void> {
    await this.messages.change('new', link, linkUpBody(await this.indexOf(name), up));
  }

  /** Gives a link the address of the link layer that it has: nothing changes, but the kernel tells the neighbours. */
  async repeatMac(name: string): Promise<void> {
    const { index, mac } = await this.existing(name);
    if (mac === undefined) throw new HostError(`announce the addresses of ${name}`, 'it has no MAC address');
    await this.messages.change('set', link, linkMacBody(index, mac));
  }

  /** @throws KernelError EEXIST where the link has the address */
  async addAddress(added: NewAddress): Promise<void> {
    const body = addressBody(added, await this.indexOf(added.device));
    await this.messages.change('new', address, body, Flag.create | Flag.exclusive);
  }

  /** @throws KernelError EADDRNOTAVAIL where the link does not have it */
  async deleteAddress(gone: Pick<InterfaceAddress, 'address' | 'prefix' | 'device'>): Promise<void> {
    await this.messages.change('delete', address, oldAddressBody(gone, await this.indexOf(gone.device)));
  }

  /** @throws KernelError EEXIST where a default route has the metric, ENETUNREACH where the gateway is on no link */
  async addDefaultRoute(added: DefaultRoute): Promise<void> {
    await this.changeDefaultRoute('new', added, Flag.create | Flag.exclusive);
  }

  /** Puts the route in the place of the default route that has its metric. */
  async replaceDefaultRoute(added: DefaultRoute): Promise<void> {
    await this.changeDefaultRoute('new', added, Flag.create | Flag.replace);
  }

  /** @throws KernelError ESRCH where there is no such route */
  async deleteDefaultRoute(gone: DefaultRoute): Promise<void> {
    await this.changeDefaultRoute('delete', gone, 0);
  }

  /** Puts a route back as it was. */
  restoreRoute(raw: Uint8Array): Promise<void> {
    return this.messages.restore(route, raw, Flag.create | Flag.replace);
  }

  private async changeDefaultRoute(
    verb: 'new' | 'delete',
    changed: DefaultRoute,
    flags: number,
  ): Promise<void> {
    const index = changed.device === undefined ? undefined : await this.indexOf(changed.device);
    await this.messages.change(verb, route, defaultRouteBody(changed, index), flags);
  }

  /** A kernel without IPv6 answers a question about it with what it has of IPv4. */
  private async dumpFamilies<F extends Fields & { family: F['family'] }, R extends Rows, T>(
    object: RouteObject<F, R>,
    read: (body: Body<F, R>, family: Family, names: LinkNames) => T | undefined,
  ): Promise<T[]> {
    const names = await this.linkNames();
    const found: T[] = [];
    for (const family of families) {
      const number = familyNumber(family);
      const asked = { header: { family: number } } as Asked<F, R>;
      const items = await this.messages.dump(object, asked, (body) =>
        body.header.family === number ? read(body, family, names) : undefined,
      );
      for (const item of items) if (item !== undefined) found.push(item);
    }
    return found;
  }

  private async linkNames(): Promise<LinkNames> {
    return new Map((await this.links()).map(({ index, name }) => [index, name]));
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

const NO_ROUTE: ReadonlySet<number> = new Set([
  Errno.ENETUNREACH,
  Errno.EHOSTUNREACH,
  Errno.EINVAL,
  Errno.EACCES,
]);
