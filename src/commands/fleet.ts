/** `lvsadm fleet`: what an operator does to the directors of a fleet, through its store. */
import { UsageError } from '../errors.js';
import { LARGEST_RELEASE } from '../fleet/layout.js';
import { quoted } from '../foreign-text.js';
import { defineCommand, type Options, type Values } from './command.js';
import { fileOption } from './shared/desired-state.js';
import { openFleetStore, storeOptions } from './shared/fleet-store.js';
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
  reason: { type: 'reason', describe: 'hold: why, for others to read', defaultText: 'none' },
  node: { type: 'node', describe: 'diff: this director alone', defaultText: 'all directors' },
  watch: { type: 'flag', describe: 'status: keep running, and write it again whenever it changes' },
  ...jsonOption,
} as const satisfies Options;

type FleetValues = Values<typeof options>;

const rollout = ['wave', 'comment', 'maxDown', 'onFailure', 'patience', 'wait', 'timeout', 'json'] as const;

/** What belongs to each action: its options, and the word after it. */
const belongings: Readonly<
  Record<Action, { readonly takes: readonly (keyof FleetValues)[]; readonly word?: 'ID' | 'DIRECTOR' }>
> = {
  push: { takes: ['file', 'comment', 'json'] },
  release: { takes: [...rollout, 'supersede'], word: 'ID' },
  rollback: { takes: rollout, word: 'ID' },
  hold: { takes: ['reason', 'json'] },
  resume: { takes: ['wait', 'timeout', 'json'] },
  status: { takes: ['watch', 'json'] },
  diff: { takes: ['node', 'json'], word: 'ID' },
  history: { takes: ['json'] },
  nodes: { takes: ['json'] },
  forget: { takes: [], word: 'DIRECTOR' },
};

export const command = defineCommand({
  positionals: {
    action: {
      choices: actions,
      describe:
        'push: make a release of documents; release: make the directors run one; rollback: go back to one; hold, resume: a rollout; ' +
        'status: directors, release, wave; diff: what a release changes; history: releases; nodes: directors and their labels; ' +
        'forget: take a director that is gone out of the fleet',
    },
    argument: {
      type: 'word',
      optional: true,
      describe:
        'release, rollback, diff: number of the release (release, diff: the newest; rollback: the one before); forget: name of the director',
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
  ],
  async run(context, values) {
    const { action, argument } = values;
    refuseOthers(action, values);
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
            releaseNumber(argument),
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
          return await differences(store, releaseNumber(argument), values.node, json, context);
        }
        case 'history':
        case 'nodes':
          return await (await import('./fleet/status.js'))[action](store, json, context);
        case 'forget':
          if (argument === undefined) throw new UsageError('missing: the name of a director', 'forget');
          return await (await import('./fleet/status.js')).forget(store, argument);
      }
    } finally {
      store.close();
    }
  },
});

/** @throws UsageError for an option or a word that does not belong to the action */
function refuseOthers(action: Action, values: FleetValues & { readonly argument: string | undefined }): void {
  const { takes, word } = belongings[action];
  if (values.argument !== undefined && word === undefined)
    throw new UsageError(`fleet ${action} takes no word`, values.argument);
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

function releaseNumber(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const number = /^\d{1,8}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= LARGEST_RELEASE) return number;
  throw new UsageError(`${quoted(text)} is not the number of a release; lvsadm fleet history lists them`);
}
