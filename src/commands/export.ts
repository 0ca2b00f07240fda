/** `lvsadm export`: the whole state as a document that `apply` reads. */
import { END_MARKER } from '../document/load.js';
import { documentOf } from '../document/write.js';
import { toJson } from '../output/json.js';
import { toYaml } from '../output/yaml.js';
import { readState } from '../plan/current.js';
import { defineCommand } from './command.js';

export const command = defineCommand({
  options: {
    json: { type: 'flag', describe: 'write JSON instead of YAML' },
  },
  onlyReads: true,
  async run(context, { json }) {
    const document = documentOf(await readState(await context.client()));
    await context.out.write(
      json ? toJson(document) : `${toYaml(document, { compact: true })}${END_MARKER}\n`,
    );
    return 0;
  },
});
