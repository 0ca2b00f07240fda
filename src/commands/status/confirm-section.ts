/** The change that waits for `lvsadm confirm`, in `lvsadm status`. */
import { deadlineText, whyStill } from '../shared/change/confirmation.js';
import type { Section } from './section.js';

export const confirmation: Section = {
  title: 'Change to confirm',
  member: 'confirm',
  rows: ({ pending, time }) => {
    if (pending === undefined) return [];
    const { number, cause, user } = pending;
    const end = whyStill(pending, time) ?? `taken back at ${deadlineText(pending)} without lvsadm confirm`;
    return [[`change ${number}`, `${cause} by ${user}, ${end}`]];
  },
  json: ({ pending }) =>
    pending && {
      number: pending.number,
      command: pending.cause,
      user: pending.user,
      until: new Date(pending.deadline).toISOString(),
      unit: pending.unit ?? null,
      problem: pending.problem ?? null,
    },
};
