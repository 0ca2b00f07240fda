// A ladder diagram: hosts side by side, and below each other the packets between them.

export interface Rung {
  from: string;
  to: string;
  /** What stands beside the arrow and below it. */
  lines: readonly string[];
}

/** Columns between two hosts. */
const spacing = 13;
const margin = 4;

export function ladder(hosts: readonly string[], rungs: readonly Rung[]): string {
  const columnOf = (host: string): number => {
    const index = hosts.indexOf(host);
    if (index < 0) throw new Error(`${host} has no place among ${hosts.join(', ')}`);
    return margin + index * spacing;
  };
  const width = columnOf(hosts.at(-1) ?? '') + 1;
  const posts = (): string[] => {
    const row = Array<string>(width).fill(' ');
    for (const host of hosts) row[columnOf(host)] = '│';
    return row;
  };
  const rows = rungs.flatMap(({ from, to, lines: [first = '', ...more] }) => [
    `${arrow(posts(), columnOf(from), columnOf(to))}  ${first}`,
    ...more.map((line) => `${posts().join('')}  ${line}`),
  ]);
  return [names(hosts, columnOf), ...rows].map((row) => `${row.trimEnd()}\n`).join('');
}

/** Each name centred above its column. */
function names(hosts: readonly string[], columnOf: (host: string) => number): string {
  let row = '';
  for (const host of hosts) row = row.padEnd(columnOf(host) - Math.floor((host.length - 1) / 2)) + host;
  return row;
}

/** From post to post, across those in between. */
function arrow(row: string[], from: number, to: number): string {
  const [left, right] = [Math.min(from, to), Math.max(from, to)];
  for (let column = left + 1; column < right; column += 1) row[column] = '─';
  row[from] = from < to ? '├' : '┤';
  row[from < to ? to - 1 : to + 1] = from < to ? '▶' : '◀';
  return row.join('');
}
