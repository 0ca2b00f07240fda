/** An ldirectord.cf as a document. */
import { DocumentError } from '../../../errors.js';
import { type Family, isIpv6, notOfOneMachine } from '../../../model/address.js';
import { persistenceRange } from '../../../model/limits.js';
import { parseService } from '../../../model/service-uri.js';
import { canonicalNetmask } from '../../addresses.js';
import { InvalidValue, isNot } from '../../invalid-value.js';
import type { NamedText } from '../../load.js';
import type { OptionValues } from '../../option-shapes.js';
import type { ServiceSettings } from '../../schema.js';
import { type Imported, importedOf, type ServerDraft, type ServiceDraft, serverKey } from '../draft.js';
import { type Remark, remarkOn, type Setting, Values } from '../setting.js';
import { Checker, type ServiceFacts } from './checks.js';
import { nearest, type Section, sectionsOf, valueText } from './sections.js';
import { fallbackOf, serversOf } from './servers.js';

/** Why settings cannot be carried over. */
const reasons: Readonly<Record<string, string>> = {
  emailalert: 'lvsadm sends no mail',
  emailalertfreq: 'lvsadm sends no mail',
  emailalertfrom: 'lvsadm sends no mail',
  emailalertstatus: 'lvsadm sends no mail',
  smtp: 'lvsadm sends no mail',
  monitorfile: 'results of checks are not written to a file',
  logfile: 'messages go to standard error',
  callback: 'no program runs for a changed file',
  execute: 'other files are imported by themselves',
  autoreload: 'apply --watch applies a changed file',
  supervised: 'lvsadm stays in the foreground',
  maintenancedir: 'a check of kind file has its own file',
  fallbackcommand: 'programs run for the quorum: health.quorum.up and down',
  readdquiescent: 'a server that is missing is added again',
  request: 'only a negotiation has one',
  receive: 'only a negotiation has one',
  virtualhost: 'only a negotiation over HTTP has one',
  httpmethod: 'only a negotiation over HTTP has one',
  checkcommand: 'only checktype = external has one',
  fallback: 'for virtual6 it is fallback6',
  fallback6: 'for virtual it is fallback',
};

const yesOrNo = { yes: true, no: false } as const;

/** @throws DocumentError */
export async function importLdirectord(text: NamedText): Promise<Imported> {
  const values = new Values();
  const { global, services } = sectionsOf(text, values);
  if (services.length === 0 && values.problems.isEmpty) {
    throw new DocumentError([
      { file: text.file, text: 'has no virtual service; it should be an ldirectord.cf with some' },
    ]);
  }
  const drafts = services.flatMap((section) => serviceOf(section, global, values) ?? []);
  for (const name of ['fork', 'fallback', 'fallback6', 'quiescent']) global.own(name);
  const remarks = [...cleanStop(global, values), ...restOf(global)];
  return importedOf(drafts, remarks, values);
}

const restOf = (section: Section): Remark[] =>
  section.rest.map((setting) =>
    remarkOn(
      setting,
      Object.hasOwn(reasons, setting.name) ? (reasons[setting.name] as string) : 'unknown here',
    ),
  );

function cleanStop(section: Section, values: Values): Remark[] {
  const setting = section.own('cleanstop');
  const isCleared = values.truth(setting, yesOrNo) ?? false;
  return setting !== undefined && isCleared ? [remarkOn(setting, 'the table stays as it is at the end')] : [];
}

/** Undefined after a problem with its address. */
function serviceOf(section: Section, global: Section, values: Values): ServiceDraft | undefined {
  const { declaration } = section;
  if (declaration === undefined) return undefined;
  const family = declaration.name === 'virtual6' ? 'inet6' : 'inet';
  const suffix = family === 'inet6' ? '6' : '';
  const identity = values.attempt(declaration, () => identityOf(section, declaration, family));
  const facts = identity?.facts ?? { host: '', port: undefined, isUdp: false };
  const checker = new Checker(section, global, facts, values);
  const remarks: Remark[] = [];
  const servers = serversOf({
    settings: section.all(`real${suffix}`),
    family,
    facts,
    checker,
    values,
    remarks,
  });
  const settings = settingsOf(section, family, values);
  if (facts.port === '0' && settings.persistence === undefined) {
    values.problem(declaration.place, `${declaration.name}: port 0, every port, needs persistent`);
  }
  const fallback = nearest(`fallback${suffix}`, section, global);
  if (identity === undefined) return undefined;
  const health = healthOf({ section, global, servers, values }, fallback, family, identity.service, remarks);
  return {
    place: declaration.place,
    services: [identity.service],
    settings: { ...settings, ...(family === 'inet6' && identity.isName && { family }) },
    health,
    servers,
    remarks: [
      ...checker.remarks,
      ...checker.replacement,
      ...remarks,
      ...cleanStop(section, values),
      ...restOf(section),
    ],
  };
}

interface Identity {
  readonly service: string;
  readonly facts: ServiceFacts;
  /** Whether its host is a name. */
  readonly isName: boolean;
}

/** @throws InvalidValue, ValueError */
function identityOf(section: Section, declaration: Setting, family: Family): Identity {
  const value = valueText(declaration);
  const setting = section.own('protocol');
  const protocol = setting && valueText(setting);
  if (/^\d+$/.test(value)) {
    if (protocol !== undefined && protocol !== 'fwm')
      throw new InvalidValue(`protocol ${isNot(protocol, 'fwm')}`);
    const service = `fwmark://${Number(value)}${family === 'inet6' ? '/inet6' : ''}`;
    parseService(service);
    return { service, facts: { host: value, port: undefined, isUdp: false }, isName: false };
  }
  const usual = /:(?:53|domain)$/.test(value) ? 'udp' : 'tcp';
  if (protocol !== undefined && protocol !== 'tcp' && protocol !== 'udp') {
    throw new InvalidValue(`protocol ${isNot(protocol, 'tcp or udp')}`);
  }
  const service = `${protocol ?? usual}://${value}`;
  const parsed = parseService(service);
  if ('fwmark' in parsed) throw new InvalidValue(isNot(value, 'an address with a port'));
  const { host, port } = parsed;
  if (parsed.family !== undefined && parsed.family !== family) {
    throw new InvalidValue(`${host} stands in ${family === 'inet' ? 'virtual6' : 'virtual'}`);
  }
  const fault = parsed.family && notOfOneMachine(host);
  if (fault !== undefined) throw new InvalidValue(`${host} ${fault}`);
  const written = isIpv6(host) ? `[${host}]` : host;
  const facts = { host, port: String(port), isUdp: (protocol ?? usual) === 'udp' };
  return { service: `${parsed.protocol}://${written}:${port}`, facts, isName: parsed.family === undefined };
}

function settingsOf(section: Section, family: Family, values: Values): ServiceSettings {
  const algorithm = section.own('scheduler');
  const scheduler = valueText(algorithm) || 'wrr';
  if (algorithm !== undefined && !/^[\w-]{1,15}$/.test(scheduler)) {
    values.problem(algorithm.place, `scheduler: ${isNot(scheduler, 'the name of a scheduler, such as wrr')}`);
  }
  const timeout = values.integer(section.own('persistent'), persistenceRange);
  const mask = section.own('netmask');
  const netmask = mask && values.attempt(mask, () => canonicalNetmask(valueText(mask), family));
  const isOnePacket = values.truth(section.own('ops'), yesOrNo) ?? false;
  return {
    scheduler,
    ...(timeout && { persistence: { timeout, ...(netmask && { netmask }) } }),
    ...(isOnePacket && { onePacket: true }),
  };
}

interface HealthSource {
  readonly section: Section;
  readonly global: Section;
  readonly servers: readonly ServerDraft[];
  readonly values: Values;
}

function healthOf(
  { section, global, servers, values }: HealthSource,
  setting: Setting | undefined,
  family: Family,
  service: string,
  remarks: Remark[],
): OptionValues {
  const isQuiescent = values.truth(nearest('quiescent', section, global), yesOrNo) ?? false;
  const fallback = setting && values.attempt(setting, () => fallbackOf(setting, family));
  const isServer =
    fallback &&
    servers.some(({ server }) => serverKey(server, service) === serverKey(fallback.server, service));
  if (isServer && setting !== undefined)
    remarks.push(remarkOn(setting, 'one of the servers of the service, too'));
  const sorry = isServer ? undefined : fallback;
  if (sorry === undefined && servers.every(({ check }) => check === undefined)) return {};
  // ldirectord takes out every server that fails.
  return { floor: '0%', onDown: isQuiescent ? 'weight-0' : 'remove', ...(sorry && { sorry }) };
}
