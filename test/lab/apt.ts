// apt with a configuration of its own: fetches packages of a Debian suite without touching the machine's sources, and
// whether or not the machine is of that suite. No root needed.
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { output, quietly } from './process.js';

const fallbackMirror = 'http://deb.debian.org/debian/';

/** The Debian mirrors to try, the machine's own before the public one. */
export async function debianMirrors(): Promise<string[]> {
  const listing = await output('apt-get', [
    'indextargets',
    '--format',
    '$(REPO_URI) $(ORIGIN) $(LABEL)',
    'Created-By: Packages',
  ]).catch(() => '');
  return [...new Set([...mirrorsIn(listing), fallbackMirror])];
}

/**
 * Debian's archives among apt's index targets, one "URI ORIGIN LABEL" a line. Origin and label are known only after the
 * first `apt-get update`; the archive's customary path has to do before that.
 */
export function mirrorsIn(listing: string): string[] {
  return listing
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([uri = '', origin = '', label = '']) => (origin ? label === 'Debian' : uri.endsWith('/debian/')))
    .map(([uri = '']) => uri)
    .filter((uri) => /^https?:/.test(uri));
}

/** The packages that one depends on, from what `apt-cache depends` prints. */
export function dependenciesIn(listing: string): string[] {
  return [...listing.matchAll(/^\s*Depends: (\S+)$/gm)].map(([, name = '']) => name);
}

export class PrivateApt {
  private constructor(
    private readonly directory: string,
    private readonly options: string[],
  ) {}

  /** Reads the package lists of `suite` into `directory`. */
  static async create(
    directory: string,
    mirror: string,
    suite: string,
    architecture = 'amd64',
  ): Promise<PrivateApt> {
    const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
    await mkdir(join(directory, 'lists/partial'), { recursive: true });
    await mkdir(join(directory, 'cache/archives/partial'), { recursive: true });
    await mkdir(join(directory, 'none'));
    await writeFile(join(directory, 'status'), '');
    await writeFile(
      join(directory, 'debian.list'),
      `deb [arch=${architecture} signed-by=${keyring}] ${mirror} ${suite} main\n`,
    );
    const settings = {
      'Dir::Etc::SourceList': 'debian.list',
      'Dir::Etc::SourceParts': 'none',
      'Dir::Etc::Preferences': 'none/preferences',
      'Dir::Etc::PreferencesParts': 'none',
      'Dir::State::Lists': 'lists',
      'Dir::State::status': 'status',
      'Dir::Cache': 'cache',
    };
    const options = Object.entries(settings).flatMap(([key, file]) => [
      '-o',
      `${key}=${join(directory, file)}`,
    ]);
    // The unprivileged user that apt otherwise downloads as could not write here.
    options.push('-o', 'APT::Sandbox::User=root', '-o', `APT::Architecture=${architecture}`, '-q');
    await quietly('apt-get', [...options, '-o', 'Acquire::Languages=none', 'update', '--error-on=any']);
    return new PrivateApt(directory, options);
  }

  async dependencies(name: string): Promise<string[]> {
    return dependenciesIn(await output('apt-cache', [...this.options, 'depends', name]));
  }

  /** Downloads a package's newest version; the path of the archive. */
  async download(name: string): Promise<string> {
    const before = new Set(await readdir(this.directory));
    await output('apt-get', [...this.options, 'download', name], this.directory);
    const archive = (await readdir(this.directory)).find(
      (file) => file.endsWith('.deb') && !before.has(file),
    );
    if (!archive) throw new Error(`apt-get downloaded no archive of ${name}`);
    return join(this.directory, archive);
  }
}
