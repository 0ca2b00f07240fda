/** `lvsadm schema`: the JSON Schema of documents, for editors. */
import { defineCommand } from './command.js';

export const command = defineCommand({
  offline: true,
  async run(context) {
    const { documentJsonSchema } = await import('../document/schema.js');
    await context.out.write(`${JSON.stringify(await documentJsonSchema(), null, 2)}\n`);
    return 0;
  },
});
