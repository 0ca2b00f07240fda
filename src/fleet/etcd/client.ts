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
  /** Milliseconds without progress after which an endpoint is given up (default: 3000). */
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
  /** The gateway that is asked first: another one in each process, so that they share the work. */
  private current: number;
  private token: Promise<string | undefined> | undefined;
  private cluster: string | undefined;
  private readonly closed = new AbortController();

  constructor(private readonly options: EtcdOptions) {
    const { endpoints, tls, random = Math.random } = options;
    this.current = Math.floor(random() * endpoints.length) % endpoints.length;
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
    const { timeout = 3000 } = this.options;
    const used = this.login(gateway);
    try {
      const token = await used;
      const signal = AbortSignal.any([stop, this.closed.signal]);
      for await (const message of gateway.stream({ ...request, token, timeout, stop: signal })) {
        this.requireSameCluster(message, gateway, request);
        yield message;
      }
    } catch (error) {
      this.forget(used, error);
      this.skip(gateway, error);
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
    const first = this.current;
    for (let turn = 0; turn < this.gateways.length; turn++) {
      if (failure !== undefined) retrying();
      const gateway = this.gateways[(first + turn) % this.gateways.length] as Gateway;
      try {
        const answer = await this.ask(gateway, request);
        this.current = this.gateways.indexOf(gateway);
        return answer;
      } catch (error) {
        this.skip(gateway, error);
        if (!(error instanceof StoreError) || error.kind !== 'unreachable') throw error;
        failure = error;
      }
    }
    return failure as StoreError;
  }

  private async ask(gateway: Gateway, request: Request): Promise<object> {
    const { timeout = 3000, login } = this.options;
    const stop = this.closed.signal;
    const call = async (used: Promise<string | undefined>): Promise<object> =>
      gateway.call({ ...request, token: await used, timeout, stop });
    const used = this.login(gateway);
    let answer: object;
    try {
      answer = await call(used);
    } catch (error) {
      if (!this.forget(used, error) || login === undefined) throw error;
      // The token may have ended; a login that fails again is told.
      answer = await call(this.login(gateway));
    }
    this.requireSameCluster(answer, gateway, request);
    return answer;
  }

  /** The token of the user, if there is one: calls at once share a login. */
  private login(gateway: Gateway): Promise<string | undefined> {
    const { login, timeout = 3000 } = this.options;
    if (login === undefined) return Promise.resolve(undefined);
    this.token ??= gateway
      .call({
        path: 'auth/authenticate',
        body: { name: login.user, password: login.password },
        attempted: `log in as ${login.user}`,
        timeout,
        stop: this.closed.signal,
      })
      .then((answer) => (answer as { token?: string }).token);
    this.token.catch(() => {});
    return this.token;
  }

  /** Forgets the token that a call used, if that may be why it was refused. @returns whether it may */
  private forget(used: Promise<string | undefined>, error: unknown): boolean {
    const isRefused =
      error instanceof StoreError && (error.kind === 'not-permitted' || error.kind === 'unreachable');
    if (isRefused && this.token === used) this.token = undefined;
    return isRefused && error.kind === 'not-permitted';
  }

  /** An endpoint of another cluster has another table for this director. */
  private requireSameCluster(answer: object, gateway: Gateway, { attempted }: Request): void {
    const { header, result } = answer as { header?: Header; result?: { header?: Header } };
    const { cluster_id: cluster } = header ?? result?.header ?? {};
    this.cluster ??= cluster;
    if (cluster !== undefined && cluster === this.cluster) return;
    // A proxy's answer without a header must not pass for one about an empty store.
    const reason =
      cluster === undefined
        ? 'it does not answer as etcd does: the answer has no cluster_id'
        : `it belongs to another cluster (${cluster}) than the other endpoints (${this.cluster})`;
    // Another endpoint may be of the right one.
    throw new StoreError('unreachable', attempted, `etcd at ${formatEndpoint(gateway.endpoint)}`, reason);
  }

  private gateway(): Gateway {
    return this.gateways[this.current] as Gateway;
  }

  /** After a failure another endpoint is asked first; calls that fail together turn to the same one. */
  private skip(gateway: Gateway, error: unknown): void {
    if (error instanceof StoreError && error.kind === 'unreachable' && gateway === this.gateway())
      this.current = (this.current + 1) % this.gateways.length;
  }
}

interface Header {
  readonly cluster_id?: string;
}
