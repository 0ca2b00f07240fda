/** Rules, as `-S` writes and `-R` reads them, as a document: the services and servers that they add. */
import { UsageError } from '../../errors.js';
import type { Tokens } from '../../ipvsadm/grammar/args.js';
import type { Command } from '../../ipvsadm/grammar/command.js';
import type { ResolvedNames } from '../../ipvsadm/grammar/endpoint.js';
import { namesIn, parse, tokensOf } from '../../ipvsadm/grammar/parse.js';
import { splitRule } from '../../ipvsadm/rules.js';
import { mistake } from '../../messages.js';
import type { Daemon } from '../../model/daemon.js';
import type { Destination } from '../../model/destination.js';
import { type Service, type ServiceId, serviceKey } from '../../model/service.js';
import { formatService } from '../../model/service-uri.js';
import type { Timeouts } from '../../model/table.js';
import { hostAddress, NotRight } from '../addresses.js';
import type { Part, Report, Said } from '../fragment.js';
import type { Place } from '../location.js';
import type { Names } from '../names.js';

/**
 * What the rules say. Rules that depend on a name that is yet to be looked up are left out, and so are those in which
 * something is wrong, which goes to `report`.
 */
export function rulesPart(file: string, text: string, names: Names, report: Report): Part {
  const part = new RulesPart(report);
  for (const [index, line] of text.split('\n').entries()) {
    const words = splitRule(line);
    if (words.length === 0) continue;
    const place: Place = { file, line: index + 1, column: columnOf(line, words[0]) };
    const problem = (text: string, word?: string) =>
      report({ ...place, column: columnOf(line, word ?? words[0]), text });
    try {
      const command = commandOf(tokensOf(words), names);
      if (command !== undefined && !part.add(command, place)) problem(NOT_STATE);
    } catch (error) {
      if (error instanceof UsageError) problem(mistake(error), error.argument);
      else if (error instanceof NotRight) problem(error.message);
      else throw error;
    }
  }
  return part.finished();
}

const NOT_STATE = 'not a part of a table; of rules, -A, -a, --set and --start-daemon are';

/** The command; undefined where a name in it is yet to be looked up. */
function commandOf(tokens: Tokens, names: Names): Command | undefined {
  const wanted = namesIn(tokens);
  if (wanted === undefined) return parse(tokens);
  const ports = wanted.ports ? names.portNames() : undefined;
  const hosts = new Map(
    wanted.hosts.map((host) => [host, hostAddress({ host, family: undefined }, ['inet', 'inet6'], names)]),
  );
  if ([...hosts.values()].includes(undefined) || (wanted.ports && ports === undefined)) return undefined;
  const known: ResolvedNames = {
    host: (name) => hosts.get(name),
    port: (name, protocol) => ports?.port(name, protocol),
  };
  return parse(tokens, known);
}

class RulesPart {
  private readonly services: (Said<Service> & { readonly destinations: Said<Destination>[] })[] = [];
  private readonly byKey = new Map<string, (typeof this.services)[number]>();
  private daemons: Said<Daemon>[] | undefined;
  private timeouts: Said<readonly [keyof Timeouts, number]>[] | undefined;

  constructor(private readonly report: Report) {}

  /** @returns false for a command that says what to do instead of what is to be */
  add(command: Command, place: Place): boolean {
    if (command.do !== 'change') return false;
    const said = <T>(value: T): Said<T> => ({ value, place: () => place });
    const { change } = command;
    switch (change.do) {
      case 'addService': {
        const service = { ...said(change.service), destinations: [] };
        this.services.push(service);
        const key = serviceKey(change.service.id);
        if (!this.byKey.has(key)) this.byKey.set(key, service);
        return true;
      }
      case 'addDestination':
        this.addDestination(change.of, said(change.destination));
        return true;
      case 'startDaemon':
        this.daemons = [...(this.daemons ?? []), said(change.daemon)];
        return true;
      case 'setTimeouts':
        // A timeout of 0 leaves what is there.
        this.timeouts = (Object.entries(change.timeouts) as [keyof Timeouts, number][])
          .filter(([, seconds]) => seconds > 0)
          .map(said);
        return true;
      default:
        return false;
    }
  }

  finished(): Part {
    return { services: this.services, daemons: this.daemons, timeouts: this.timeouts };
  }

  private addDestination(of: ServiceId, destination: Said<Destination>): void {
    const service = this.byKey.get(serviceKey(of));
    if (service !== undefined) service.destinations.push(destination);
    else this.report({ ...destination.place(), text: `no -A before it adds ${formatService(of)}` });
  }
}

const columnOf = (line: string, word = ''): number => Math.max(line.indexOf(word), 0) + 1;
