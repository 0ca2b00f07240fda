/** The templates of -R: a line like one that was parsed before becomes a message without being parsed. */
import type { Change } from '../../model/change.js';
import type { Batch } from '../../netlink/batch.js';
import { compileTemplate } from './compile-template.js';
import type { LineTemplate } from './line-template.js';

/** A table has few forms of lines: one for each kind of service, and one for each kind of server. */
const CAPACITY = 16;

/** What -R needs of templates. */
export type Templates = Pick<TemplateCache, 'add' | 'learn'>;

/** Templates turned off: every line must be parsed. */
export const noTemplates: Templates = { add: () => -1, learn: () => {} };

export class TemplateCache {
  /** The template that matched last comes first: servers follow servers. */
  private readonly templates: LineTemplate[] = [];

  /**
   * Adds the change of the line at `at` to a batch, if a template matches.
   * @returns offset of the next line, or -1 if the line must be parsed
   */
  add(lines: Uint8Array, at: number, batch: Batch): number {
    const { templates } = this;
    for (let index = 0; index < templates.length; index++) {
      const template = templates[index] as LineTemplate;
      const next = template.match(lines, at);
      if (next < 0) continue;
      batch.addCopy(template.operation, template.message);
      if (index > 0) this.moveToFront(template, index);
      return next;
    }
    return -1;
  }

  /** Keeps a template of a line that was parsed, and of its message. */
  learn(line: string, change: Change, message: Uint8Array<ArrayBuffer>): void {
    const template = compileTemplate(line, change, message);
    if (template !== undefined) this.moveToFront(template, Math.min(this.templates.length, CAPACITY - 1));
  }

  /** Puts a template first; those before `index` move back, and the one at `index` is gone. */
  private moveToFront(template: LineTemplate, index: number): void {
    const { templates } = this;
    for (let i = index; i > 0; i--) templates[i] = templates[i - 1] as LineTemplate;
    templates[0] = template;
  }
}
