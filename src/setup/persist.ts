/** A set-up as files that repeat it at every boot: systemd-networkd, sysctl.d, modules-load.d. */
import { familyOf } from '../model/address.js';
import type { NewLink } from '../system/network/network.js';
import { stepCommand } from './steps/index.js';
import type { AddressStep, DefaultRouteStep, SetupStep } from './steps/step.js';

export interface ConfigFile {
  readonly path: string;
  readonly text: string;
}

/** @param role part of the files' names */
export function configFiles(steps: readonly SetupStep[], role: string): ConfigFile[] {
  const files: readonly (readonly [path: string, lines: readonly string[]])[] = [
    [`/etc/modules-load.d/lvsadm-${role}.conf`, modulesOf(steps)],
    [`/etc/sysctl.d/90-lvsadm-${role}.conf`, settingsOf(steps)],
    ...steps
      .flatMap(netdevOf)
      .map(({ name, lines }) => [`${NETWORKD}/50-lvsadm-${name}.netdev`, lines] as const),
    [`/etc/systemd/system/lvsadm-${role}.service`, serviceOf(steps, role)],
    ...networksOf(steps),
  ];
  return files
    .filter(([, lines]) => lines.length > 0)
    .map(([path, lines]) => ({ path, text: lines.map((line) => `${line}\n`).join('') }));
}

const NETWORKD = '/etc/systemd/network';

const moduleOf: Readonly<Record<NewLink['kind'], string>> = {
  dummy: 'dummy',
  ipip: 'ipip',
  sit: 'sit',
  ip6tnl: 'ip6_tunnel',
  gre: 'ip_gre',
  ip6gre: 'ip6_gre',
};

function modulesOf(steps: readonly SetupStep[]): string[] {
  const names = steps.flatMap((step) => {
    if (step.do === 'module') return [step.name];
    if (step.do === 'guePort') return ['fou'];
    return step.do === 'link' ? [moduleOf[step.kind]] : [];
  });
  return [...new Set(names)];
}

/** sysctl.d takes slashes as well as dots; slashes stay clear for an interface called eth0.100. */
const settingsOf = (steps: readonly SetupStep[]): string[] =>
  steps.flatMap((step) => (step.do === 'sysctl' ? [`${step.path} = ${step.value}`] : []));

/** A tunnel without a local address comes with its module. */
const comesWithModule = ({ kind, local }: NewLink): boolean => kind !== 'dummy' && local === undefined;

/** networkd cannot configure GRE checksums, nor foo-over-UDP ports of IPv6 without a local address. */
const beyondNetworkd = (step: SetupStep): boolean =>
  (step.do === 'link' && step.checksum === true) || (step.do === 'guePort' && step.family === 'inet6');

function netdevOf(step: SetupStep): { name: string; lines: string[] }[] {
  if (beyondNetworkd(step)) return [];
  if (step.do === 'guePort') {
    const name = `gue${step.port}`;
    const options = ['Encapsulation=GenericUDPEncapsulation', `Port=${step.port}`];
    return [{ name, lines: ['[NetDev]', `Name=${name}`, 'Kind=fou', '', '[FooOverUDP]', ...options] }];
  }
  if (step.do !== 'link' || comesWithModule(step)) return [];
  const { name, kind, local } = step;
  const lines = ['[NetDev]', `Name=${name}`, `Kind=${kind}`];
  if (local !== undefined) {
    lines.push('', '[Tunnel]', 'Independent=true', `Local=${local}`, 'Remote=any');
    if (kind === 'ip6tnl') lines.push('Mode=any');
  }
  return [{ name, lines }];
}

/** A systemd unit for the steps that networkd cannot do. */
function serviceOf(steps: readonly SetupStep[], role: string): string[] {
  const commands = steps.filter(beyondNetworkd).map(stepCommand);
  if (commands.length === 0) return [];
  return [
    '[Unit]',
    `Description=Virtual server set-up of a ${role} that systemd-networkd cannot do`,
    'After=systemd-modules-load.service',
    'Before=network.target',
    '',
    '[Service]',
    'Type=oneshot',
    'RemainAfterExit=yes',
    ...commands.map((command) => `ExecStart=${command}`),
    '',
    '[Install]',
    'WantedBy=multi-user.target',
  ];
}

/** One file for each device with a VIP or with the gateway. */
function networksOf(steps: readonly SetupStep[]): (readonly [path: string, lines: readonly string[]])[] {
  const made = new Set(steps.flatMap((step) => (step.do === 'link' ? [step.name] : [])));
  const sections = new Map<string, string[][]>();
  for (const step of steps) {
    const section = sectionOf(step);
    if (section === undefined) continue;
    const device = (step as AddressStep | DefaultRouteStep).device ?? 'THE-INTERFACE';
    sections.set(device, [...(sections.get(device) ?? []), section]);
  }
  return [...sections].map(([device, parts]) => {
    const lines = parts.flatMap((part) => ['', ...part]);
    // networkd reads one file for an interface, and the machine's own interfaces have theirs already: add to it.
    if (device !== 'lo' && !made.has(device)) {
      return [`${NETWORKD}/FILE-OF-${device}.network.d/50-lvsadm.conf`, lines.slice(1)];
    }
    const head = ['[Match]', `Name=${device}`];
    if (device !== 'lo') head.push('', '[Network]', 'LinkLocalAddressing=no', 'ConfigureWithoutCarrier=yes');
    return [`${NETWORKD}/50-lvsadm-${device}.network`, [...head, ...lines]];
  });
}

function sectionOf(step: SetupStep): string[] | undefined {
  if (step.do === 'defaultRoute') {
    return ['[Route]', `Gateway=${step.gateway}`, ...(step.metric > 0 ? [`Metric=${step.metric}`] : [])];
  }
  if (step.do !== 'address') return undefined;
  const section = ['[Address]', `Address=${step.address}/${step.prefix}`];
  if (familyOf(step.address) === 'inet6')
    return [...section, 'DuplicateAddressDetection=none', 'PreferredLifetime=0'];
  return step.scope === 'host' ? [...section, 'Scope=host'] : section;
}
