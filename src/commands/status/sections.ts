/** The page of `lvsadm status`, as text and as JSON. */
import { numberOf } from '../../doctor/facts/settings.js';
import { printable } from '../../foreign-text.js';
import { timeoutNames } from '../../model/table.js';
import { definitionList } from '../../output/definition-list.js';
import { toJson } from '../../output/json.js';
import type { Theme } from '../../output/theme.js';
import { missingFeatures } from '../../system/kernel-features.js';
import type { NetlinkUser } from '../../system/network/netlink-users.js';
import { vsSetting } from '../../system/vs-settings.js';
import { summaryOf } from '../shared/findings.js';
import { confirmation } from './confirm-section.js';
import type { StatusFacts } from './facts.js';
import { holds } from './holds-section.js';
import { netfilter } from './netfilter-section.js';
import { type Row, type Section, settingRows } from './section.js';
import { sync } from './sync-section.js';

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
    const { info, machine, table = {} } = facts;
    if (info === undefined) return [];
    const counts = countsOf(facts);
    const { connectionTableSize: size } = info;
    return [
      ['buckets', size === 0 ? '0: the table is made with the first service' : String(size)],
      ['connections', String(counts.connections)],
      ['persistence templates', String(counts.templates)],
      ...settingRows(machine, ['conn_max', 'conn_lfactor', 'svc_lfactor']),
      ...Object.entries(table),
    ];
  },
  json: (facts) =>
    facts.info && {
      buckets: facts.info.connectionTableSize,
      ...countsOf(facts),
      max: numberOf(facts.machine, vsSetting('conn_max')) ?? null,
      status: facts.table ?? null,
    },
};

function countsOf({ machine: { ipvs } }: StatusFacts) {
  const groups = ipvs?.connections ?? [];
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  return {
    connections: sum(groups.flatMap(({ states }) => Object.values(states))),
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

const timeouts: Section = {
  title: 'Idle timeouts',
  member: 'timeouts',
  rows: ({ machine: { ipvs } }) =>
    ipvs === undefined ? [] : timeoutNames.map((name) => [name, `${ipvs.timeouts[name]} s`]),
  json: ({ machine: { ipvs } }) => ipvs && { ...ipvs.timeouts },
};

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
  holds,
  confirmation,
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
