/**
 * A container image in an archive of the OCI image layout: https://github.com/opencontainers/image-spec/blob/main/image-layout.md. It has
 * one layer: lvsadm, its links, and the C library of the machine that builds.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { commit } from '../build/project.js';
import { tarOf } from './archive.js';
import type { Entry } from './contents.js';
import { type Build, descriptions } from './metadata.js';
import { run } from './run.js';

/** Shared libraries that the executable names, and the one that loads them: `readelf -d`. */
const libraries: Readonly<Partial<Record<NodeJS.Architecture, readonly string[]>>> = {
  x64: ['libc.so.6', 'libpthread.so.0', 'libdl.so.2', 'libm.so.6', 'ld-linux-x86-64.so.2'],
  arm64: ['libc.so.6', 'libpthread.so.0', 'libdl.so.2', 'libm.so.6', 'ld-linux-aarch64.so.1'],
};

/** Where executables name the loader, which ldconfig may know by another path. */
const loaders: Readonly<Record<string, string>> = {
  'ld-linux-x86-64.so.2': '/lib64/ld-linux-x86-64.so.2',
  'ld-linux-aarch64.so.1': '/lib/ld-linux-aarch64.so.1',
};

const mediaTypeOf = (name: string): string => `application/vnd.oci.image.${name}`;

/** @returns path of the archive. @throws Error if a library of the executable is not on this machine */
export function imageArchive(build: Build): string {
  const { entries, architecture, version, time, output, compression } = build;
  const layer = tarOf([...entries, ...libraryEntries()], time);
  const blobs = new Map<string, Uint8Array>();
  const blob = (mediaType: string, content: Uint8Array) => {
    const hash = sha256(content);
    blobs.set(hash, content);
    return { mediaType, digest: `sha256:${hash}`, size: content.length };
  };
  const json = (mediaType: string, value: unknown) => blob(mediaType, Buffer.from(JSON.stringify(value)));

  const annotations = {
    'org.opencontainers.image.title': 'lvsadm',
    'org.opencontainers.image.description': descriptions.lvsadm.summary,
    'org.opencontainers.image.version': version,
    ...(commit !== '' && { 'org.opencontainers.image.revision': commit }),
  };
  const created = new Date(time * 1000).toISOString();
  const config = json(mediaTypeOf('config.v1+json'), {
    created,
    architecture,
    os: 'linux',
    config: {
      Env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
      Entrypoint: ['/usr/sbin/lvsadm'],
      Cmd: ['run', '-f', '/etc/lvsadm.d'],
      Labels: annotations,
    },
    rootfs: { type: 'layers', diff_ids: [`sha256:${sha256(layer)}`] },
    history: [{ created, created_by: 'npm run package' }],
  });
  const packed = gzipSync(layer, { level: compression === 'small' ? 9 : 1 });
  const manifest = json(mediaTypeOf('manifest.v1+json'), {
    schemaVersion: 2,
    mediaType: mediaTypeOf('manifest.v1+json'),
    config,
    layers: [blob(mediaTypeOf('layer.v1.tar+gzip'), packed)],
    annotations,
  });
  const index = {
    schemaVersion: 2,
    mediaType: mediaTypeOf('index.v1+json'),
    manifests: [
      {
        ...manifest,
        platform: { architecture, os: 'linux' },
        annotations: { 'org.opencontainers.image.ref.name': version },
      },
    ],
  };
  const file = join(output, `lvsadm-${version}-linux-${architecture}.oci.tar`);
  const files = [
    fileEntry('/oci-layout', JSON.stringify({ imageLayoutVersion: '1.0.0' })),
    fileEntry('/index.json', JSON.stringify(index)),
    ...[...blobs].map(([hash, content]) => fileEntry(`/blobs/sha256/${hash}`, content)),
  ];
  writeFileSync(file, tarOf(files, time));
  return file;
}

const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

const fileEntry = (path: string, content: string | Uint8Array, mode = 0o644): Entry => ({
  package: 'lvsadm',
  path,
  mode,
  content: Buffer.from(content),
  role: 'program',
});

/** The licence of the C library, where Debian has it. */
const COPYRIGHT = '/usr/share/doc/libc6/copyright';

/** Libraries where ldconfig(8) finds them, which is where their loader looks. */
function libraryEntries(): Entry[] {
  const known = new Map(
    run('/sbin/ldconfig', ['-p'])
      .split('\n')
      .flatMap((line) => {
        const [, name, path] = line.match(/^\s*(\S+) .*=> (\S+)$/) ?? [];
        return name === undefined || path === undefined ? [] : [[name, path] as const];
      })
      // The first of several is the one that programs get.
      .reverse(),
  );
  const files = (libraries[process.arch] ?? []).map((name) => {
    const path = loaders[name] ?? known.get(name);
    if (path === undefined) throw new Error(`the library ${name} is not on this machine`);
    return fileEntry(path, readFileSync(path), 0o755);
  });
  return existsSync(COPYRIGHT) ? [...files, fileEntry(COPYRIGHT, readFileSync(COPYRIGHT))] : files;
}
