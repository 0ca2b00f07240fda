/** `lvsadm director`: what has to hold around IPVS for it to get packets and pass them on. */
import { UsageError } from '../errors.js';
import { type DirectorOptions, planDirector } from '../setup/director.js';
import type { Machine } from '../system/machine.js';
import { vsSetting, vsSettings } from '../system/vs-settings.js';
import { type StatusPart, setUpCommand, type Values, vipsOf } from './shared/setup.js';

export const command = setUpCommand({
  role: 'director',
  options: {
    vip: { type: 'array', string: true, describe: 'virtual address of the service; several may follow' },
    interface: { type: 'string', requiresArg: true, describe: 'the link on which clients reach the VIPs' },
    method: {
      type: 'array',
      choices: ['dr', 'tun', 'nat'],
      describe: 'how it will forward: only nat makes the machine a router [default: nat]',
    },
  },
  examples: [
    ['lvsadm director up --vip 192.0.2.10 --interface eth0', 'for any method'],
    ['lvsadm director up --vip 192.0.2.10 --interface eth0 --method dr', 'without IP forwarding'],
    ['lvsadm director status', 'what was set up, and the settings of IPVS'],
  ],
  plan: (values) => planDirector(optionsOf(values)),
  status: settings,
});

function optionsOf(values: Values): DirectorOptions {
  const device = values['interface'] as string | undefined;
  if (device === undefined) throw new UsageError('--interface is missing: the link that clients come in by');
  const methods = values['method'] as DirectorOptions['methods'] | undefined;
  return { vips: vipsOf(values), device, methods: methods ?? ['nat'] };
}

/** The settings that this kernel has; none where IPVS is not loaded. */
async function settings({ sysctls }: Machine): Promise<StatusPart> {
  const found = await Promise.all(
    vsSettings.map(async (setting) => ({
      ...setting,
      value: await sysctls.read(vsSetting(setting.name)),
    })),
  );
  const present = found.filter(({ value }) => value !== undefined);
  return {
    json: {
      settings: present.map(({ name, value, initial, meaning }) => ({
        name,
        value,
        default: initial ?? null,
        meaning,
      })),
    },
    text: present.length === 0 ? '\nIPVS is not loaded: it has no settings yet\n' : settingsText(present),
  };
}

function settingsText(
  present: readonly {
    name: string;
    value: string | undefined;
    initial: string | undefined;
    meaning: string;
  }[],
): string {
  const lines = present.map(({ name, value = '', initial, meaning }) => {
    const changed =
      initial !== undefined && value !== initial ? `, the kernel starts with ${shown(initial)}` : '';
    return `  ${name} = ${shown(value)}${changed}\n      ${meaning}\n`;
  });
  return `\nnet.ipv4.vs:\n${lines.join('')}`;
}

/** sync_threshold has two numbers with a tab between. */
const shown = (value: string): string => value.replaceAll('\t', ' ') || '(empty)';
