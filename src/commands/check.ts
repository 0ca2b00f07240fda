/** `lvsadm check`: finds the mistakes in documents, without a kernel. */
import { readTexts } from '../document/files.js';
import { parseDocuments } from '../document/load.js';
import { toJson } from '../output/json.js';
import { SystemNames } from '../system/network/names.js';
import { defineCommand } from './command.js';
import { fileOption } from './shared/change/desired-state.js';
import { directorOf, directorOptions } from './shared/fleet/audience.js';

export const command = defineCommand({
  options: {
    ...fileOption,
    ...directorOptions,
    resolve: { type: 'flag', describe: 'also look up the names of hosts and ports' },
    json: { type: 'flag', describe: 'write the result as JSON' },
  },
  notes:
    'Everything that apply refuses is found, but for names, which this machine may not know, and what the kernel refuses. It needs ' +
    'neither root nor IPVS.',
  exitStatuses: { 0: 'the documents are right', 2: 'they are wrong; each mistake is told with its place' },
  examples: [
    ['lvsadm check -f web.yaml', 'before a commit'],
    ['lvsadm check -f /etc/lvsadm --resolve --json', 'a directory, with its names, for a program'],
  ],
  async run(context, values) {
    const { file, resolve, json } = values;
    const texts = await readTexts(file, context);
    await parseDocuments(texts, resolve ? new SystemNames(context) : undefined, directorOf(values));
    await context.out.write(json ? toJson({ valid: true }) : '');
    return 0;
  },
});
