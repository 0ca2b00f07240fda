/** Packages of Fedora, RHEL and SUSE, made with rpmbuild(8). */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../build/project.js';
import { type Entry, ownDirectories, type PackageName } from './contents.js';
import { filled } from './deb.js';
import {
  type Build,
  descriptions,
  ipvsadmVersion,
  maintainer,
  packageVersion,
  revision,
} from './metadata.js';
import { run } from './run.js';
import { writeTree } from './tree.js';

/** @param licence of all that is inside: an SPDX expression. @returns paths of the packages */
export function rpmPackages(build: Build, licence: string): string[] {
  const top = mkdtempSync(join(tmpdir(), 'lvsadm-rpm-'));
  try {
    const tree = join(top, 'tree');
    writeTree(tree, build.entries, build.time);
    const spec = join(top, 'lvsadm.spec');
    writeFileSync(spec, specFile(build, tree, licence));
    const defined = Object.entries({
      ...macros,
      _topdir: top,
      _binary_payload: payloads[build.compression],
    }).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
    run('rpmbuild', ['-bb', '--target', `${build.architecture}-linux`, ...defined, spec], {
      SOURCE_DATE_EPOCH: String(build.time),
    });
    const made = join(top, 'RPMS');
    return readdirSync(made, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.rpm'))
      .sort()
      .map((name) => {
        const file = join(build.output, name.slice(name.lastIndexOf('/') + 1));
        writeFileSync(file, readFileSync(join(made, name)));
        return file;
      });
  } finally {
    rmSync(top, { recursive: true });
  }
}

/** Of rpmbuild: nothing of the machine that builds gets into the packages, and the files are not changed. */
const macros: Readonly<Record<string, string>> = {
  _buildhost: 'localhost',
  use_source_date_epoch_as_buildtime: '1',
  clamp_mtime_to_source_date_epoch: '1',
  source_date_epoch_from_changelog: '0',
  _build_id_links: 'none',
  debug_package: '%{nil}',
  __os_install_post: '%{nil}',
};

const payloads = { small: 'w6.xzdio', fast: 'w1.gzdio' };

const specFile = (build: Build, tree: string, licence: string): string => `
Name: lvsadm
Version: ${packageVersion(build.version)}
Release: ${revision}
Summary: ${capital(descriptions.lvsadm.summary)}
License: ${licence}
Packager: ${maintainer}
Recommends: kmod
Suggests: lvsadm-ipvsadm

%description
${descriptions.lvsadm.text.join('\n')}

%package ipvsadm
Summary: ${capital(descriptions['lvsadm-ipvsadm'].summary)}
License: MIT
BuildArch: noarch
Requires: lvsadm = %{version}-%{release}
Provides: ipvsadm = ${ipvsadmVersion}
Conflicts: ipvsadm

%description ipvsadm
${descriptions['lvsadm-ipvsadm'].text.join('\n')}

%install
mkdir -p %{buildroot}
cp -a ${tree}/. %{buildroot}

${scripts()}
%files
${ownDirectories(build.entries)
  .map((path) => `%dir ${path}\n`)
  .join('')}${filesOf('lvsadm', build.entries)}
%files ipvsadm
${filesOf('lvsadm-ipvsadm', build.entries)}
%changelog
* ${changelogDay(build.time)} ${maintainer} - ${packageVersion(build.version)}-${revision}
- See /usr/share/doc/lvsadm/CHANGELOG.md for the changes of this version.
`;

/** Sections of the spec file: when rpm runs the scripts of these names. */
const sections = ['post', 'preun', 'postun'];

const scripts = (): string =>
  sections
    .map(
      (name) => `%${name} -p /bin/sh\n${filled(readFileSync(join(root, 'packaging/rpm', name), 'utf8'))}\n`,
    )
    .join('');

const marks: Readonly<Record<Entry['role'], string>> = {
  program: '',
  configuration: '%config(noreplace) ',
  documentation: '%doc ',
  licence: '%license ',
};

const filesOf = (name: PackageName, entries: readonly Entry[]): string =>
  entries
    .filter((entry) => entry.package === name)
    .map(({ path, mode, content, role }) => {
      const permissions = 'target' in content ? '-' : mode.toString(8);
      return `%attr(${permissions}, root, root) ${marks[role]}${path}\n`;
    })
    .join('');

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `Mon Nov 30 2026` */
function changelogDay(time: number): string {
  const [weekday, day, month, year] = new Date(time * 1000).toUTCString().replace(',', '').split(' ');
  return [weekday, month, day, year].join(' ');
}
