/** Options as the rows of tables in docs/. */
import { defaultText, formatDuration, type Option, type Options } from '../../src/model/option.js';

/** `| name | values | default | meaning | example |`, of groups with those inside of them. */
export const optionRows = (options: Options, prefix = ''): string[] =>
  Object.entries(options).flatMap(([name, option]) => [
    row(`${prefix}${name}`, option),
    ...(option.value === 'group' ? optionRows(option.options, `${prefix}${name}.`) : []),
  ]);

function row(name: string, option: Option): string {
  const usual = option.required ? 'required' : (defaultText(option) ?? '');
  return `| \`${name}\` | ${valuesOf(option)} | ${usual} | ${option.about} | \`${option.example}\` |`;
}

const range = (min: string | number, max: string | number) => `${min} to ${max}`;

function valuesOf(option: Option): string {
  switch (option.value) {
    case 'integer':
      return [range(option.min, option.max), option.unit].filter(Boolean).join(' ');
    case 'duration':
      return range(formatDuration(option.min), formatDuration(option.max));
    case 'percent':
      return range(`${option.min}%`, `${option.max}%`);
    case 'text':
      return option.noun;
    case 'word':
      return option.words.map((word) => `\`${word}\``).join(', ');
    default:
      return nouns[option.value];
  }
}

const nouns = {
  switch: '`true`, `false`',
  address: 'an address',
  addresses: 'addresses with the length of their network',
  server: 'a server',
  statuses: 'codes and ranges',
  command: 'a list of words',
  headers: 'names with values',
  scalar: 'text, number, true or false',
  group: 'settings',
} as const;
