// A client's requests: many short connections, or one that is held and used again.
import { Agent, get } from 'node:http';

export interface Target {
  address: string;
  port: number;
  /** The client's own address, where it has several. */
  from?: string;
  /** Milliseconds until a request counts as lost. */
  timeout?: number;
}

export interface Asking extends Target {
  /** How many requests, each on a connection of its own. */
  count: number;
  /** How many at a time. */
  parallel?: number;
}

export interface Outcome {
  /** The servers' names, in the order in which they answered. */
  answers: string[];
  /** What went wrong with the requests that nobody answered. */
  errors: string[];
  /** Milliseconds for all. */
  elapsed: number;
}

/** Generous: an emulated machine may be ten times slower than it was a minute ago. */
const defaultTimeout = 15_000;

export async function ask(asking: Asking): Promise<Outcome> {
  const outcome: Outcome = { answers: [], errors: [], elapsed: 0 };
  const begin = performance.now();
  let left = asking.count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await request(asking, false).then(
        (name) => outcome.answers.push(name),
        (error: Error) => outcome.errors.push(error.message),
      );
    }
  };
  await Promise.all(Array.from({ length: asking.parallel ?? 4 }, worker));
  return { ...outcome, elapsed: performance.now() - begin };
}

interface Held {
  target: Target;
  agent: Agent;
}

const held: Held[] = [];

/** Opens a connection and keeps it; its number. Its first request is answered when this resolves. */
export async function hold(target: Target): Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const connection = held.push({ target, agent }) - 1;
  await repeat(connection);
  return connection;
}

/** One more request on a held connection; who answered. Rejects when the connection is no more. */
export async function repeat(connection: number): Promise<string> {
  const found = held[connection];
  if (!found) throw new Error(`no connection ${connection} is held`);
  return request(found.target, found.agent);
}

/** Closes a held connection. */
export function release(connection: number): void {
  held[connection]?.agent.destroy();
}

/** The name in a server's answer. */
function request({ address, port, from, timeout = defaultTimeout }: Target, agent: Agent | false) {
  return new Promise<string>((resolve, reject) => {
    const options = { host: address, port, agent, timeout, ...(from && { localAddress: from }) };
    const sent = get(options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (data: string) => {
        body += data;
      });
      response.on('end', () => resolve(body.trim()));
      response.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${timeout} ms`)));
    sent.on('error', reject);
  });
}
