/** The machine as set-up and doctor see it: settings, network, modules. Sockets are opened at their first use. */
import type { OpenSocket } from '../netlink/transport/socket.js';
import type { Files } from './files.js';
import { FouClient } from './fou.js';
import { loadModule } from './modules.js';
import { RouteClient } from './rtnetlink/client.js';
import { Sysctls } from './sysctl.js';

export class Machine {
  readonly sysctls: Sysctls;
  readonly loadModule = loadModule;
  private routeClient: Promise<RouteClient> | undefined;
  private fouClient: Promise<FouClient> | undefined;

  constructor(
    private readonly openSocket: OpenSocket,
    files: Files,
  ) {
    this.sysctls = new Sysctls(files);
  }

  /** @throws TransportError if the kernel cannot be reached */
  route(): Promise<RouteClient> {
    this.routeClient ??= RouteClient.open(this.openSocket);
    return this.routeClient;
  }

  /** @throws KernelError or Error if the kernel has no foo-over-UDP */
  fou(): Promise<FouClient> {
    this.fouClient ??= FouClient.open(this.openSocket);
    return this.fouClient;
  }

  /** Closes the sockets. */
  async close(): Promise<void> {
    for (const opened of [this.routeClient, this.fouClient]) {
      (await opened?.catch(() => undefined))?.close();
    }
  }
}
