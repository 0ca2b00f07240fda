// The far end of an agent: answers questions until its caller ends.
import type { Answer, Question } from './agent.js';
import { calls } from './agent-calls.js';

const functions: Record<string, (...args: never[]) => unknown> = calls;

process.on('message', async ({ id, call, args }: Question) => {
  const answer = await answerTo(call, args).then(
    (result): Answer => ({ id, result }),
    (error: Error): Answer => ({ id, error: error.message }),
  );
  process.send?.(answer);
});
process.on('disconnect', () => process.exit());

async function answerTo(call: string, args: unknown[]): Promise<unknown> {
  const run = functions[call];
  if (!run) throw new Error(`an agent knows no '${call}'`);
  return run(...(args as never[]));
}
