/**
 * The checks of a service and of its servers: options of the server, else of the service, else of the document, else the defaults.
 * An option that the nearest kind lacks is a mistake where it stands beside it, and has no effect where it is inherited.
 */
import {
  type Check,
  type CheckKind,
  type CheckOf,
  checkKindNames,
  checkKinds,
  optionsOfKind,
} from '../model/check.js';
import type { ServerChecks } from '../model/health.js';
import { type CheckValue, checkShape } from './check-shapes.js';
import { isNot } from './invalid-value.js';
import type { Path } from './location.js';
import type { Mistakes } from './mistakes.js';
import { modelValues, type OptionValues, optionShape } from './option-shapes.js';

/** Options of several layers, those of the nearest before the others. */
interface Merged {
  readonly kind: CheckKind | undefined;
  readonly options: OptionValues;
  readonly isOff: boolean;
  /** The nearest layer that there is. */
  readonly path: Path;
}

const NOTHING: Merged = { kind: undefined, options: {}, isOff: false, path: ['defaults', 'check'] };

/** The checks of a service, before those of its servers are known. */
export class CheckLayers {
  private readonly merged: Merged;
  private finished: { readonly check: Check | undefined } | undefined;

  constructor(
    usual: CheckValue | undefined,
    own: CheckValue | undefined,
    path: Path,
    private readonly mistakes: Mistakes,
  ) {
    const outer = usual === undefined ? NOTHING : merge(NOTHING, usual, NOTHING.path);
    this.merged = this.extended(outer, own, [...path, 'check']);
  }

  /** Whether neither the document nor the service says anything of checks. */
  get areEmpty(): boolean {
    return this.merged === NOTHING;
  }

  /** The checks of servers without any of their own. */
  usual(agent: OptionValues | undefined): ServerChecks {
    this.finished ??= { check: this.checkOf(this.merged) };
    return checksWith(this.finished.check, agent);
  }

  /** The checks of a server with some of its own. */
  own(value: CheckValue | undefined, agent: OptionValues | undefined, path: Path): ServerChecks {
    if (value === undefined) return this.usual(agent);
    return checksWith(this.checkOf(this.extended(this.merged, value, [...path, 'check'])), agent);
  }

  private extended(outer: Merged, value: CheckValue | undefined, path: Path): Merged {
    if (value === undefined) return outer;
    const merged = merge(outer, value, path);
    const { kind } = merged;
    if (value === false || value.kind !== undefined) return merged;
    if (kind === undefined) this.mistakes.problem([...path, 'kind'], `missing; it should be ${KINDS}`);
    else for (const misfit of checkShape(kind).shape.misfits(value, path)) this.mistakes.misfit(misfit);
    return merged;
  }

  private checkOf({ kind, options, isOff, path }: Merged): Check | undefined {
    if (kind === undefined || isOff) return undefined;
    for (const [name, option] of Object.entries(optionsOfKind(kind))) {
      if (!option.required || options[name] !== undefined) continue;
      this.mistakes.problem([...path, name], `missing; it should be ${optionShape(option).noun}`);
    }
    const check = { kind, ...modelValues(optionsOfKind(kind), options) } as unknown as Check;
    if ('encoding' in check && check.encoding === 'hex') {
      for (const name of ['send', 'expect'] as const) {
        const digits = check[name];
        if (digits === undefined || /^(?:[0-9a-f]{2})+$/i.test(digits)) continue;
        this.mistakes.problem([...path, name], isNot(digits, 'bytes in hexadecimal, such as 0d0a'));
      }
    }
    return check;
  }
}

const KINDS = `one of ${checkKindNames.join(', ')}`;

function merge(outer: Merged, value: CheckValue, path: Path): Merged {
  if (value === false) return { ...outer, isOff: true, path };
  const kind = value.kind ?? outer.kind;
  const options: OptionValues = { ...outer.options, ...value };
  const members = kind && checkShape(kind).members;
  const fitting = Object.entries(options).filter(
    ([name, given]) => members === undefined || (Object.hasOwn(members, name) && members[name]?.fits(given)),
  );
  return { kind, options: Object.fromEntries(fitting), isOff: false, path };
}

const checksWith = (check: Check | undefined, agent: OptionValues | undefined): ServerChecks => ({
  ...(check && { check }),
  ...(agent && {
    agent: { kind: 'agent', ...modelValues(optionsOfKind('agent'), agent) } as CheckOf<'agent'>,
  }),
});

/** Whether a check needs a port and has none: the server has none either, and the kind none that is usual. */
export const lacksPort = (check: Check | undefined, serverPort: number): boolean =>
  check !== undefined &&
  serverPort === 0 &&
  check.port === undefined &&
  !('usualPort' in checkKinds[check.kind]);
