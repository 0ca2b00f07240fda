/** `lvsadm fleet release`, `rollback`, `hold` and `resume`. */
import type { Context } from '../../context.js';
import { UsageError } from '../../errors.js';
import { holdRollout, insist, readFleet, resumeRollout, startRollout } from '../../fleet/operator.js';
import type { Target } from '../../fleet/records.js';
import { findTarget, lastGood, namedOrNewest, readTarget } from '../../fleet/releases.js';
import { type WaveRequest, waveOf } from '../../fleet/rollout.js';
import type { FleetStore } from '../../fleet/store.js';
import { printable } from '../../foreign-text.js';
import { type Json, toJson } from '../../output/json.js';
import { Interruption } from '../shared/change/interruption.js';
import { authorship } from './author.js';

const DONE = 0;
const HALTED = 1;
const TIME_OVER = 75;

/** Milliseconds between two looks of --wait. */
const POLL = 1000;

export interface RolloutOptions {
  readonly wave: readonly WaveRequest[];
  readonly comment: string | undefined;
  readonly maxDown: number | undefined;
  readonly onFailure: 'halt' | 'rollback' | undefined;
  readonly patience: number | undefined;
  readonly supersede: boolean;
  readonly wait: boolean;
  readonly timeout: number | undefined;
  readonly json: boolean;
}

export async function release(
  store: FleetStore,
  id: number | undefined,
  options: RolloutOptions,
  context: Context,
): Promise<number> {
  return roll(store, await namedOrNewest(store, id), 'release', options, context);
}

/** Goes back to a release, or to the one that all ran before. A rollback replaces a rollout that is under way. */
export async function rollback(
  store: FleetStore,
  id: number | undefined,
  options: RolloutOptions,
  context: Context,
): Promise<number> {
  const entry = await findTarget(store);
  const before = entry.target?.state === 'done' ? entry.target.previous : lastGood(entry);
  const chosen = id ?? before?.release;
  if (chosen === undefined) throw new UsageError('there is no release to go back to; name one');
  return roll(store, chosen, 'rollback', { ...options, supersede: true }, context);
}

async function roll(
  store: FleetStore,
  id: number,
  cause: Target['cause'],
  options: RolloutOptions,
  context: Context,
): Promise<number> {
  const { wave, comment, maxDown = 0, onFailure = 'halt', patience = 300, supersede, wait, json } = options;
  const request = {
    ...authorship(context, comment),
    waves: wave.length === 0 ? [{ percent: 100, wait: 0 }] : wave,
    maxDown,
    onFailure,
    patience: Math.round(patience * 1000),
    supersede,
  };
  const begin = async (): Promise<Target> => startRollout(store, await readFleet(store), id, cause, request);
  // A way back must not fail because a wave was opened in between.
  const target = await (cause === 'rollback' ? insist(begin) : begin());
  return wait ? waitFor(store, target, options, context) : show(target, json, context);
}

async function show(target: Target, json: boolean, { out }: Context): Promise<number> {
  await out.write(json ? toJson(targetJson(target)) : `${targetText(target)}\n`);
  return DONE;
}

export async function hold(
  store: FleetStore,
  reason: string | undefined,
  json: boolean,
  context: Context,
): Promise<number> {
  const { author } = authorship(context);
  const target = await holdRollout(store, reason === undefined ? author : `${author}: ${reason}`);
  return show(target, json, context);
}

export async function resume(store: FleetStore, options: RolloutOptions, context: Context): Promise<number> {
  const target = await resumeRollout(store);
  return options.wait ? waitFor(store, target, options, context) : show(target, options.json, context);
}

/** Waits until the rollout has ended, and writes each step. */
async function waitFor(
  store: FleetStore,
  begun: Target,
  options: RolloutOptions,
  context: Context,
): Promise<number> {
  const { timeout = 600, json } = options;
  const interruption = new Interruption(context);
  const end = context.now() + timeout * 1000;
  let told = '';
  for (;;) {
    const { target = begun } = await readTarget(store);
    const line = targetText(target);
    const isSame = target.sequence === begun.sequence;
    if (line !== told && !json) await context.out.write(`${line}\n`);
    told = line;
    const status = !isSame || target.state === 'halted' ? HALTED : target.state === 'done' ? DONE : undefined;
    if (status !== undefined) {
      if (json) await context.out.write(toJson(targetJson(target)));
      return status;
    }
    if (context.now() >= end) {
      if (json) await context.out.write(toJson(targetJson(target)));
      await context.err.write(
        `lvsadm: release ${target.release} is still ${target.state} after ${timeout} s; the rollout goes on\n`,
      );
      return TIME_OVER;
    }
    await interruption.sleep(Math.min(POLL, Math.max(end - context.now(), 0)));
    if (interruption.requested) return interruption.status;
  }
}

/** `release 12: rolling, wave 2 of 3 (25%)` */
export function targetText(target: Target): string {
  const { release, state, waves, open, reason, cause } = target;
  const what = `${cause === 'rollback' ? 'rollback to ' : ''}release ${release}`;
  const wave = state === 'done' ? '' : `, wave ${open + 1} of ${waves.length} (${waves[open]?.title ?? ''})`;
  return printable(`${what}: ${state}${wave}${reason === undefined ? '' : `: ${reason}`}`);
}

export const targetJson = (target: Target): { readonly [key: string]: Json } => ({
  release: target.release,
  sequence: target.sequence,
  cause: target.cause,
  state: target.state,
  reason: target.reason ?? null,
  wave: target.open + 1,
  waves: target.waves.map(({ title, wait }) => ({ directors: title, wait: wait / 1000 })),
  previous: target.previous?.release ?? null,
  author: target.author,
  time: target.time,
  comment: target.comment ?? null,
});

/** The number of a director's wave, from 1. */
export const waveNumber = (target: Target, name: string): number => waveOf(target, name) + 1;
