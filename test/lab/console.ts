// What a guest's console has to say when the guest is lost.
import { stripVTControlCharacters } from 'node:util';

/** How the kernel begins to tell that it breaks down: an oops, and the panic that it ends in. */
const breakdown = /^(\[[ \d.]+\] )?(BUG: |kernel BUG at |Oops: |general protection fault|Kernel panic)/;

/**
 * The end of what a console printed, without the control sequences of firmware and terminals: the last `count` lines, or
 * more where a breakdown begins above them. Its cause is its first line, and how long a trace follows is a matter of
 * what the stack still holds.
 */
export function lastLines(text: string, count = 40): string {
  const lines = stripVTControlCharacters(text)
    .split(/\r*\n/)
    .filter((line) => line.trim() !== '');
  const cause = lines.findIndex((line) => breakdown.test(line));
  const end = Math.max(0, lines.length - count);
  return lines.slice(cause < 0 ? end : Math.min(cause, end)).join('\n');
}
