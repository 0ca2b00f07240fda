/** What keepalived does with the results of a virtual server's checkers, as health. */
import type { Family } from '../../../model/address.js';
import { INT_MAX } from '../../../model/limits.js';
import type { OptionValues } from '../../option-shapes.js';
import { commandWords } from '../check-draft.js';
import { type Remark, remarkOn, type Values } from '../setting.js';
import type { Layer } from './layer.js';
import { endpointOf, forwardingOf, type RealServer, requireFamily, serverText } from './servers.js';

export interface HealthSource {
  readonly servers: readonly RealServer[];
  /** Of its services. */
  readonly ports: readonly (number | undefined)[];
  readonly families: readonly Family[];
  readonly values: Values;
  /** Takes what cannot be carried over. */
  readonly remarks: Remark[];
}

/** Empty for a service without checks, quorum and sorry server. */
export function healthOf(layer: Layer, source: HealthSource): OptionValues {
  const quorum = quorumOf(layer, source);
  const sorry = sorryOf(layer, source, Number(quorum?.['weight'] ?? 1));
  const checked = source.servers.filter(({ check }) => check !== undefined);
  const alpha = checked.filter(({ isAlpha }) => isAlpha);
  const inhibited = checked.filter(({ isInhibited }) => isInhibited);
  const forAll = (some: readonly RealServer[], name: string): boolean => {
    const [first] = some;
    if (first === undefined || some.length === checked.length) return first !== undefined;
    source.remarks.push({
      place: first.place,
      text: `${name}: of some servers; here it is for all of the service`,
    });
    return true;
  };
  if (checked.length === 0 && quorum === undefined && sorry === undefined) return {};
  return {
    // keepalived takes out every server that fails.
    floor: '0%',
    onDown: forAll(inhibited, 'inhibit_on_failure') ? 'weight-0' : 'remove',
    ...(forAll(alpha, 'alpha') && { initially: 'down' }),
    ...(sorry && { sorry }),
    ...(quorum && { quorum }),
  };
}

function quorumOf(layer: Layer, { values, remarks }: HealthSource): OptionValues | undefined {
  const weight = values.integer(layer.own('quorum'), { min: 1, max: INT_MAX }) ?? 1;
  const setting = layer.own('hysteresis');
  const hysteresis = values.integer(setting, { min: 0, max: INT_MAX }) ?? 0;
  const isSmaller = hysteresis < weight;
  if (setting !== undefined && !isSmaller) remarks.push(remarkOn(setting, 'not smaller than quorum'));
  const up = programOf(layer, 'quorum_up', remarks);
  const down = programOf(layer, 'quorum_down', remarks);
  if (weight === 1 && up === undefined && down === undefined) return undefined;
  return {
    weight,
    ...(hysteresis > 0 && isSmaller && { hysteresis }),
    ...(up && { up }),
    ...(down && { down }),
  };
}

function programOf(layer: Layer, name: string, remarks: Remark[]): readonly string[] | undefined {
  const setting = layer.own(name);
  if (setting === undefined) return undefined;
  const [line = '', user] = setting.words;
  const command = commandWords(line);
  if (command === undefined) remarks.push(remarkOn(setting, 'not the absolute path of a program'));
  else if (user !== undefined) remarks.push(remarkOn(setting, 'a program runs as the user of lvsadm'));
  return command;
}

function sorryOf(
  layer: Layer,
  { servers, ports, families, values, remarks }: HealthSource,
  quorum: number,
): OptionValues | undefined {
  const setting = layer.own('sorry_server');
  const forwarding = layer.own('sorry_server_lvs_method');
  const endpoint = setting && endpointOf(setting, values);
  if (setting === undefined || endpoint === undefined) return undefined;
  const { method, tunnel } = forwardingOf(forwarding ?? layer.own('lvs_method'), values);
  for (const family of families)
    requireFamily([{ ...endpoint, settings: { method }, place: setting.place }], family, values);
  const isSame = (server: RealServer, port: number | undefined) =>
    server.address === endpoint.address && (server.port ?? port) === (endpoint.port ?? port);
  if (servers.some((server) => ports.some((port) => isSame(server, port)))) {
    remarks.push(remarkOn(setting, 'one of the servers of the service, too'));
    return undefined;
  }
  if (tunnel !== undefined && tunnel.type !== 'ipip') remarks.push(remarkOn(setting, 'its tunnel is ipip'));
  if (quorum > 1) {
    remarks.push(remarkOn(setting, 'gets the clients when no server is up, not when the quorum is lost'));
  }
  return { server: serverText(endpoint), method };
}
