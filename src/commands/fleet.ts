/** `lvsadm fleet`: what an operator does to the directors of a fleet, through its store. */
import { UsageError } from '../errors.js';
import { LARGEST_RELEASE } from '../fleet/layout.js';
import { quoted } from '../foreign-text.js';
import { destinationNumbers } from '../model/fields.js';
import { defineCommand, type Options, type Values } from './command.js';
import { fileOption } from './shared/change/desired-state.js';
import { openFleetStore, storeOptions } from './shared/fleet/fleet-store.js';
import { jsonOption } from './shared/server.js';

const { required: _, ...file } = fileOption.file;

const actions = [
  'push',
  'release',
  'rollback',
  'hold',
  'resume',
  'status',
  'diff',
  'history',
  'nodes',
  'forget',
  'drain',
  'weight',
  'undrain',
] as const;

type Action = (typeof actions)[number];

const options = {
  ...storeOptions,
  file: { ...file, describe: 'push: document, directory of documents, or - for standard input (required)' },
  comment: {
    type: 'text',
    describe: 'push, release, rollback: why, for others to read',
    defaultText: 'none',
  },
  wave: {
    type: 'wave',
    many: true,
    describe: 'release, rollback: directors that run it next, and how long they have to be well',
    defaultText: 'all at once',
  },
  'max-down': {
    type: 'number',
    describe: 'release, rollback: servers more than before that may be down on a director',
    defaultText: '0',
  },
  'on-failure': {
    choices: ['halt', 'rollback'],
    describe: 'release: what becomes of a rollout whose wave is not well',
    defaultText: 'halt',
  },
  patience: {
    type: 'seconds',
    describe: 'release, rollback: time for a director to report the release',
    defaultText: '5m',
  },
  supersede: { type: 'flag', describe: 'release: replace a rollout that is under way' },
  wait: { type: 'flag', describe: 'release, rollback, resume: wait until the rollout has ended' },
  timeout: { type: 'seconds', describe: 'with --wait: longest time to wait', defaultText: '10m' },
  reason: { type: 'reason', describe: 'hold, drain, weight: why, for others to read', defaultText: 'none' },
  until: {
    type: 'moment',
    describe: 'drain, weight: when the hold ends by itself',
    defaultText: 'fleet undrain ends it',
  },
  force: { type: 'flag', describe: "drain, weight: replace another user's hold" },
  keep: {
    type: 'number',
    describe: 'push: releases that stay in the store, besides those that the target or a director names',
    defaultText: '50',
  },
  limit: { type: 'number', describe: 'history: this many of the newest releases', defaultText: 'all' },
  node: { type: 'node', describe: 'diff: this director alone', defaultText: 'all directors' },
  watch: { type: 'flag', describe: 'status: keep running, and write it again whenever it changes' },
  ...jsonOption,
} as const satisfies Options;

type FleetValues = Values<typeof options>;

const rollout = ['wave', 'comment', 'maxDown', 'onFailure', 'patience', 'wait', 'timeout', 'json'] as const;

interface Belongings {
  readonly takes: readonly (keyof FleetValues)[];
  /** How many words follow (default: none). */
  readonly words?: readonly [least: number, most: number];
  /** What they are. */
  readonly usage?: string;
}

const hold = ['reason', 'until', 'force', 'json'] as const;

/** What belongs to each action: its options, and the words after it. */
const belongings: Readonly<Record<Action, Belongings>> = {
  push: { takes: ['file', 'comment', 'keep', 'json'] },
  release: { takes: [...rollout, 'supersede'], words: [0, 1], usage: '[ID]' },
  rollback: { takes: rollout, words: [0, 1], usage: '[ID]' },
  hold: { takes: ['reason', 'json'] },
  resume: { takes: ['wait', 'timeout', 'json'] },
  status: { takes: ['watch', 'json'] },
  diff: { takes: ['node', 'json'], words: [0, 1], usage: '[ID]' },
  history: { takes: ['limit', 'json'] },
  nodes: { takes: ['json'] },
  forget: { takes: [], words: [1, 1], usage: 'DIRECTOR' },
  drain: { takes: hold, words: [1, 2], usage: '[SERVICE] SERVER' },
  weight: { takes: hold, words: [3, 3], usage: 'SERVICE SERVER WEIGHT' },
  undrain: { takes: ['json'], words: [1, 2], usage: '[SERVICE] SERVER' },
};

export const command = defineCommand({
  positionals: {
    action: {
      choices: actions,
      describe:
        'push: make a release of documents; release: make the directors run one; rollback: go back to one; hold, resume: a rollout; ' +
        'status: directors, release, wave; diff: what a release changes; history: releases; nodes: directors and their labels; ' +
        'forget: take a director that is gone out of the fleet; drain, weight: hold a server on all directors; undrain: end such holds',
    },
    words: {
      type: 'word',
      many: true,
      describe:
        'release, rollback, diff: [ID], number of the release (release, diff: the newest; rollback: the one before); forget: DIRECTOR; ' +
        'drain, undrain: [SERVICE] SERVER, without a service in all of them; weight: SERVICE SERVER WEIGHT',
    },
  },
  options,
  notes:
    'Directors are those that run lvsadm run --store. A release is an immutable set of documents. The directors of a wave apply it, and ' +
    'the next wave is opened when all of them report that it is applied, that the table is as it says, and that no more servers are down ' +
    'than before; otherwise the rollout halts, or is rolled back. Everything is in the store: any machine that reaches it will do.',
  exitStatuses: {
    0: 'done; status: every director is well; diff: no difference; --wait: all directors run the release',
    1: 'status: a director is not well, or the rollout is halted; diff: differences; --wait: the rollout was halted, replaced or rolled back',
    2: 'the command line or the documents are wrong, or somebody else changed the target; nothing was changed',
    75: '--wait: the time is over; the rollout goes on',
    255: 'the store does not answer or refuses',
  },
  offline: true,
  examples: [
    [
      'lvsadm fleet push -f /etc/lvsadm.d --comment "new pool"',
      'documents, checked for every director, as the next release',
    ],
    [
      'lvsadm fleet release 12 --wave lb1:60s --wave 25%:60s --wait',
      'one director, a quarter of them, then all',
    ],
    ['lvsadm fleet status --watch', 'while it is under way'],
    ['lvsadm fleet rollback', 'back to the release that all ran before'],
    ['lvsadm fleet drain 198.51.100.7 --until 18:00 --reason disk', 'a host out of service on all directors'],
  ],
  async run(context, values) {
    const { action, words } = values;
    refuseOthers(action, values);
    const [argument = ''] = words;
    const store = openFleetStore(values, context);
    const { json, comment, wait, timeout } = values;
    try {
      switch (action) {
        case 'push':
          return await (await import('./fleet/push.js')).push(store, values, context);
        case 'release':
        case 'rollback':
          return await (await import('./fleet/rollouts.js'))[action](
            store,
            releaseNumber(words),
            values,
            context,
          );
        case 'hold':
          return await (await import('./fleet/rollouts.js')).hold(store, values.reason, json, context);
        case 'resume':
          return await (await import('./fleet/rollouts.js')).resume(
            store,
            { ...values, comment, wait, timeout },
            context,
          );
        case 'status':
          return await (await import('./fleet/status.js')).status(store, json, values.watch, context);
        case 'diff': {
          const { differences } = await import('./fleet/differences.js');
          return await differences(store, releaseNumber(words), values.node, json, context);
        }
        case 'history':
          return await (await import('./fleet/status.js')).history(store, values.limit, json, context);
        case 'nodes':
          return await (await import('./fleet/status.js')).nodes(store, json, context);
        case 'forget':
          return await (await import('./fleet/status.js')).forget(store, argument);
        case 'drain':
        case 'weight': {
          const { hold } = await import('./fleet/holds.js');
          const [server, weight] =
            action === 'drain' ? [words, 0] : [words.slice(0, 2), heldWeight(words[2])];
          return await hold(store, server, weight, values, context);
        }
        case 'undrain':
          return await (await import('./fleet/holds.js')).undrain(store, words, json, context);
      }
    } finally {
      store.close();
    }
  },
});

/** @throws UsageError for an option or a word that does not belong to the action */
function refuseOthers(action: Action, values: FleetValues & { readonly words: readonly string[] }): void {
  const { takes, words: [least, most] = [0, 0], usage } = belongings[action];
  const number = values.words.length;
  if (number > most || number < least)
    throw new UsageError(
      `${number < least ? 'missing: ' : ''}fleet ${action} takes ${usage ?? 'no word'}`,
      values.words[most] ?? action,
    );
  const known = Object.keys(options).map((name) =>
    name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase()),
  );
  const stranger = (known as (keyof FleetValues)[]).find(
    (name) => !name.startsWith('store') && !takes.includes(name) && isGiven(values[name]),
  );
  if (stranger === undefined) return;
  const option = `--${stranger.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new UsageError(`not an option of fleet ${action}`, option);
}

const isGiven = (value: unknown): boolean =>
  Array.isArray(value) ? value.length > 0 : value !== undefined && value !== false;

function releaseNumber([text]: readonly string[]): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d{1,8}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= LARGEST_RELEASE) return number;
  throw new UsageError(`${quoted(text)} is not the number of a release; lvsadm fleet history lists them`);
}

/** Directors have weights of their own: a hold of the fleet is no share of one. @throws UsageError */
function heldWeight(text = ''): number {
  const { max } = destinationNumbers.weight;
  if (/^\d{1,10}$/.test(text) && Number(text) <= max) return Number(text);
  throw new UsageError(`${quoted(text)} is not a weight from 0 to ${max}`);
}
