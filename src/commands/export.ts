/** `lvsadm export`: the whole state as a document that `apply` reads. */
import { END_MARKER } from '../document/load.js';
import { documentOf } from '../document/write.js';
import { toJson } from '../output/json.js';
import { toYaml } from '../output/yaml.js';
import { readState } from '../plan/current.js';
import { Sysctls } from '../system/sysctl.js';
import { readAllSettings } from '../system/vs-settings.js';
import { defineCommand } from './command.js';

export const command = defineCommand({
  options: {
    settings: { type: 'flag', describe: 'also write the settings of IPVS (sysctl net.ipv4.vs)' },
    json: { type: 'flag', describe: 'write JSON instead of YAML' },
  },
  onlyReads: true,
  async run(context, { json, settings }) {
    const state = await readState(await context.client());
    const document = documentOf(
      settings ? { ...state, settings: await readAllSettings(new Sysctls(context.files)) } : state,
    );
    await context.out.write(
      json ? toJson(document) : `${toYaml(document, { compact: true })}${END_MARKER}\n`,
    );
    return 0;
  },
});
