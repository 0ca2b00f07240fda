/** The metrics of several network namespaces as one text: each family once, its samples told apart by a label. */
import { type ExpositionFormat, escapedLabel } from './exposition.js';

export interface NetnsExposition {
  /** The value of the label `netns`; samples of this namespace have none. */
  readonly netns: string | undefined;
  /** What `exposition` wrote. */
  readonly text: string;
}

/** The families in the order in which they come first. */
export function mergeExpositions(parts: readonly NetnsExposition[], format: ExpositionFormat): string {
  const families = new Map<string, { header: string; samples: string }>();
  for (const { netns, text } of parts) {
    let family = { header: '', samples: '' };
    for (const line of text.split('\n')) {
      const [, keyword, name = ''] = /^# (HELP|TYPE) (\S+)/.exec(line) ?? [];
      if (keyword === 'HELP') {
        family = families.get(name) ?? { header: `${line}\n`, samples: '' };
        families.set(name, family);
      } else if (keyword === 'TYPE') {
        if (family.samples === '') family.header += `${line}\n`;
      } else if (line !== '' && !line.startsWith('#')) family.samples += `${labelled(line, netns)}\n`;
    }
  }
  const text = [...families.values()].map(({ header, samples }) => header + samples).join('');
  return format === 'openmetrics' ? `${text}# EOF\n` : text;
}

/** `lvs_up 1` as `lvs_up{netns="blue"} 1`. The name ends before the first blank or brace; a label may hold both. */
function labelled(sample: string, netns: string | undefined): string {
  if (netns === undefined) return sample;
  const label = `netns="${escapedLabel(netns)}"`;
  return sample.replace(/^([^ {]+)(\{?)/, (_, name: string, brace: string) =>
    brace === '' ? `${name}{${label}}` : `${name}{${label},`,
  );
}
