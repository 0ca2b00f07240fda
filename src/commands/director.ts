/** `lvsadm director`: the network settings that IPVS needs to receive packets and forward them. */
import { UsageError } from '../errors.js';
import { type DirectorOptions, planDirector } from '../setup/director.js';
import type { Machine } from '../system/machine.js';
import { readVsSettings, type VsSettingRead } from '../system/vs-settings.js';
import { defineCommand, type Options, type Values } from './command.js';
import {
  anyGiven,
  runSetup,
  type StatusPart,
  setupExitStatuses,
  setupOptions,
  setupPositionals,
} from './shared/setup.js';
import { vipOption, vipsOf } from './shared/vips.js';

const options = {
  vip: { ...vipOption, describe: 'virtual address of the service (required by up)' },
  interface: { type: 'interface', describe: 'link on which clients reach the VIPs (required by up)' },
  method: {
    choices: ['dr', 'tun', 'nat'],
    many: true,
    describe: 'forwarding method of the services; only nat turns IP forwarding on',
    defaultText: 'nat',
  },
} as const satisfies Options;

export const command = defineCommand({
  positionals: setupPositionals,
  options: { ...options, ...setupOptions },
  exitStatuses: setupExitStatuses,
  examples: [
    ['lvsadm director up --vip 192.0.2.10 --interface eth0', 'for any forwarding method'],
    ['lvsadm director up --vip 192.0.2.10 --interface eth0 --method dr', 'without IP forwarding'],
    ['lvsadm director status', 'show the set-up, and the settings of IPVS'],
  ],
  run: (context, values) =>
    runSetup(context, values, {
      role: 'director',
      described: anyGiven(options, values),
      plan: () => planDirector(setupOf(values)),
      status: settings,
    }),
});

function setupOf(values: Values<typeof options, typeof setupPositionals>): DirectorOptions {
  const { interface: device, method } = values;
  if (device === undefined) throw new UsageError('--interface is missing: the link that clients come in by');
  return { vips: vipsOf(values), device, methods: method.length > 0 ? method : ['nat'] };
}

/** The settings that this kernel has; empty if IPVS is not loaded. */
async function settings({ sysctls }: Machine): Promise<StatusPart> {
  const present = await readVsSettings(sysctls);
  return {
    json: {
      settings: present.map(({ name, value, initial, meaning }) => ({
        name,
        value,
        default: initial ?? null,
        meaning: meaning ?? null,
      })),
    },
    text: present.length === 0 ? '\nIPVS is not loaded: it has no settings yet\n' : settingsText(present),
  };
}

function settingsText(present: readonly VsSettingRead[]): string {
  const lines = present.map(({ name, value, initial, meaning }) => {
    const changed =
      initial !== undefined && value !== initial ? `, the kernel starts with ${shown(initial)}` : '';
    const about = meaning === undefined ? '' : `      ${meaning}\n`;
    return `  ${name} = ${shown(value)}${changed}\n${about}`;
  });
  return `\nnet.ipv4.vs:\n${lines.join('')}`;
}

/** sync_threshold has two numbers with a tab between. */
const shown = (value: string): string => value.replaceAll('\t', ' ') || '(empty)';
