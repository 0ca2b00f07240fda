/** -S: the table as lines that -R reads. */
import { settingFields } from '../../ipvs/source/destination-records.js';
import { isIpv4 } from '../../model/address.js';
import type { Protocol } from '../../model/service.js';
import type { Labels } from '../grammar/endpoint-format.js';
import type { Session } from '../name-lookup.js';
import {
  methodOption,
  numberOptions,
  protocolOf,
  serviceRule,
  serviceWords,
  tunnelOptions,
} from '../rules.js';
import { LineWriter } from './line-writer.js';
import { inListingOrder, putServer, type RowFormat, type Rows, writeNamedRows, writeRows } from './rows.js';

export async function save({ context, names }: Session, numeric: boolean): Promise<void> {
  const client = await context.client();
  const lines = new LineWriter();
  const services = inListingOrder(await client.settings());
  let bypassed = 0;
  const format = (labels?: Labels) => ruleFormat(() => bypassed++, labels);
  const rows: Rows = { services, sorted: true, fields: settingFields, format };
  if (numeric) await writeRows(client, rows, lines);
  // A name of an IPv6 address would read back as an IPv4 address, or not at all.
  else await writeNamedRows(client, rows, lines, names, isIpv4);
  await lines.flush(context.out);
  if (bypassed > 0) await context.err.write(`${saved(bypassed)}\n`);
}

const saved = (bypassed: number): string =>
  `${bypassed} server${bypassed === 1 ? '' : 's'} of the method bypass saved with -g, because no option of ipvsadm sets it; ` +
  'lvsadm export keeps it';

/**
 * Rules: those of a server are `destinationRule`'s words, written without an object or a string for each server.
 * @param onBypass called for each server whose method the rule cannot say
 */
function ruleFormat(onBypass: () => void, labels?: Labels): RowFormat {
  let protocol: Protocol | undefined;
  /** All that comes before the server's address. */
  let prefix = '';
  return {
    service(to, service) {
      protocol = protocolOf(service.id);
      prefix = `-a ${serviceWords(service.id, labels).join(' ')} -r `;
      to.begin();
      to.text(serviceRule(service, labels).join(' '));
      to.end();
    },
    server(to, servers) {
      const method = servers.method();
      if (method === 'bypass') onBypass();
      to.begin();
      to.text(prefix);
      putServer(to, servers, protocol, labels);
      to.cell();
      to.text(methodOption[method]);
      for (const { field, option, omitted } of numberOptions) {
        const value = servers.number(field);
        if (value === omitted) continue;
        to.cell();
        to.text(option);
        to.cell();
        to.number(value);
      }
      if (method === 'tun') to.text(` ${tunnelOptions(servers.tunnel()).join(' ')}`);
      to.end();
    },
  };
}
