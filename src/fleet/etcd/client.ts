/** Calls to an etcd cluster: any of its endpoints will do, and a user's token is renewed. */
import { StoreError } from '../../errors.js';
import { type Call, type Endpoint, formatEndpoint, Gateway, type TlsFiles } from './gateway.js';

export interface Login {
  readonly user: string;
  readonly password: string;
}

export interface EtcdOptions {
  readonly endpoints: readonly { readonly host: string; readonly port: number }[];
  /** TLS is used if it is there. */
  readonly tls?: TlsFiles | undefined;
  readonly login?: Login | undefined;
  /** Milliseconds in which an endpoint has to answer (default: 3000). */
  readonly timeout?: number;
  /** Milliseconds after which a call that no endpoint answers fails (default: 10,000). */
  readonly patience?: number;
  /** From 0 to 1. */
  readonly random?: () => number;
}

/** Milliseconds before the second round over the endpoints, and at most before later ones. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 2000;

export type Request = Pick<Call, 'path' | 'body' | 'attempted'>;

export class EtcdClient {
  private readonly gateways: readonly Gateway[];
  /** The gateway that answered last. */
  private current = 0;
  private token: string | undefined;
  private cluster: string | undefined;
  private readonly closed = new AbortController();

  constructor(private readonly options: EtcdOptions) {
    const { endpoints, tls } = options;
    this.gateways = endpoints.map((endpoint) => new Gateway({ ...endpoint, tls } satisfies Endpoint));
  }

  /**
   * @param retrying called before each attempt but the first: the one before may have been carried out
   * @throws StoreError of the last endpoint that was tried
   */
  async call(request: Request, retrying: () => void = () => {}): Promise<object> {
    const { patience = 10_000, random = Math.random } = this.options;
    const end = performance.now() + patience;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(2 * pause, LONGEST_PAUSE)) {
      const answer = await this.round(request, retrying);
      if (!(answer instanceof StoreError)) return answer;
      const wait = pause * (0.5 + random());
      if (this.closed.signal.aborted || performance.now() + wait > end) throw answer;
      await new Promise((resolve) => setTimeout(resolve, wait));
      retrying();
    }
  }

  /** Messages of one endpoint. @throws StoreError; the next stream is another endpoint's then */
  async *stream(request: Request, stop: AbortSignal): AsyncGenerator<object> {
    const gateway = this.gateway();
    try {
      const { timeout = 3000 } = this.options;
      const token = await this.login(gateway);
      const signal = AbortSignal.any([stop, this.closed.signal]);
      for await (const message of gateway.stream({ ...request, token, timeout, stop: signal })) {
        this.requireSameCluster(message, gateway, request);
        yield message;
      }
    } catch (error) {
      this.skip(error);
      throw error;
    }
  }

  close(): void {
    this.closed.abort();
    for (const gateway of this.gateways) gateway.close();
  }

  /** Asks each endpoint once, until one answers. @throws StoreError for a refusal, which all would tell */
  private async round(request: Request, retrying: () => void): Promise<object> {
    let failure: unknown;
    for (const _ of this.gateways) {
      if (failure !== undefined) retrying();
      try {
        return await this.ask(this.gateway(), request);
      } catch (error) {
        this.skip(error);
        if (!(error instanceof StoreError) || error.kind !== 'unreachable') throw error;
        failure = error;
      }
    }
    return failure as StoreError;
  }

  private async ask(gateway: Gateway, request: Request): Promise<object> {
    const { timeout = 3000 } = this.options;
    const stop = this.closed.signal;
    const call = async (): Promise<object> =>
      gateway.call({ ...request, token: await this.login(gateway), timeout, stop });
    let answer: object;
    try {
      answer = await call();
    } catch (error) {
      const isExpired =
        error instanceof StoreError && error.kind === 'not-permitted' && this.token !== undefined;
      if (!isExpired) throw error;
      this.token = undefined;
      answer = await call();
    }
    this.requireSameCluster(answer, gateway, request);
    return answer;
  }

  /** @returns the token of the user, if there is one */
  private async login(gateway: Gateway): Promise<string | undefined> {
    const { login, timeout = 3000 } = this.options;
    if (login === undefined || this.token !== undefined) return this.token;
    const answer = (await gateway.call({
      path: 'auth/authenticate',
      body: { name: login.user, password: login.password },
      attempted: `log in as ${login.user}`,
      timeout,
    })) as { token?: string };
    this.token = answer.token;
    return this.token;
  }

  /** An endpoint of another cluster has another table for this director. */
  private requireSameCluster(answer: object, gateway: Gateway, { attempted }: Request): void {
    const { header, result } = answer as { header?: Header; result?: { header?: Header } };
    const { cluster_id: cluster } = header ?? result?.header ?? {};
    this.cluster ??= cluster;
    if (cluster === this.cluster) return;
    const reason = `it belongs to another cluster (${cluster}) than the other endpoints (${this.cluster})`;
    throw new StoreError('refused', attempted, `etcd at ${formatEndpoint(gateway.endpoint)}`, reason);
  }

  private gateway(): Gateway {
    return this.gateways[this.current] as Gateway;
  }

  /** After a failure another endpoint is asked first. */
  private skip(error: unknown): void {
    if (error instanceof StoreError && error.kind === 'unreachable')
      this.current = (this.current + 1) % this.gateways.length;
  }
}

interface Header {
  readonly cluster_id?: string;
}
