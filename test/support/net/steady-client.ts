// A client that sends a request at each interval, and writes down what becomes of each.
import { ask, type Target } from './http-client.js';

/** Milliseconds of the machine since its start: the same clock in all processes, and nobody sets it. */
export const monotonic = (): number => Number(process.hrtime.bigint() / 1_000_000n);

export interface SteadyRequest {
  /** When it was sent, by {@link monotonic}. */
  readonly at: number;
  /** The server that answered. */
  readonly answer?: string;
  /** Why it failed. */
  readonly error?: string;
}

export interface SteadyTarget extends Target {
  /** Milliseconds from one request to the next. */
  readonly every: number;
}

class SteadyClient {
  private readonly requests: Promise<SteadyRequest>[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly target: SteadyTarget) {
    this.timer = setInterval(() => this.requests.push(this.send()), target.every);
  }

  end(): Promise<SteadyRequest[]> {
    clearInterval(this.timer);
    return Promise.all(this.requests);
  }

  private async send(): Promise<SteadyRequest> {
    const at = monotonic();
    const { answers, errors } = await ask({ ...this.target, count: 1, parallel: 1 });
    const [[answer], [error]] = [answers, errors];
    return { at, ...(answer !== undefined && { answer }), ...(error !== undefined && { error }) };
  }
}

let client: SteadyClient | undefined;

export function startRequests(target: SteadyTarget): void {
  client = new SteadyClient(target);
}

/** Waits for the answers of all requests that were sent. */
export async function endRequests(): Promise<SteadyRequest[]> {
  const requests = (await client?.end()) ?? [];
  client = undefined;
  return requests;
}
