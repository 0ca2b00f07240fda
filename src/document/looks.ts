/** What a text looks like, told without the grammar that reads it. */
import { splitRule } from '../ipvsadm/rules.js';

/** Rules begin with an option, which no YAML document with keys in it does. */
export function looksLikeRules(text: string): boolean {
  for (const [line] of text.matchAll(/.+/g)) {
    const [first] = splitRule(line);
    if (first !== undefined) return /^--?[a-z]/i.test(first);
  }
  return false;
}
