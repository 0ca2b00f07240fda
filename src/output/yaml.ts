/** YAML with exact 64-bit counters. It is loaded only where YAML is asked for, as js-yaml is. */
import { DUMP_SCHEMA, dump, intCoreTag } from 'js-yaml';
import type { Json } from './json.js';

/** js-yaml writes no bigint. The tag of whole numbers that its schema has decides which texts need quotes. */
const wholeNumber = DUMP_SCHEMA.tags.find(
  ({ tagName }) => tagName === intCoreTag.tagName,
) as typeof intCoreTag;

const schema = DUMP_SCHEMA.withTags({
  ...wholeNumber,
  identify: (value) => typeof value === 'bigint' || wholeNumber.identify(value),
  represent: String,
});

/** The value as YAML, in blocks, without anchors. Members that are undefined are left out. */
export const toYaml = (value: Json): string => dump(value, { schema, noRefs: true, skipInvalid: true });
