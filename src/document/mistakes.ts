/** The mistakes in one document: each is reported with its place, and reading goes on. */
import { ValueError } from '../errors.js';
import type { Located, Report } from './fragment.js';
import { InvalidValue, isNot } from './invalid-value.js';
import type { Path, Source } from './location.js';
import { misfitProblem } from './schema-errors.js';
import type { Misfit } from './shape.js';

export class Mistakes {
  constructor(
    private readonly source: Source,
    private readonly report: Report,
  ) {}

  problem(path: Path, text: string): void {
    this.report(() => ({ ...this.source.locate(path), text }));
  }

  /** About a value that has been located. */
  about(item: Located<unknown>, text: string): void {
    this.report(() => ({ ...item.location(), text }));
  }

  misfit(misfit: Misfit): void {
    this.report(() => misfitProblem(this.source, misfit));
  }

  /** What `make` returns; an error about a value becomes a problem at `path`. */
  attempt<T>(path: () => Path, make: () => T): T | undefined {
    try {
      return make();
    } catch (error) {
      if (error instanceof InvalidValue) this.problem(path(), error.message);
      else if (error instanceof ValueError) this.problem(path(), isNot(error.given, error.expected));
      else throw error;
      return undefined;
    }
  }
}
