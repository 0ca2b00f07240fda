/** `lvsadm schema`: the JSON Schema of documents, for editors. */
import { documentJsonSchema } from '../document/schema.js';
import type { Command } from './command.js';

export const command: Command = {
  options: {},
  async run(context) {
    await context.out.write(`${JSON.stringify(documentJsonSchema(), null, 2)}\n`);
    return 0;
  },
};
