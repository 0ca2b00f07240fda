/**
 * What is in the packages, as rows: where a file goes, its mode, and where it comes from. Every format is made of these rows.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { root } from '../build/project.js';
import { type Installed, layout } from '../install/layout.js';

/** lvsadm, and its links under ipvsadm's names. */
export type PackageName = 'lvsadm' | 'lvsadm-ipvsadm';

/** `archive` is the tree of the tar archive and of the image. */
export type Format = 'deb' | 'rpm' | 'archive';

export interface Entry {
  readonly package: PackageName;
  /** Absolute. */
  readonly path: string;
  /** Permissions; links have none of their own. */
  readonly mode: number;
  readonly content: Uint8Array | { readonly target: string };
  /** A configuration file stays as its administrator has left it; documentation may be left out by an installation. */
  readonly role: 'program' | 'configuration' | 'documentation' | 'licence';
}

export interface Sources {
  /** The executable. */
  readonly program: Uint8Array;
  /** Output of lvsadm with these arguments. */
  readonly written: (words: readonly string[]) => Promise<Uint8Array>;
  /** Licences of all that is inside. */
  readonly copyright: string;
  /** The list of all that is inside, in the form of CycloneDX. */
  readonly components: string;
  /** The changelog in the form of Debian. */
  readonly debianChangelog: string;
}

export const documentation = '/usr/share/doc/lvsadm';
const units = '/usr/lib/systemd/system';

/** Where systemd's units are in the project. */
const unitSources = join(root, 'packaging/systemd');

/** The units, each with its text. */
export const unitFiles = (): readonly (readonly [name: string, text: string])[] =>
  readdirSync(unitSources)
    .sort()
    .map((name) => [name, readFileSync(join(unitSources, name), 'utf8')]);

/** Debian's zsh has a directory of its own for packages. */
const moved: Readonly<Record<Format, Readonly<Record<string, string>>>> = {
  deb: { 'share/zsh/site-functions/_lvsadm': 'share/zsh/vendor-completions/_lvsadm' },
  rpm: {},
  archive: {},
};

/** All rows of a format, in the order of their paths. */
export async function contentsOf(format: Format, sources: Sources): Promise<readonly Entry[]> {
  const installed = await Promise.all(layout.map((item) => entriesOf(item, format, sources)));
  const entries = [
    ...installed.flat(),
    ...systemd(),
    ...(format === 'archive' ? openrc() : []),
    ...documents(format, sources),
  ];
  return entries.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Pages are compressed: policies of distributions want that, and man(1) finds them. */
const isPage = ({ path }: Installed): boolean => path.includes('/man/');

async function entriesOf(item: Installed, format: Format, sources: Sources): Promise<Entry[]> {
  const { writtenBy, mode, links } = item;
  const ending = isPage(item) ? '.gz' : '';
  const path = join('/usr', moved[format][item.path] ?? item.path) + ending;
  const text = writtenBy === undefined ? sources.program : await sources.written(writtenBy);
  return [
    { package: 'lvsadm', path, mode, content: isPage(item) ? compressed(text) : text, role: 'program' },
    ...links.map((name) => linkEntry(join(dirname(path), name + ending), basename(path))),
  ];
}

const linkEntry = (path: string, target: string): Entry => ({
  package: 'lvsadm-ipvsadm',
  path,
  mode: 0o777,
  content: { target },
  role: 'program',
});

const file = (path: string, role: Entry['role'], content: string | Uint8Array, mode = 0o644): Entry => ({
  package: 'lvsadm',
  path,
  mode,
  content: Buffer.from(content),
  role,
});

const systemd = (): Entry[] => [
  ...unitFiles().map(([name, text]) => file(join(units, name), 'program', text)),
  file('/etc/lvsadm.d/README', 'configuration', source('packaging/etc/README')),
];

/** For distributions without systemd, which have the tar archive only. */
const openrc = (): Entry[] => [
  file('/etc/init.d/lvsadm', 'configuration', source('packaging/openrc/lvsadm'), 0o755),
];

function documents(format: Format, sources: Sources): Entry[] {
  const doc = (name: string, content: string | Uint8Array, role: Entry['role'] = 'documentation') =>
    file(join(documentation, name), role, content);
  const below = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.\w+$/.test(name))
    .map((name) => join('docs', name));
  const common = [
    ...['README.md', 'SECURITY.md', ...below].map((name) => doc(name, source(name))),
    doc('copyright', sources.copyright, 'licence'),
    doc('lvsadm.cdx.json', sources.components),
  ];
  // Debian has these texts in /usr/share/common-licenses, and changelogs under names of its own.
  if (format !== 'deb') {
    const licences = readdirSync(join(root, 'packaging/licences'));
    return [
      ...common,
      doc('CHANGELOG.md', source('CHANGELOG.md')),
      ...licences.map((name) => doc(name, source(join('packaging/licences', name)), 'licence')),
    ];
  }
  return [
    ...common,
    doc('changelog.gz', compressed(source('CHANGELOG.md'))),
    doc('changelog.Debian.gz', compressed(sources.debianChangelog)),
    ...readdirSync(join(root, 'packaging/lintian')).map((name) => ({
      ...file(
        join('/usr/share/lintian/overrides', name),
        'documentation',
        source(join('packaging/lintian', name)),
      ),
      package: name as PackageName,
    })),
    linkEntry('/usr/share/doc/lvsadm-ipvsadm', 'lvsadm'),
  ];
}

const source = (name: string): Buffer => readFileSync(join(root, name));

/** gzip -9n: neither name nor time is in it. */
const compressed = (content: string | Uint8Array): Uint8Array => gzipSync(content, { level: 9 });

/** The directories of a tree that are lvsadm's alone, outermost first. */
export const ownDirectories = (entries: readonly Entry[]): string[] =>
  [...new Set(entries.flatMap(({ path }) => ancestors(path)))]
    .filter((path) => path.includes('/lvsadm'))
    .sort();

/** `/a/b/c`: `/a`, `/a/b` */
export const ancestors = (path: string): string[] =>
  path
    .split('/')
    .slice(1, -1)
    .map((_, index, parts) => `/${parts.slice(0, index + 1).join('/')}`);
