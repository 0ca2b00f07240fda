/** The machine as set-up and doctor see it: settings, network, modules. Sockets are opened at their first use. */
import type { OpenSocket } from '../netlink/transport/socket.js';
import type { Files } from './files/files.js';
import { loadModule } from './modules.js';
import { FouClient } from './network/fou.js';
import { RouteClient } from './rtnetlink/client.js';
import { Sysctls } from './sysctl.js';

export class Machine {
  readonly sysctls: Sysctls;
  readonly loadModule = loadModule;
  private readonly routeClient: Reopened<RouteClient>;
  private readonly fouClient: Reopened<FouClient>;

  constructor(
    openSocket: OpenSocket,
    readonly files: Files,
  ) {
    this.sysctls = new Sysctls(files);
    this.routeClient = new Reopened(() => RouteClient.open(openSocket));
    this.fouClient = new Reopened(() => FouClient.open(openSocket));
  }

  /** @throws TransportError if the kernel cannot be reached */
  route(): Promise<RouteClient> {
    return this.routeClient.get();
  }

  /** @throws KernelError or Error if the kernel has no foo-over-UDP */
  fou(): Promise<FouClient> {
    return this.fouClient.get();
  }

  /** Closes the sockets. */
  async close(): Promise<void> {
    await this.routeClient.close();
    await this.fouClient.close();
  }
}

/** A client that is opened at its first use, and again after a failure to open it, or of its socket. */
class Reopened<Client extends { readonly hasFailed: boolean; close(): void }> {
  private opened: Promise<Client> | undefined;

  constructor(private readonly open: () => Promise<Client>) {}

  async get(): Promise<Client> {
    this.opened ??= this.open();
    const { opened } = this;
    try {
      const client = await opened;
      if (!client.hasFailed) return client;
    } catch (error) {
      this.forget(opened);
      throw error;
    }
    this.forget(opened);
    return this.get();
  }

  async close(): Promise<void> {
    const { opened } = this;
    this.opened = undefined;
    (await opened?.catch(() => undefined))?.close();
  }

  /** Another caller may have opened the next one already. */
  private forget(opened: Promise<Client>): void {
    if (this.opened === opened) this.opened = undefined;
  }
}
