/** What is announced, as text. */
import type { AnnounceReport, VipReport } from '../../agent/announce/announce-report.js';
import type { Context } from '../../context.js';
import { printable } from '../../foreign-text.js';
import { renderTable } from '../../output/table.js';
import { themeFor } from '../../output/theme.js';

const columns = [{ heading: 'VIP' }, { heading: 'STATE' }, { heading: 'REASON' }] as const;

export async function reportText(report: AnnounceReport, { out, env }: Context): Promise<string> {
  const theme = await themeFor(out, env);
  const rows = report.vips.map((each) => {
    const state = stateOf(each);
    return {
      cells: [each.vip, state.startsWith('withdrawn') ? theme.warning(state) : state, printable(each.reason)],
    };
  });
  const table = rows.length === 0 ? 'no addresses\n' : renderTable(columns, rows, theme, out.columns);
  return (
    table +
    remarksOn(report)
      .map((line) => `${line}\n`)
      .join('')
  );
}

/** Without a device the state is what ExaBGP is told. */
function stateOf({ wanted, announced, lingering }: VipReport): string {
  const isAnnounced = announced ?? wanted;
  const state = isAnnounced === null ? 'not known yet' : isAnnounced ? 'announced' : 'withdrawn';
  return lingering ? `${state}, still on lo` : state;
}

const remarksOn = ({ agent, device, ready, withdrawn, busy }: AnnounceReport): string[] => [
  ...(withdrawn ? ['all addresses are withdrawn: lvsadm announce --restore ends that'] : []),
  ...(agent ? [] : ['no agent runs in this network namespace: lvsadm run starts it']),
  ...(agent && device === null ? ['no device has addresses: lvsadm run --announce names one'] : []),
  ...(agent && !ready
    ? ['the documents are not applied completely: no address of a refused service is announced anew']
    : []),
  ...(busy ? [`${device ?? 'the device'} has yet to follow`] : []),
];
