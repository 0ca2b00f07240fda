/**
 * Where lvsadm means to differ from ipvsadm 1.31: which recorded command lines, and what lvsadm does instead. Each reason
 * is a heading of docs/compatibility.md.
 */
import type { Observation } from './record.js';

export interface Difference {
  readonly reason: string;
  readonly concerns: (seen: Observation, commandLine: string) => boolean;
  readonly instead: (seen: Observation) => Partial<Observation>;
  /** Shows in the kernel's attributes alone, not in what either program writes. */
  readonly onlyInKernel?: true;
  /** Kernels accept or refuse it: what is recorded is one kernel's answer. */
  readonly kernelDecides?: true;
}

const matching = (pattern: RegExp) => (_: Observation, commandLine: string) => pattern.test(commandLine);
const fromStdin =
  (pattern: RegExp) =>
  ({ stdin = '' }: Observation) =>
    pattern.test(stdin);
const status = (value: number) => () => ({ status: value });

/** Replaces in everything that was shown. */
const shown = (pattern: RegExp | string, replacement: string) => (seen: Observation) => ({
  stdout: seen.stdout.replaceAll(pattern, replacement),
  after: mapValues(seen.after ?? {}, (text) => text.replaceAll(pattern, replacement)),
});

const mapValues = (of: Readonly<Record<string, string>>, map: (text: string) => string) =>
  Object.fromEntries(Object.entries(of).map(([key, value]) => [key, map(value)]));

const other = '-A -t 192.0.2.9:80 -s rr\n';

/** The services of a listing in the order of their addresses and marks. */
function sorted({ stdout }: Observation): Partial<Observation> {
  const lines = stdout.trimEnd().split('\n');
  const key = (line: string) => line.split(/\s+/)[1]?.replace(/\d+/g, (n) => n.padStart(10, '0')) ?? '';
  const services = lines.slice(3).sort((a, b) => (key(a) < key(b) ? -1 : 1));
  return { stdout: `${[...lines.slice(0, 3), ...services].join('\n')}\n` };
}

export const differences: readonly Difference[] = [
  {
    reason: 'Thresholds are saved',
    concerns: ({ after = {}, stdout, run, given = [] }) =>
      (after['-Sn'] !== undefined && run.includes('-x')) ||
      (/^-a/m.test(stdout) && given.join().includes('-x')),
    instead: (seen) => {
      const save = (text: string) =>
        text
          .replace(/^(-a -t \S+ -r 198\.51\.100\.7:\S+ -[gm] -w (?:1|65535))$/m, (line) =>
            line.endsWith('65535') ? `${line} -x 100 -y 50` : `${line} -x 6`,
          )
          .replace(
            ' -w 1 --tun-type gue --tun-port 65535',
            ' -w 1 -x 4294967 --tun-type gue --tun-port 65535',
          );
      return { stdout: save(seen.stdout), after: mapValues(seen.after ?? {}, save) };
    },
  },
  {
    reason: 'Order of addresses',
    concerns: ({ given = [] }) => given.includes('-A -t 255.0.0.1:80'),
    instead: sorted,
  },
  {
    reason: 'Firewall marks are unsigned',
    concerns: matching(/-A -f=(2147483648|429496729[45])$/),
    instead: (seen) => {
      const mark = seen.run[1]?.split('=')[1] ?? '';
      return shown(String(Number(mark) | 0), mark)(seen);
    },
  },
  {
    reason: 'Thresholds are 32 bits wide',
    concerns: matching(/-[xy]=(2147483648|429496729[45])$/),
    instead: status(255),
    kernelDecides: true,
  },
  {
    reason: '-6 anywhere',
    concerns: matching(/^-A -6 -f 1$/),
    instead: () => ({ status: 0, after: { '-Sn': '-A -f 1 -6 -s wlc\n' } }),
  },
  {
    reason: '-M anywhere',
    concerns: matching(/^-A -p -M 64 -t|^-A -f 1 -p -M 64 -6/),
    instead: shown('-p 360', '-p 360 -M 64'),
  },
  {
    reason: '-r before the service',
    concerns: matching(/-a -r 198\.51\.100\.7 -t 192\.0\.2\.1:80 -m$/),
    instead: shown('198.51.100.7:0', '198.51.100.7:80'),
  },
  {
    reason: '-r before the service',
    concerns: matching(/-a -r 198\.51\.100\.7:tftp -u/),
    instead: () => ({
      status: 0,
      after: { '-Sn': '-A -u 192.0.2.1:53 -s wlc\n-a -u 192.0.2.1:53 -r 198.51.100.7:69 -m -w 1\n' },
    }),
  },
  {
    reason: 'IPv6 in brackets without a port',
    concerns: (seen, text) =>
      seen.status === 2 && /(-[tr][= ])\[2001:db8:[0-9a-f:]*\]( |$)/.test(text) && !/-m -r=/.test(text),
    instead: status(0),
  },
  {
    reason: 'IPv6 in brackets without a port',
    concerns: (seen, text) => seen.status === 2 && /-u=\[2001:db8::1\] /.test(text),
    instead: status(0),
  },
  {
    reason: 'Brackets hold IPv6',
    concerns: matching(/=\[(192\.0\.2\.1|localhost)\]:80/),
    instead: status(2),
  },
  {
    reason: 'Netmasks are read strictly',
    concerns: (seen, text) => seen.status === 0 && /-M=(64a|localhost)$/.test(text),
    instead: status(2),
  },
  {
    reason: 'A persistence engine needs persistence',
    concerns: (_, text) => / --pe sip$/.test(text) && !/ -p /.test(text),
    instead: shown(' --pe sip', ''),
  },
  {
    reason: 'A persistence engine needs persistence',
    concerns: (seen, text) => seen.status === 0 && /^-[AE] -t \S+ -M(=|\s)255\.255\.255\.0$/.test(text),
    instead: () => ({}),
    onlyInKernel: true,
  },
  {
    reason: 'flag-3 of sh and mh',
    concerns: (seen, text) => seen.status === 0 && /(-s [sm]h -b=\S*flag-3|-b=\S*flag-3 -s sh)/.test(text),
    instead: (seen) => {
      const before = mapValues(seen.after ?? {}, (text) =>
        text
          .replace(/ -b $/m, ' -b flag-3')
          .replace(/ -b ((?:sh|mh)-\S+)$/m, ' -b $1,flag-3')
          .replace(' ()', ' (flag-3)')
          .replace(/ \(((?:sh|mh)-[^)]+)\)/, ' ($1,flag-3)'),
      );
      return seen.status === 0 ? { after: before } : {};
    },
  },
  {
    reason: 'A list of flags without flags',
    concerns: (seen) => seen.status === null && seen.run.some((word) => word === '-b=,'),
    instead: status(0),
  },
  {
    reason: 'Names longer than the kernel has room for',
    concerns: (seen, text) => seen.status === 255 && /(x{16}|r{38}|o{38})/.test(text),
    instead: status(2),
  },
  {
    reason: 'No macros in arguments',
    concerns: matching(/!#:\+/),
    instead: status(2),
  },
  {
    reason: 'Lines of -R',
    concerns: fromStdin(/^\s*#/),
    instead: () => ({ status: 0, after: { '-Sn': '' } }),
  },
  {
    reason: 'Lines of -R',
    concerns: (seen) =>
      seen.status !== 0 && fromStdin(/ #( why)?\n|^lvsadm |^\ufeff/)(seen) && !fromStdin(/^\s*#/)(seen),
    instead: () => ({ status: 0, after: { '-Sn': other } }),
  },
  { reason: 'Lines of -R', concerns: fromStdin(/\0/), instead: status(2) },
  {
    reason: 'Long persistence data',
    concerns: ({ connections = '' }) => /x{255}/.test(connections),
    instead: ({ run }) => {
      const named = !run[0]?.includes('n');
      const port = named ? 'sip' : '5060';
      const engine = run.includes('--persistent-conn');
      const heading = `pro expire state       source             virtual            destination${engine ? '        pe name          pe_data' : ''}`;
      const destination = `198.51.100.7:${port}`;
      const line = `UDP 05:58  NONE        192.0.2.10:0       ${`192.0.2.10:${port}`.padEnd(18)} ${destination}`;
      return {
        status: 0,
        stdout: `IPVS connection entries\n${heading}\n${line}${engine ? ` sip                ${'x'.repeat(255)}` : ''}\n`,
      };
    },
  },
];
