/** A client for one piece of work. That of the process stays open for ever, also after its conversation broke. */
import type { Context } from '../../context.js';

/** Runs the work with a context whose client is opened when the work asks for it, and closed after the work. */
export async function withOwnClient<T>(
  context: Context,
  how: Parameters<Context['openClient']>[0],
  work: (context: Context) => Promise<T>,
): Promise<T> {
  let client: ReturnType<Context['client']> | undefined;
  const open = () => {
    client ??= context.openClient(how);
    return client;
  };
  try {
    return await work({ ...context, client: open });
  } finally {
    (await client?.catch(() => undefined))?.close();
  }
}
