/** The sync daemons of `lvsadm status`, and the masters that --probe heard. */
import { type Daemon, multicastOf } from '../../model/daemon.js';
import { daemonText } from '../../output/plan.js';
import { groupText } from '../../system/network/multicast.js';
import type { Heard, HeardMaster } from './probe.js';
import { type Row, type Section, settingRows } from './section.js';

/** The settings of what a master sends. */
const syncSettings = [
  'sync_threshold',
  'sync_refresh_period',
  'sync_retries',
  'sync_persist_mode',
  'sync_ports',
  'sync_version',
];

export const sync: Section = {
  title: 'Sync daemons',
  member: 'sync',
  rows: ({ machine, heard }) => {
    const daemons = machine.ipvs?.daemons ?? [];
    const masters = heard?.masters ?? [];
    return [
      ...daemons.map((daemon): Row => [daemon.state, daemonRow(daemon)]),
      ...(daemons.length === 0 ? [['daemons', 'none'] as const] : settingRows(machine, syncSettings)),
      ...masters.map((master): Row => [`heard ${master.address}`, masterRow(master, daemons)]),
      ...(heard === undefined ? [] : [['listened', listenedRow(heard)] as const]),
      ...(heard?.unjoined ?? []).map(
        (name): Row => [`not heard ${name}`, 'it has no IPv4 address to join its group by'],
      ),
    ];
  },
  json: ({ machine, heard }) => ({
    daemons: (machine.ipvs?.daemons ?? []).map((daemon) => ({
      ...daemon,
      ...multicastOf(daemon),
      maxLength: daemon.maxLength ?? null,
    })),
    settings: Object.fromEntries(settingRows(machine, syncSettings)),
    heard: heard && {
      seconds: heard.time,
      groups: heard.groups.map(({ address, port, links }) => ({
        group: address,
        port,
        interfaces: links.map(({ name }) => name),
      })),
      masters: heard.masters.map(({ connections, ...master }) => ({
        ...master,
        connectionMessages: connections,
        accepted: isAccepted(master, machine.ipvs?.daemons ?? []) ?? null,
      })),
      further: heard.further,
      others: heard.others,
      unjoined: heard.unjoined,
    },
  }),
};

function daemonRow(daemon: Daemon): string {
  const { group, port, ttl } = multicastOf(daemon);
  return `${daemonText(daemon)}, group ${group} port ${port}, ttl ${ttl}`;
}

/** Whether the backup of this machine takes the messages: ip_vs_process_message. Undefined without a backup. */
function isAccepted(
  { syncId }: Pick<HeardMaster, 'syncId'>,
  daemons: readonly Daemon[],
): boolean | undefined {
  const backup = daemons.find(({ state }) => state === 'backup');
  return backup && (backup.syncId === 0 || backup.syncId === syncId);
}

function masterRow(master: HeardMaster, daemons: readonly Daemon[]): string {
  const { syncId, version, messages, connections } = master;
  const accepted = isAccepted(master, daemons);
  const verdict =
    accepted === undefined
      ? 'there is no backup daemon here to take them'
      : accepted
        ? 'the backup daemon here takes them'
        : 'the backup daemon here has another id and drops them';
  return `id ${syncId}, version ${version}: ${messages} messages, ${connections} connections in them; ${verdict}`;
}

function listenedRow({ time, groups, masters, further, others }: Heard): string {
  return [
    `${time} s to ${groups.map(groupText).join(' and ') || 'no group'}`,
    ...(masters.length === 0 && groups.length > 0
      ? ['no master was heard (one without new packets of clients sends nothing)']
      : []),
    ...(further > 0 ? [`${further} messages of further masters`] : []),
    ...(others > 0 ? [`${others} datagrams are no sync messages`] : []),
  ].join('; ');
}
