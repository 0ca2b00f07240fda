/** The packages of one processor, all made of the same rows. */
import type { Libc, Processor } from '../build/bun.js';
import { tarArchive } from './archive.js';
import { type Component, npmComponents, runtimeComponents } from './components.js';
import { contentsOf, documentation, type Format, type Sources } from './contents.js';
import { copyright } from './copyright.js';
import { debianChangelog, debianPackages } from './deb.js';
import { imageArchive } from './image.js';
import type { Build } from './metadata.js';
import { rpmPackages } from './rpm.js';
import { softwareBill } from './sbom.js';

/** Files that the packages are made of, beside those of the project. */
export interface Parts {
  readonly packages: readonly Component[];
  readonly runtime: readonly Component[];
}

export const findParts = async (): Promise<Parts> => ({
  packages: await npmComponents(),
  runtime: runtimeComponents(),
});

export interface Order
  extends Pick<Build, 'program' | 'version' | 'time' | 'output' | 'compression'>,
    Parts,
    Pick<Sources, 'written'> {
  readonly processor: Processor;
  /** Where it is not the one of this machine. */
  readonly libc?: Libc | undefined;
}

/** How dpkg and rpm call a processor; images do as dpkg. */
const names: Readonly<Record<Processor, { readonly deb: string; readonly rpm: string }>> = {
  x64: { deb: 'amd64', rpm: 'x86_64' },
  arm64: { deb: 'arm64', rpm: 'aarch64' },
};

/** @returns paths of the files. @throws Error if a tool fails or is not installed */
export type Maker = (order: Order) => Promise<string[]>;

export const makers: Readonly<Record<'deb' | 'rpm' | 'tar' | 'oci', Maker>> = {
  deb: async (order) => debianPackages(await buildOf('deb', order, names[order.processor].deb)),
  rpm: async (order) =>
    rpmPackages(await buildOf('rpm', order, names[order.processor].rpm), licenceOf(order)),
  tar: async (order) => {
    const { processor, libc } = order;
    const architecture = [names[processor].rpm, ...(libc === undefined ? [] : [libc])].join('-');
    return [tarArchive(await buildOf('archive', order, architecture))];
  },
  // The C library in it is the one of this machine.
  oci: async (order) =>
    order.processor === process.arch
      ? [imageArchive(await buildOf('archive', order, names[order.processor].deb))]
      : [],
};

async function buildOf(format: Format, order: Order, architecture: string): Promise<Build> {
  const { program, version, time, output, compression, written, packages, runtime } = order;
  const entries = await contentsOf(format, {
    program,
    written,
    copyright: copyright(packages, runtime, commonTexts[format]),
    components: softwareBill([...packages, ...runtime]),
    debianChangelog: debianChangelog(version, time),
  });
  return { entries, program, architecture, version, time, output, compression };
}

const besides = `The texts of the Apache License 2.0 and of the LGPL 2.0 and 2.1 are in ${documentation}.`;
const commonTexts: Readonly<Record<Format, string>> = {
  deb: 'The texts of the Apache License 2.0 and of the LGPL 2.0 and 2.1 are in /usr/share/common-licenses: Apache-2.0, LGPL-2, LGPL-2.1.',
  rpm: besides,
  archive: besides,
};

/** All licences, as one SPDX expression. */
const licenceOf = ({ packages, runtime }: Parts): string =>
  [...new Set(['MIT', ...[...packages, ...runtime].flatMap(({ licence }) => licence.split(' AND '))])]
    .map((one) => (one.includes(' OR ') ? `(${one.replaceAll(/[()]/g, '')})` : one))
    .join(' AND ');
