/** `lvsadm import`: the configuration of another program as a document. */
import type { Context } from '../context.js';
import { readText } from '../document/files.js';
import type { Imported } from '../document/import/draft.js';
import type { IncludedFiles } from '../document/import/keepalived/lines.js';
import type { Remark } from '../document/import/setting.js';
import type { NamedText } from '../document/load.js';
import { END_MARKER } from '../document/load.js';
import { formatLocation } from '../document/location.js';
import { printable } from '../foreign-text.js';
import { toJson } from '../output/json.js';
import { toYaml } from '../output/yaml.js';
import { ifThere } from '../system/files/files.js';
import { defineCommand } from './command.js';

/** Their readers, each loaded for its own files alone. */
const readers: Readonly<Record<string, (text: NamedText, files: IncludedFiles) => Promise<Imported>>> = {
  keepalived: async (text, files) =>
    (await import('../document/import/keepalived/read.js')).importKeepalived(text, files),
  ldirectord: async (text) => (await import('../document/import/ldirectord/read.js')).importLdirectord(text),
};

export const command = defineCommand({
  positionals: {
    program: { choices: ['keepalived', 'ldirectord'], describe: 'program whose configuration it is' },
    file: { type: 'path', describe: 'keepalived.conf or ldirectord.cf; - for standard input' },
  },
  options: { json: { type: 'flag', describe: 'write the document as JSON, and comments to standard error' } },
  offline: true,
  notes:
    'The document goes to standard output, with checks, quorum and sorry server. Settings that cannot be carried over are comments in it, ' +
    'with file and line, and are counted on standard error.',
  exitStatuses: { 0: 'the document is written, maybe with comments', 2: 'the file cannot be understood' },
  examples: [
    ['lvsadm import keepalived /etc/keepalived/keepalived.conf > web.yaml', 'a document with comments'],
    ['lvsadm import ldirectord /etc/ha.d/ldirectord.cf | lvsadm diff -f -', 'compare with the table'],
  ],
  async run(context, { program, file, json }) {
    const text = await readText(file, context);
    const imported = await (readers[program] as (typeof readers)[string])(text, includedFiles(context));
    const all = [...imported.remarks, ...[...imported.remarksOn.values()].flat()];
    await context.out.write(json ? toJson(imported.document) : withComments(imported));
    for (const remark of json ? all : []) await context.err.write(`lvsadm: ${lineOf(remark)}\n`);
    await context.err.write(`lvsadm: ${summary(imported, all.length)}\n`);
    return 0;
  },
});

const includedFiles = (context: Context): IncludedFiles => ({
  read: async (path) =>
    ifThere(() => context.files.statSync(path)) === undefined ? undefined : readText(path, context),
  list: (directory) => ifThere(() => context.files.readdirSync(directory))?.sort() ?? [],
});

function withComments({ document, remarks, remarksOn }: Imported): string {
  const yaml = toYaml(document, {
    compact: true,
    commentsOn: (item) => remarksOn.get(item)?.map(lineOf) ?? [],
  });
  return `${remarks.map((remark) => `# ${lineOf(remark)}\n`).join('')}${yaml}${END_MARKER}\n`;
}

const lineOf = ({ place, text }: Remark): string => printable(`${formatLocation(place)}: ${text}`);

/** `12 services, 40 servers; 3 settings could not be carried over` */
function summary({ document: { services } }: Imported, remarks: number): string {
  const servers = services.reduce((sum, service) => sum + (service.servers?.length ?? 0), 0);
  const counts = `${counted(services.length, 'service')}, ${counted(servers, 'server')}`;
  return remarks === 0 ? counts : `${counts}; ${counted(remarks, 'setting')} could not be carried over`;
}

const counted = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;
