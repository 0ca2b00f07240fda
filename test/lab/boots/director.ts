/** A director in a guest, with a client and two servers in network namespaces, whose network a unit sets up at each boot. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { checkout } from '../paths.js';
import type { BootedGuest } from './guest.js';
import type { Tally } from './traffic.js';

export const vip = '192.0.2.10';
export const servers = ['198.51.100.11', '198.51.100.12'] as const;
export const port = 80;

/** The checkout, and Node, as the guest sees the host's. */
export const host = '/run/lab/host';
export const hostCheckout = host + checkout;
const traffic = `${host}/usr/bin/node ${hostCheckout}/build/test/lab/boots/traffic.js`;

/** What networkd or ifupdown is elsewhere: it comes after network-pre.target. */
const networkUnit = `[Unit]
Description=Network of the lab
DefaultDependencies=no
After=local-fs.target network-pre.target
Before=network.target shutdown.target
Conflicts=shutdown.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh /usr/local/sbin/lab-network
[Install]
WantedBy=multi-user.target
`;

const leg = (name: string, link: string, own: string, other: string, gateway: string): string[] => [
  `ip netns add ${name}`,
  `ip link add ${link} type veth peer name eth0 netns ${name}`,
  `ip address add ${own} dev ${link}`,
  `ip link set ${link} up`,
  ...other.split(' ').map((address) => `ip -n ${name} address add ${address} dev eth0`),
  `ip -n ${name} link set eth0 up`,
  `ip -n ${name} link set lo up`,
  `ip -n ${name} route add default via ${gateway}`,
];

const network = [
  'set -e',
  'sysctl() { echo "$2" >"/proc/sys/net/$1"; }',
  'sysctl ipv4/ip_forward 1',
  ...leg('client', 'front', '192.0.2.1/24', '192.0.2.100/24', '192.0.2.1'),
  ...leg(
    'servers',
    'back',
    '198.51.100.1/24',
    servers.map((address) => `${address}/24`).join(' '),
    '198.51.100.1',
  ),
  `ip address add ${vip}/32 dev front`,
  '',
].join('\n');

/** Writes a file in the guest. */
export const file = (path: string, text: string): string =>
  `cat >${path} <<'END-OF-FILE'\n${text.trimEnd()}\nEND-OF-FILE`;

export async function setUpNetwork(guest: BootedGuest): Promise<void> {
  await guest.output(
    [
      file('/usr/local/sbin/lab-network', network),
      file('/etc/systemd/system/lab-network.service', networkUnit),
      'systemctl -q enable lab-network && systemctl start lab-network',
    ].join('\n'),
  );
}

export const startServers = (guest: BootedGuest): Promise<string> =>
  guest.output(
    `systemd-run -q --unit=lab-servers ip netns exec servers ${traffic} serve ${port} ${servers.join(' ')}; sleep 3`,
  );

const tallyFile = '/run/lab/tally';

/** What becomes of requests while a script runs in the guest. */
export async function tallyDuring(guest: BootedGuest, script: string): Promise<Tally> {
  const client = `systemd-run -q --unit=lab-client -p KillMode=mixed ip netns exec client ${traffic} ask ${vip} ${port} ${tallyFile}`;
  await guest.output(`rm -f ${tallyFile}; ${client}; sleep 5`);
  const { status, out, err } = await guest.run(script);
  const text = await guest.output(
    `sleep 3; systemctl stop lab-client; systemctl reset-failed lab-client 2>/dev/null; cat ${tallyFile}`,
  );
  if (status !== 0) throw new Error(`${script}: exit status ${status}\n${out}${err}`);
  return JSON.parse(text) as Tally;
}

export const executable = join(hostCheckout, 'dist/standalone/lvsadm');

/** The executable and the units, copied as a package has them. */
export const copied = [
  `cp ${executable} /usr/sbin/lvsadm`,
  `cp ${hostCheckout}/packaging/systemd/*.service /usr/lib/systemd/system/`,
  'mkdir -p /etc/lvsadm.d',
  'systemctl daemon-reload',
].join('\n');

/** What ipvsadm's boot has in /etc/ipvsadm.rules. */
export const rules = [port, port + 1].flatMap((each) => [
  `-A -t ${vip}:${each} -s wrr`,
  ...servers.map((address) => `-a -t ${vip}:${each} -r ${address}:${each} -m -w 10`),
]);

/** Has the boot of Debian's ipvsadm restore the table, and does so now. */
export const ipvsadmAtBoot = [
  file('/etc/ipvsadm.rules', rules.join('\n')),
  `sed -i 's/^AUTO=.*/AUTO="true"/' /etc/default/ipvsadm`,
  'systemctl -q enable ipvsadm && systemctl restart ipvsadm',
].join('\n');

/** The lines of a table, in an order of their own. */
export const sorted = (lines: string): string => lines.trim().split('\n').sort().join('\n');

export const repeated = (command: string): string => `for n in 1 2 3; do ${command} || exit; sleep 1; done`;

export const shown = ({ requests, failed, kept, broken, slowest, reasons }: Tally): string =>
  `${failed} of ${requests} requests failed, ${broken} of ${kept} kept connections broke, slowest ${slowest} ms ${JSON.stringify(reasons)}`;

export function assertUnharmed({ requests, failed, broken }: Tally): void {
  assert.ok(requests > 20, `only ${requests} requests`);
  assert.deepEqual({ failed, broken }, { failed: 0, broken: 0 });
}
