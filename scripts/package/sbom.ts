/** The list of all that is inside, as JSON of CycloneDX 1.5 (https://cyclonedx.org/docs/1.5/json/). */
import { createHash } from 'node:crypto';
import { commit, epoch, version } from '../build/project.js';
import type { Component } from './components.js';

export function softwareBill(components: readonly Component[]): string {
  const own = { type: 'application', 'bom-ref': 'lvsadm', name: 'lvsadm', version, ...licensed('MIT') };
  const listed = components.map(({ name, version, licence, purl, source }) => ({
    type: 'library',
    'bom-ref': purl ?? `runtime/${name}`,
    name,
    ...(version !== undefined && { version }),
    ...licensed(licence),
    ...(purl !== undefined && { purl }),
    ...(source !== undefined && { externalReferences: [{ type: 'vcs', url: source }] }),
  }));
  const content = {
    metadata: {
      timestamp: new Date(epoch * 1000).toISOString(),
      component: { ...own, ...(commit !== '' && { properties: [{ name: 'lvsadm:commit', value: commit }] }) },
    },
    components: listed,
    dependencies: [
      { ref: 'lvsadm', dependsOn: listed.map((component) => component['bom-ref']) },
      ...listed.map((component) => ({ ref: component['bom-ref'] })),
    ],
  };
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.5.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.5',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(content))}`,
    version: 1,
    ...content,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/** One licence by its identifier; several are an expression. */
const licensed = (licence: string) => ({
  licenses: [/^\S+$/.test(licence) ? { license: { id: licence } } : { expression: licence }],
});

/** A UUID of version 8 (RFC 9562): the same for the same content. */
function uuidOf(content: string): string {
  const hash = createHash('sha256').update(content).digest();
  hash[6] = ((hash[6] as number) & 0x0f) | 0x80;
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80;
  const digits = hash.toString('hex');
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
    digits.slice(20, 32),
  ].join('-');
}
