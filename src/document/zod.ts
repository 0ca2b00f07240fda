/** zod's part: what is wrong with a value that is no document, and the JSON Schema of those that are. */
import * as z from 'zod/mini';
import { DocumentError, type Problem } from '../errors.js';
import type { Source } from './location.js';
import { type DocumentValue, document } from './schema.js';
import { schemaProblems } from './schema-errors.js';

/** The document that a value is. @throws DocumentError with all that is wrong */
export function parse(source: Source): DocumentValue {
  const result = document.schema(z).safeParse(source.value);
  if (result.success) return result.data;
  throw new DocumentError(schemaProblems(source, result.error.issues) as [Problem, ...Problem[]]);
}

/** The JSON Schema of documents, for editors. */
export const documentJsonSchema = (): object => ({
  title: 'lvsadm desired state',
  ...z.toJSONSchema(document.schema(z), { io: 'input' }),
});
