/** `lvsadm export`: the whole state as a document that `apply` reads. */
import type { DocumentValue } from '../document/schema.js';
import { documentOf, toYaml } from '../document/write.js';
import { readState } from '../plan/current.js';
import type { Command } from './command.js';

export const command: Command = {
  options: {
    json: { type: 'boolean', default: false, describe: 'write JSON instead of YAML' },
  },
  async run(context, values) {
    const document = documentOf(await readState(await context.client()));
    await context.out.write(values['json'] ? json(document) : toYaml(document));
    return 0;
  },
};

const json = (document: DocumentValue): string => `${JSON.stringify(document, null, 2)}\n`;
