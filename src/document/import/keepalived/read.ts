/** A keepalived.conf as a document: its virtual servers with their checks. VRRP and all else stays with keepalived. */
import { DocumentError } from '../../../errors.js';
import { timeoutRange } from '../../../model/limits.js';
import { type Timeouts, timeoutNames } from '../../../model/table.js';
import { isNot } from '../../invalid-value.js';
import type { NamedText } from '../../load.js';
import { type Imported, importedOf } from '../draft.js';
import { remarkOn, Values } from '../setting.js';
import { type Block, blocksOf } from './blocks.js';
import { expand } from './definitions.js';
import { type IncludedFiles, linesOf } from './lines.js';
import { serviceOf } from './services.js';

/** @throws DocumentError */
export async function importKeepalived(text: NamedText, files: IncludedFiles): Promise<Imported> {
  const read = await linesOf(text, files);
  const { lines, remarks: conditions } = expand(read.lines);
  const values = new Values();
  const blocks = blocksOf(lines, values);
  if (!values.problems.isEmpty) throw values.problems.error([]);
  const remarks = [...read.remarks, ...conditions];
  const groups = new Map(
    blocks.filter(isNamed('virtual_server_group')).map((block) => [block.words[0] ?? '', block]),
  );
  const servers = blocks.filter(isNamed('virtual_server'));
  if (servers.length === 0) {
    throw new DocumentError([
      { file: text.file, text: 'has no virtual_server; it should be a keepalived.conf with some' },
    ]);
  }
  const timeouts = timeoutsOf(blocks, values);
  for (const block of blocks) {
    if (!carried.includes(block.name)) remarks.push(remarkOn(block, 'stays with keepalived'));
  }
  const drafts = servers.flatMap((block) => serviceOf(block, groups, values) ?? []);
  return importedOf(drafts, remarks, values, timeouts);
}

const carried = ['virtual_server', 'virtual_server_group'];

const isNamed =
  (name: string) =>
  (block: Block): boolean =>
    block.name === name && block.settings !== undefined;

/** `lvs_timeouts tcp 7200 tcpfin 30 udp 600`, among the settings of global_defs. */
function timeoutsOf(blocks: readonly Block[], values: Values): Partial<Timeouts> | undefined {
  const globals = blocks.filter(isNamed('global_defs')).flatMap(({ settings = [] }) => settings);
  const setting = globals.findLast(({ name }) => name === 'lvs_timeouts');
  if (setting === undefined) return undefined;
  const timeouts: Partial<Record<(typeof timeoutNames)[number], number>> = {};
  for (let at = 0; at < setting.words.length; at += 2) {
    const word = setting.words[at]?.toLowerCase();
    const name = timeoutNames.find((each) => each.toLowerCase() === word);
    if (name === undefined)
      values.problem(setting.place, `lvs_timeouts: ${isNot(word, 'tcp, tcpfin or udp')}`);
    else timeouts[name] = values.integer(setting, timeoutRange, setting.words[at + 1] ?? '') ?? 1;
  }
  return timeouts;
}
