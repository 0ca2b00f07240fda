/** The page of `lvsadm status`: sections, each with its rows for people and its member of the JSON object. */
import type { FilterRule } from '../../doctor/facts/facts.js';
import { numberOf } from '../../doctor/facts/settings.js';
import { printable } from '../../foreign-text.js';
import { type Daemon, multicastOf } from '../../model/daemon.js';
import { timeoutNames } from '../../model/table.js';
import { definitionList } from '../../output/definition-list.js';
import { type Json, toJson } from '../../output/json.js';
import { daemonText } from '../../output/plan.js';
import type { Theme } from '../../output/theme.js';
import { missingFeatures } from '../../system/kernel-features.js';
import type { NetlinkUser } from '../../system/netlink-users.js';
import { vsSetting } from '../../system/vs-settings.js';
import { summaryOf } from '../shared/findings.js';
import type { StatusFacts } from './facts.js';
import type { HeardMaster } from './probe.js';

type Row = readonly [term: string, text: string];

interface Section {
  readonly title: string;
  /** Its member of the JSON object. */
  readonly member: string;
  rows(facts: StatusFacts): Row[];
  json(facts: StatusFacts): Json;
}

const kernel: Section = {
  title: 'Kernel',
  member: 'kernel',
  rows: (facts) => [
    ['release', facts.machine.kernel],
    [
      'IPVS',
      versionOf(facts) ?? 'not loaded; modprobe ip_vs loads it, as does the first change of the table',
    ],
    ...Object.entries(facts.parameters).map(([name, value]): Row => [`parameter ${name}`, value]),
    ['modules', facts.modules.join(' ') || 'none'],
    ...missingFeatures(facts.machine.kernel).map(
      ({ since, what }): Row => ['lacks', `${what} (Linux ${since})`],
    ),
  ],
  json: (facts) => ({
    release: facts.machine.kernel,
    ipvs: versionOf(facts) ?? null,
    parameters: facts.parameters,
    modules: facts.modules,
    lacks: missingFeatures(facts.machine.kernel).map(({ since, what }) => ({ since, what })),
  }),
};

function versionOf({ info }: StatusFacts): string | undefined {
  if (info === undefined) return undefined;
  const { major, minor, patch } = info.version;
  return `${major}.${minor}.${patch}`;
}

const connections: Section = {
  title: 'Connection table',
  member: 'connections',
  rows: (facts) => {
    const { info, table = {} } = facts;
    if (info === undefined) return [];
    const { entries, templates } = countsOf(facts);
    return [
      ['buckets', String(info.connectionTableSize)],
      ['connections', String(entries)],
      ['persistence templates', String(templates)],
      ...Object.entries(table),
    ];
  },
  json: (facts) =>
    facts.info && {
      buckets: facts.info.connectionTableSize,
      ...countsOf(facts),
      status: facts.table ?? null,
    },
};

function countsOf({ machine: { ipvs } }: StatusFacts) {
  const groups = ipvs?.connections ?? [];
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  return {
    entries: sum(groups.flatMap(({ states }) => Object.values(states))),
    templates: sum(groups.map(({ templates }) => templates)),
  };
}

const estimators: Section = {
  title: 'Estimation of rates',
  member: 'estimators',
  rows: ({ machine, netlink }) => {
    const enabled = numberOf(machine, vsSetting('run_estimation'));
    if (enabled === undefined) return [];
    return [
      ['enabled', enabled === 0 ? 'no (run_estimation 0): rates stay as they are' : 'yes'],
      ...settingRows(machine, ['est_cpulist', 'est_nice']),
      ['kernel threads', String(netlink.estimators)],
    ];
  },
  json: ({ machine, netlink }) => {
    const enabled = numberOf(machine, vsSetting('run_estimation'));
    return {
      enabled: enabled === undefined ? null : enabled !== 0,
      cpus: machine.settings[vsSetting('est_cpulist')] ?? null,
      nice: numberOf(machine, vsSetting('est_nice')) ?? null,
      threads: netlink.estimators,
    };
  },
};

const settingRows = ({ settings }: StatusFacts['machine'], names: readonly string[]): Row[] =>
  names.flatMap((name) => {
    const value = settings[vsSetting(name)];
    return value === undefined || value === '' ? [] : [[name, value.replaceAll('\t', ' ')] as const];
  });

const timeouts: Section = {
  title: 'Idle timeouts',
  member: 'timeouts',
  rows: ({ machine: { ipvs } }) =>
    ipvs === undefined ? [] : timeoutNames.map((name) => [name, `${ipvs.timeouts[name]} s`]),
  json: ({ machine: { ipvs } }) => ipvs && { ...ipvs.timeouts },
};

/** The settings of what a master sends. */
const syncSettings = [
  'sync_threshold',
  'sync_refresh_period',
  'sync_retries',
  'sync_persist_mode',
  'sync_ports',
  'sync_version',
];

const sync: Section = {
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
      masters: heard.masters.map((master) => ({
        ...master,
        accepted: isAccepted(master, machine.ipvs?.daemons ?? []) ?? null,
      })),
      others: heard.others,
    },
  }),
};

function daemonRow(daemon: Daemon): string {
  const { group, port, ttl } = multicastOf(daemon);
  return `${daemonText(daemon)}, group ${group} port ${port}, ttl ${ttl}`;
}

/** Whether the backup of this machine takes the messages: ip_vs_process_message. Undefined without a backup. */
function isAccepted({ syncId }: HeardMaster, daemons: readonly Daemon[]): boolean | undefined {
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

function listenedRow({ time, groups, masters, others }: NonNullable<StatusFacts['heard']>): string {
  const where = groups.map(
    ({ address, port, links }) => `${address} port ${port} on ${links.map(({ name }) => name).join(', ')}`,
  );
  return [
    `${time} s to ${where.join(' and ')}`,
    ...(masters.length === 0
      ? ['no master was heard (one without new packets of clients sends nothing)']
      : []),
    ...(others > 0 ? [`${others} datagrams are no sync messages`] : []),
  ].join('; ');
}

/** Rules that the page shows. */
const SHOWN = 8;

const netfilter: Section = {
  title: 'Netfilter',
  member: 'netfilter',
  rows: ({ machine }) => {
    const { tracked, count, max } = conntrackOf(machine);
    const rules = rulesThatMatter(machine.rules);
    const number = machine.rules?.length;
    return [
      ...(tracked === undefined ? [] : [['IPVS connections', tracked ? 'tracked' : 'not tracked'] as const]),
      ...(count === undefined
        ? []
        : [['tracked now', max === undefined ? String(count) : `${count} of ${max}`] as const]),
      ['rules', number === undefined ? 'unknown: neither nft nor iptables is installed' : String(number)],
      ...rules
        .slice(0, SHOWN)
        .map((rule): Row => [effectOf(rule), `${rule.text}${rule.hook && ` (${rule.hook})`}`]),
      ...(rules.length > SHOWN ? [['and', `${rules.length - SHOWN} more`] as const] : []),
    ];
  },
  json: ({ machine }) => {
    const { tracked, count, max } = conntrackOf(machine);
    return {
      conntrack: { ipvs: tracked ?? null, count: count ?? null, max: max ?? null },
      rules: machine.rules?.length ?? null,
      relevant: rulesThatMatter(machine.rules).map(({ text, hook, needs, mark }) => ({
        rule: text,
        hook,
        needs: needs ?? null,
        mark: mark ?? null,
      })),
    };
  },
};

function conntrackOf(machine: StatusFacts['machine']) {
  const tracked = numberOf(machine, vsSetting('conntrack'));
  return {
    tracked: tracked === undefined ? undefined : tracked !== 0,
    count: numberOf(machine, 'net/netfilter/nf_conntrack_count'),
    max: numberOf(machine, 'net/netfilter/nf_conntrack_max'),
  };
}

/** Rules that translate addresses, match the state of connections, or set marks. */
const rulesThatMatter = (rules: readonly FilterRule[] = []): FilterRule[] =>
  rules.filter(({ needs, mark }) => needs !== undefined || mark !== undefined);

function effectOf({ needs, mark }: FilterRule): string {
  if (needs === 'nat') return 'translates addresses';
  if (needs === 'ct') return 'matches states';
  return mark === 'any' ? 'sets marks' : `sets mark ${mark}`;
}

const others: Section = {
  title: 'Other programs',
  member: 'programs',
  rows: ({ netlink: { users, hidden } }) => [
    ...users.map((user): Row => [user.name, userRow(user)]),
    ...(hidden > 0
      ? [['unknown', `${hidden} generic netlink sockets of processes that cannot be seen here`] as const]
      : []),
    ...(users.length + hidden === 0 ? [['processes', 'none with a generic netlink socket'] as const] : []),
  ],
  json: ({ netlink: { users, hidden } }) => ({
    processes: users.map((user) => ({ ...user })),
    hidden,
  }),
};

const userRow = ({ pid, sockets, writes }: NetlinkUser): string =>
  [
    `process ${pid}`,
    writes ? 'changes the table' : 'may change the table',
    sockets === 0 ? 'no generic netlink socket now' : `generic netlink sockets: ${sockets}`,
  ].join(', ');

const state: Section = {
  title: 'State of lvsadm',
  member: 'state',
  rows: ({ stateFiles }) =>
    stateFiles.length === 0 ? [['files', 'none']] : stateFiles.map((path) => ['file', path]),
  json: ({ stateFiles }) => stateFiles,
};

const diagnosis: Section = {
  title: 'Diagnosis',
  member: 'doctor',
  rows: ({ machine, findings }) => [
    ...(machine.ipvs === undefined ? [] : [['lvsadm doctor', summaryOf(findings)] as const]),
    ...machine.unknown.map((what): Row => ['unknown', what]),
  ],
  json: ({ findings, machine }) => ({
    findings: findings.map(({ id, severity, subject }) => ({ id, severity, subject })),
    unknown: machine.unknown,
  }),
};

const sections: readonly Section[] = [
  kernel,
  connections,
  estimators,
  timeouts,
  sync,
  netfilter,
  others,
  state,
  diagnosis,
];

export const statusJson = (facts: StatusFacts): string =>
  toJson(Object.fromEntries(sections.map(({ member, json }) => [member, json(facts) ?? null])));

/** @param width of the terminal, in columns */
export const statusText = (facts: StatusFacts, theme: Theme, width = 100): string =>
  sections
    .map(({ title, rows }) => ({ title, rows: rows(facts) }))
    .filter(({ rows }) => rows.length > 0)
    .map(({ title, rows }) => {
      const shown = rows.map(([term, text]): Row => [printable(term), printable(text)]);
      return `${theme.heading(title)}\n${definitionList(shown, width)}`;
    })
    .join('\n');
