/** The weights of drained servers, remembered until the machine restarts. */
import type { Context } from '../../context.js';
import { type StateFile, stateFile } from '../../system/state-dir.js';
import { type Found, nameOf } from './server.js';

/** The kernel keeps no trace of the weight that a server had before its drain, so a file does, by service and server. */
export class DrainedWeights {
  private constructor(
    private readonly file: StateFile,
    private readonly weights: Map<string, number>,
  ) {}

  static async open(context: Context): Promise<DrainedWeights> {
    const file = stateFile('weights.json', context);
    const text = file.read() ?? '{}';
    return new DrainedWeights(file, new Map(Object.entries(JSON.parse(text) as Record<string, number>)));
  }

  of(server: Found): number | undefined {
    return this.weights.get(keyOf(server));
  }

  async remember(server: Found, weight: number): Promise<void> {
    this.weights.set(keyOf(server), weight);
    await this.save();
  }

  async forget(server: Found): Promise<void> {
    if (this.weights.delete(keyOf(server))) await this.save();
  }

  private save(): Promise<void> {
    return this.file.write(`${JSON.stringify(Object.fromEntries(this.weights), null, 2)}\n`);
  }
}

const keyOf = (found: Found): string => {
  const { service, server } = nameOf(found);
  return `${service} ${server}`;
};
