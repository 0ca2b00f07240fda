/** Virtual servers of keepalived as services. */
import type { Family } from '../../../model/address.js';
import { persistenceRange } from '../../../model/limits.js';
import { type SchedulerFlagWord, schedulerFlagNames, schedulerOf } from '../../../model/schedulers.js';
import { defaults, type Protocol } from '../../../model/service.js';
import { canonicalNetmask } from '../../addresses.js';
import { isNot } from '../../invalid-value.js';
import type { ServiceSettings } from '../../schema.js';
import type { ServiceDraft } from '../draft.js';
import { type Remark, remarkOn, type Values } from '../setting.js';
import type { Block } from './blocks.js';
import { healthOf } from './health.js';
import { type Groups, identitiesOf } from './identities.js';
import { Layer, switchWords } from './layer.js';
import { familyOfServers, realServersOf, requireFamily, withoutLostCheck } from './servers.js';

/** Undefined after a problem that leaves no service. */
export function serviceOf(block: Block, groups: Groups, values: Values): ServiceDraft | undefined {
  const layer = new Layer(block);
  const remarks: Remark[] = [];
  const identities = identitiesOf(block, groups, values);
  const all = realServersOf(layer, values);
  const family =
    identities.find((each) => each.family !== undefined)?.family ??
    markFamily(layer, values) ??
    familyOfServers(all);
  const families = [...new Set(identities.map((identity) => identity.family ?? family))];
  for (const each of families) requireFamily(all, each, values);
  const protocol = protocolOf(layer, values);
  const settings = settingsOf(layer, family, protocol, values, remarks);
  const ports = identities.map(({ port }) => port);
  const needsPort = identities.some(
    (each) => each.port === undefined && !each.name('tcp', family).startsWith('fwmark'),
  );
  if (needsPort && settings.persistence === undefined) {
    values.problem(
      block.place,
      'virtual_server: the port is missing; a service of every port needs persistence_timeout',
    );
  }
  const servers = all.map((server) => withoutLostCheck(server, ports));
  const health = healthOf(layer, { servers, ports, families, values, remarks });
  if (identities.length === 0) return undefined;
  return {
    place: block.place,
    services: identities.map((each) => each.name(protocol, family)),
    settings,
    health,
    servers,
    remarks: [...remarks, ...layer.remarks],
  };
}

function markFamily(layer: Layer, values: Values): Family | undefined {
  const setting = layer.own('ip_family');
  if (setting === undefined) return undefined;
  const [word = ''] = setting.words;
  if (word === 'inet' || word === 'inet6') return word;
  values.problem(setting.place, `ip_family: ${isNot(word, 'inet or inet6')}`);
  return undefined;
}

/** Without a protocol keepalived leaves it to the kernel, for which 0 is UDP. */
function protocolOf(layer: Layer, values: Values): Protocol {
  const setting = layer.own('protocol');
  const word = setting?.words[0]?.toLowerCase() ?? 'udp';
  if (word === 'tcp' || word === 'udp' || word === 'sctp') return word;
  if (setting !== undefined) values.problem(setting.place, `protocol: ${isNot(word, 'TCP, UDP or SCTP')}`);
  return 'udp';
}

function settingsOf(
  layer: Layer,
  family: Family,
  protocol: Protocol,
  values: Values,
  remarks: Remark[],
): ServiceSettings {
  const algorithm = layer.own('lvs_sched');
  const [scheduler = defaults.scheduler, ...words] = algorithm?.words ?? [];
  if (algorithm !== undefined && !/^[\w-]{1,15}$/.test(scheduler)) {
    values.problem(algorithm.place, `lvs_sched: ${isNot(scheduler, 'the name of a scheduler, such as wlc')}`);
  }
  const flags: SchedulerFlagWord[] = [];
  for (const flag of schedulerFlagNames) {
    const own = layer.own(flag);
    const setting = own ?? (words.includes(flag) ? algorithm : undefined);
    if (setting === undefined) continue;
    const owner = schedulerOf(flag);
    if (owner === undefined || owner === scheduler) flags.push(flag);
    else remarks.push(remarkOn(setting, `${flag} is a flag of scheduler ${owner}, not of ${scheduler}`));
  }
  const unknown = words.filter((word) => word !== 'ops' && !schedulerFlagNames.some((flag) => flag === word));
  if (algorithm !== undefined && unknown.length > 0) {
    remarks.push(remarkOn(algorithm, isNot(unknown.join(' '), 'a flag of a scheduler')));
  }
  const ops = layer.own('ops') ?? (words.includes('ops') ? algorithm : undefined);
  const isForUdp = protocol === 'udp' || layer.block.words[0] === 'fwmark';
  const isOnePacket = ops === algorithm ? ops !== undefined : (values.truth(ops, switchWords) ?? false);
  if (ops !== undefined && isOnePacket && !isForUdp) remarks.push(remarkOn(ops, 'ops is for UDP'));
  const persistence = persistenceOf(layer, family, values);
  return {
    scheduler,
    ...(flags.length > 0 && { schedulerFlags: flags }),
    ...(persistence && { persistence }),
    ...(isOnePacket && isForUdp && { onePacket: true }),
  };
}

/** Any of its settings makes a service persistent; a time of 0 makes it none. */
function persistenceOf(layer: Layer, family: Family, values: Values): ServiceSettings['persistence'] {
  const time = layer.own('persistence_timeout');
  const mask = layer.own('persistence_granularity');
  const engine = layer.own('persistence_engine')?.words[0];
  const timeout =
    time?.words[0] === undefined
      ? defaults.persistenceTimeout
      : values.integer(time, { min: 0, max: persistenceRange.max });
  if ((time ?? mask ?? engine) === undefined || !timeout) return undefined;
  const netmask = mask && values.attempt(mask, () => canonicalNetmask(mask.words[0] ?? '', family));
  return { timeout, ...(netmask && { netmask }), ...(engine && { engine }) };
}
