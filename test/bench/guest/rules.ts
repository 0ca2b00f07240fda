/** The tables that are restored and listed: as many services, each with as many servers. */
export interface Shape {
  readonly services: number;
  readonly servers: number;
}

const count = (value: number): string => value.toLocaleString('en');

export const shapeName = ({ services, servers }: Shape): string => `${count(services)}x${count(servers)}`;

export const rulesIn = ({ services, servers }: Shape): number => services * (1 + servers);

const octets = (index: number): string => `${Math.floor(index / 250)}.${(index % 250) + 1}`;

/** In ipvsadm's order and notation, so that a table that was restored from it is saved as the same bytes. */
export function rulesOf({ services, servers }: Shape): string {
  const lines: string[] = [];
  for (let service = 0; service < services; service++) {
    const virtual = `-t 10.1.${octets(service)}:80`;
    lines.push(`-A ${virtual} -s wlc`);
    for (let server = 0; server < servers; server++)
      lines.push(`-a ${virtual} -r 172.16.${octets(server)}:8080 -m -w ${(server % 9) + 1}`);
  }
  return `${lines.join('\n')}\n`;
}
