/** Packages of Debian, made with dpkg-deb(1). */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ipvsadmPrograms } from '../../src/context.js';
import { root } from '../build/project.js';
import { type Entry, type PackageName, unitFiles } from './contents.js';
import {
  type Build,
  descriptions,
  ipvsadmVersion,
  maintainer,
  oldestGlibc,
  packageVersion,
  revision,
} from './metadata.js';
import { run } from './run.js';
import { writeTree } from './tree.js';

/** @returns paths of the packages */
export function debianPackages(build: Build): string[] {
  return (Object.keys(descriptions) as PackageName[]).map((name) => debianPackage(name, build));
}

function debianPackage(name: PackageName, build: Build): string {
  const entries = build.entries.filter((entry) => entry.package === name);
  const architecture = architectures[name] ?? build.architecture;
  const version = `${packageVersion(build.version)}-${revision}`;
  const file = join(build.output, `${name}_${version}_${architecture}.deb`);
  const tree = mkdtempSync(join(tmpdir(), 'lvsadm-deb-'));
  try {
    writeTree(tree, entries, build.time);
    const control = join(tree, 'DEBIAN');
    mkdirSync(control);
    const ownScripts = scripts(name);
    const content: Readonly<Record<string, string>> = {
      control: controlFile(name, version, architecture, build, entries),
      md5sums: sums(entries),
      ...(name === 'lvsadm' && { conffiles: configuration(entries) }),
      ...ownScripts,
    };
    for (const [key, text] of Object.entries(content)) {
      writeFileSync(join(control, key), text);
      chmodSync(join(control, key), key in ownScripts ? 0o755 : 0o644);
    }
    run('dpkg-deb', ['--root-owner-group', ...compressions[build.compression], '--build', tree, file], {
      SOURCE_DATE_EPOCH: String(build.time),
    });
  } finally {
    rmSync(tree, { recursive: true });
  }
  return file;
}

const architectures: Readonly<Partial<Record<PackageName, string>>> = { 'lvsadm-ipvsadm': 'all' };

function controlFile(
  name: PackageName,
  version: string,
  architecture: string,
  build: Build,
  entries: readonly Entry[],
): string {
  const { summary, text } = descriptions[name];
  const bytes = entries.reduce((sum, { content }) => sum + ('target' in content ? 0 : content.length), 0);
  const fields: readonly (readonly [string, string])[] = [
    ['Package', name],
    ['Version', version],
    ['Architecture', architecture],
    ['Maintainer', maintainer],
    ['Installed-Size', String(Math.ceil(bytes / 1024))],
    ...relations(name, version, build),
    ['Section', 'net'],
    ['Priority', 'optional'],
    ['Description', [summary, ...text.map((line) => ` ${line}`)].join('\n')],
  ];
  return fields.map(([key, value]) => `${key}: ${value}\n`).join('');
}

/** ipvsadm's callers may ask for a version; Debian's have the epoch 1. */
const relations = (name: PackageName, version: string, { program }: Build): (readonly [string, string])[] =>
  name === 'lvsadm'
    ? [
        ['Depends', `libc6 (>= ${oldestGlibc(program)})`],
        ['Recommends', 'kmod'],
        ['Suggests', 'lvsadm-ipvsadm, iputils-ping'],
      ]
    : [
        ['Depends', `lvsadm (= ${version})`],
        ['Provides', `ipvsadm (= 1:${ipvsadmVersion})`],
        ['Conflicts', 'ipvsadm'],
        ['Replaces', 'ipvsadm'],
      ];

const sums = (entries: readonly Entry[]): string =>
  entries
    .flatMap(({ path, content, role }) =>
      'target' in content || role === 'configuration'
        ? []
        : [`${createHash('md5').update(content).digest('hex')}  ${path.slice(1)}\n`],
    )
    .join('');

const configuration = (entries: readonly Entry[]): string =>
  entries
    .filter(({ role }) => role === 'configuration')
    .map(({ path }) => `${path}\n`)
    .join('');

/** Threads would divide the content, and so change the bytes. */
const compressions = { small: ['-Zxz', '--threads-max=1'], fast: ['-Zgzip', '-z1'] };

/** The scripts of a package, by the names that say when dpkg runs them. */
function scripts(name: PackageName): Readonly<Record<string, string>> {
  const directory = join(root, 'packaging/deb', name);
  return Object.fromEntries(
    readdirSync(directory).map((script) => [script, filled(readFileSync(join(directory, script), 'utf8'))]),
  );
}

/** Puts the names of units and programs into a script. Units that run no program are not started anew by an upgrade. */
export function filled(script: string): string {
  const units = unitFiles();
  const running = units.filter(([, text]) => !/^Type=oneshot$/m.test(text));
  const names = (rows: typeof units): string => rows.map(([name]) => name).join(' ');
  return script
    .replaceAll('@units@', names(units))
    .replaceAll('@running@', names(running))
    .replaceAll('@programs@', ipvsadmPrograms.join(' '));
}

/** Debian's changelog, whose one entry leads to the other one. */
export function debianChangelog(version: string, time: number): string {
  const day = new Date(time * 1000).toUTCString().replace('GMT', '+0000');
  return [
    `lvsadm (${packageVersion(version)}-${revision}) unstable; urgency=medium`,
    '',
    '  * See /usr/share/doc/lvsadm/changelog.gz for the changes of this version.',
    '',
    ` -- ${maintainer}  ${day}`,
    '',
  ].join('\n');
}
