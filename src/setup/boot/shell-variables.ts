/** Files of shell variables, such as /etc/default/ipvsadm: assignments of values that need no shell to be read. */
import { DocumentError, type Problem } from '../../errors.js';

export interface Variable {
  readonly value: string;
  /** From 1. */
  readonly line: number;
}

export type Variables = ReadonlyMap<string, Variable>;

/** A value in double quotes, in single quotes or without quotes, and a comment. */
const assignment =
  /^\s*(?:export\s+)?([A-Za-z_]\w*)=(?:"([^"$`\\]*)"|'([^']*)'|([^\s"'$`\\;&|<>()#]*))(?:\s+#.*|\s*)$/;

/**
 * The last assignment of each variable.
 * @param file as problems name it
 * @throws DocumentError for every line that only a shell understands
 */
export function readVariables(file: string, text: string): Variables {
  const variables = new Map<string, Variable>();
  const problems: Problem[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const [, name, ...values] = assignment.exec(line) ?? [];
    if (name === undefined) problems.push({ file, line: index + 1, text: 'not of the form NAME=value' });
    else variables.set(name, { value: values.find((value) => value !== undefined) ?? '', line: index + 1 });
  }
  const [first, ...others] = problems;
  if (first !== undefined) throw new DocumentError([first, ...others]);
  return variables;
}
