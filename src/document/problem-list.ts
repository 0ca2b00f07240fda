/** The problems of documents, as they are found. */
import { DocumentError, type Problem } from '../errors.js';
import type { Report } from './fragment.js';

/** Problems that are told; others are only counted. */
const TOLD = 20;

export class ProblemList {
  private readonly told: Problem[] = [];
  private more = 0;

  readonly report: Report = (problem) => {
    if (this.told.length < TOLD) this.told.push(problem());
    else this.more++;
  };

  /** The same problems, to which others are added. */
  copy(): ProblemList {
    const copy = new ProblemList();
    copy.told.push(...this.told);
    copy.more = this.more;
    return copy;
  }

  /** Takes the problems of an error. */
  add(error: DocumentError): void {
    for (const problem of error.problems) this.report(() => problem);
    this.more += error.more;
  }

  get isEmpty(): boolean {
    return this.told.length === 0;
  }

  /** All of them as one error; call it only if there are any. @param files in whose order it tells them */
  error(files: readonly string[]): DocumentError {
    const order = new Map(files.map((file, index) => [file, index]));
    const told = this.told.toSorted(
      (a, b) =>
        (order.get(a.file) ?? 0) - (order.get(b.file) ?? 0) ||
        (a.line ?? 0) - (b.line ?? 0) ||
        (a.column ?? 0) - (b.column ?? 0),
    );
    return new DocumentError(told as [Problem, ...Problem[]], this.more);
  }
}
