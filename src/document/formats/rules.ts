/** Rules, as `-S` writes and `-R` reads them, as a document: the services and servers that they add. */
import { UsageError } from '../../errors.js';
import type { Tokens } from '../../ipvsadm/grammar/args.js';
import type { Command } from '../../ipvsadm/grammar/command.js';
import type { ResolvedNames } from '../../ipvsadm/grammar/endpoint.js';
import { namesIn, parse, tokensOf } from '../../ipvsadm/grammar/parse.js';
import { LINE_TOO_LONG, LONGEST_LINE, splitRule } from '../../ipvsadm/rules.js';
import { mistake } from '../../messages.js';
import type { Daemon } from '../../model/daemon.js';
import type { Destination } from '../../model/destination.js';
import { type Service, type ServiceId, serviceKey } from '../../model/service.js';
import { formatService } from '../../model/service-uri.js';
import type { Timeouts } from '../../model/table.js';
import { hostAddress } from '../addresses.js';
import type { Fragment, Located, Report } from '../fragment.js';
import { InvalidValue } from '../invalid-value.js';
import type { Location } from '../location.js';
import type { Names } from '../names.js';

/**
 * The services and servers that rules add. A rule with a mistake is left out and goes to `report`. A rule with a name that has not
 * been looked up yet is left out.
 */
export function convertRules(file: string, text: string, names: Names, report: Report): Fragment {
  const fragment = new RulesFragment(report);
  for (const [index, line] of linesOf(text)) {
    if (line.length > LONGEST_LINE) {
      report(() => ({ file, line: index + 1, text: LINE_TOO_LONG }));
      continue;
    }
    const words = splitRule(line);
    if (words.length === 0) continue;
    const location: Location = { file, line: index + 1, column: columnOf(line, words[0]) };
    const problem = (text: string, word?: string) =>
      report(() => ({ ...location, column: columnOf(line, word ?? words[0]), text }));
    try {
      const command = commandOf(tokensOf(words), names);
      if (command !== undefined && !fragment.add(command, location)) problem(NOT_STATE);
    } catch (error) {
      if (error instanceof UsageError) problem(mistake(error), error.argument);
      else if (error instanceof InvalidValue) problem(error.message);
      else throw error;
    }
  }
  return fragment.finished();
}

const NOT_STATE = 'not a part of a table; of rules, -A, -a, --set and --start-daemon are';

/** The command; undefined until its names have been looked up. */
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

class RulesFragment {
  private readonly services: (Located<Service> & { readonly destinations: Located<Destination>[] })[] = [];
  private readonly byKey = new Map<string, (typeof this.services)[number]>();
  private daemons: Located<Daemon>[] | undefined;
  private timeouts: Map<string, Located<readonly [keyof Timeouts, number]>> | undefined;

  constructor(private readonly report: Report) {}

  /** @returns false for a command that is no part of a state, such as -D */
  add(command: Command, location: Location): boolean {
    if (command.do !== 'change') return false;
    const located = <T>(value: T): Located<T> => ({ value, location: () => location });
    const { change } = command;
    switch (change.do) {
      case 'addService': {
        const service = { ...located(change.service), destinations: [] };
        this.services.push(service);
        const key = serviceKey(change.service.id);
        if (!this.byKey.has(key)) this.byKey.set(key, service);
        return true;
      }
      case 'addDestination':
        this.addDestination(change.of, located(change.destination));
        return true;
      case 'startDaemon':
        this.daemons = [...(this.daemons ?? []), located(change.daemon)];
        return true;
      case 'setTimeouts':
        this.timeouts ??= new Map();
        for (const [name, seconds] of Object.entries(change.timeouts) as [keyof Timeouts, number][]) {
          // 0 leaves a timeout unchanged.
          if (seconds > 0) this.timeouts.set(name, located([name, seconds]));
        }
        return true;
      default:
        return false;
    }
  }

  finished(): Fragment {
    const timeouts = this.timeouts && [...this.timeouts.values()];
    return { services: this.services, daemons: this.daemons, timeouts };
  }

  private addDestination(of: ServiceId, destination: Located<Destination>): void {
    const service = this.byKey.get(serviceKey(of));
    if (service !== undefined) service.destinations.push(destination);
    else {
      this.report(() => ({ ...destination.location(), text: `no -A before it adds ${formatService(of)}` }));
    }
  }
}

const columnOf = (line: string, word = ''): number => Math.max(line.indexOf(word), 0) + 1;

/** The lines of a text and their indexes, one at a time: a list of 60 million empty ones would take 500 MB. */
function* linesOf(text: string): Generator<[index: number, line: string]> {
  for (let index = 0, at = 0; at <= text.length; index++) {
    const end = text.indexOf('\n', at);
    const next = end < 0 ? text.length : end;
    yield [index, text.slice(at, next)];
    at = next + 1;
  }
}
