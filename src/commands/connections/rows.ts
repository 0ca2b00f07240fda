/** Connections one by one. */
import type { Context } from '../../context.js';
import { masked } from '../../foreign-text.js';
import type { ConnectionLine } from '../../ipvs/connections/proc.js';
import { clientText, endpointText, type NameOf, serviceText } from '../../observe/connections/text.js';
import type { Column } from '../../output/columns.js';
import { type Json, toJsonLine } from '../../output/json.js';
import { RowStream } from '../../output/row-stream.js';
import { TextBuffer } from '../../output/text-buffer.js';
import { themeFor } from '../../output/theme.js';
import { MOST_NAMES, namesOf } from '../shared/address-names.js';
import type { Scan } from '../shared/connection-table.js';

interface Layout {
  readonly json: boolean;
  readonly wide: boolean;
  readonly resolve: boolean;
}

const columns: readonly Column[] = [
  { heading: 'CLIENT' },
  { heading: 'SERVICE' },
  { heading: 'SERVER' },
  { heading: 'STATE', leaves: 1 },
  { heading: 'EXPIRES', align: 'right', leaves: 2 },
];
const wideColumns: readonly Column[] = [...columns, { heading: 'ENGINE' }];

const utf8 = new TextDecoder();

/** Writes them as they are read. */
export async function writeRows(
  context: Context,
  scan: Scan,
  { json, wide, resolve }: Layout,
): Promise<void> {
  const { out, env } = context;
  const name = resolve ? await namesIn(context, scan) : undefined;
  if (json) {
    const text = new TextBuffer();
    await scan(
      (line) => text.add(toJsonLine(rowJson(line, name))),
      () => text.flush(out),
    );
    return;
  }
  const theme = await themeFor(out, env);
  const rows = new RowStream(wide ? wideColumns : columns, theme, wide ? undefined : out.columns);
  await scan(
    (line) => rows.add(cellsOf(line, wide, name)),
    () => rows.flush(out),
  );
  await rows.end(out);
}

function cellsOf(line: ConnectionLine, wide: boolean, name: NameOf | undefined): string[] {
  const cells = [
    clientText(line, name),
    serviceText(line.protocol, line.virtual, name),
    endpointText(line.destination, name),
    masked(line.state),
    String(line.expires),
  ];
  if (wide) cells.push(masked([line.engineName, utf8.decode(line.engineBytes)].filter(Boolean).join(' ')));
  return cells;
}

function rowJson(line: ConnectionLine, name: NameOf | undefined): Json {
  const { client, isTemplate, engineName } = line;
  const address = client.address;
  return {
    protocol: line.protocol.toLowerCase(),
    client: name === undefined ? address : name(address),
    clientPort: isTemplate ? undefined : client.port,
    service: serviceText(line.protocol, line.virtual, name),
    server: endpointText(line.destination, name),
    state: line.state,
    expires: line.expires,
    template: isTemplate,
    engine: engineName,
    engineData: engineName === undefined ? undefined : utf8.decode(line.engineBytes),
  };
}

/** A first pass, so that names are looked up together. Addresses beyond a number of them, and those that come later, stay as they are. */
async function namesIn(context: Context, scan: Scan): Promise<NameOf> {
  const addresses = new Set<string>();
  await scan((line) => {
    if (addresses.size >= MOST_NAMES) return;
    for (const { address } of [line.client, line.virtual, line.destination]) addresses.add(address);
  });
  return namesOf(context, addresses);
}
