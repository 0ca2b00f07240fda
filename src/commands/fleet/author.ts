/** Who does something to a fleet: `alice@lb1`, for people to read. */
import type { Context } from '../../context.js';
import type { Authorship } from '../../fleet/releases.js';
import { printable } from '../../foreign-text.js';
import { readIfThere } from '../../system/files/files.js';
import { userName } from '../shared/change/origin.js';

export function authorship({ env, files, date }: Context, comment?: string): Authorship {
  const host = readIfThere('/proc/sys/kernel/hostname', files)?.trim() ?? 'unknown';
  return {
    author: printable(`${userName(env)}@${host}`).slice(0, 200),
    time: date().toISOString(),
    ...(comment !== undefined && { comment: comment.slice(0, 1000) }),
  };
}
