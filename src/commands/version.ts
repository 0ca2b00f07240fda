/** `lvsadm version`: this program, and what it runs on. */
import { toJson } from '../output/json.js';
import { runtimeFacts } from '../system/programs/runtime.js';
import { Sysctls } from '../system/sysctl.js';
import { commit, date, version } from '../version.js';
import { defineCommand } from './command.js';
import { jsonOption } from './shared/server.js';

export const command = defineCommand({
  options: jsonOption,
  notes:
    'The version of IPVS is that of the kernel module, if it is loaded; it is not loaded for this. `lvsadm --version` writes the line ' +
    'of ipvsadm.',
  offline: true,
  async run({ out, files, readFile }, { json }) {
    const { runtime, architecture, glibc } = runtimeFacts();
    const kernel = await new Sysctls(files).read('kernel/osrelease');
    const ipvs = await ipvsVersion(readFile);
    const known = commit !== '';
    await out.write(
      json
        ? toJson({
            ...{ version, commit: known ? commit : null, date: known ? date : null, runtime, architecture },
            ...{ glibc: glibc ?? null, kernel: kernel ?? null, ipvs: ipvs ?? null },
          })
        : page([
            [
              'lvsadm',
              `${version}${known ? ` (commit ${commit.replace(/^(.{12})\w*/, '$1')}, ${date})` : ''}`,
            ],
            ['runtime', `${runtime.name} ${runtime.version}`],
            ['processor', architecture],
            ['C library', glibc === undefined ? 'not glibc' : `glibc ${glibc}`],
            ['kernel', kernel ?? 'unknown'],
            ['IPVS', ipvs ?? 'not loaded'],
          ]),
    );
    return 0;
  },
});

const page = (rows: readonly (readonly [string, string])[]): string =>
  rows.map(([name, value]) => `${name.padEnd(11)}${value}\n`).join('');

/** @returns undefined if the kernel's module is not loaded */
async function ipvsVersion(
  readFile: (path: string) => AsyncIterable<Uint8Array>,
): Promise<string | undefined> {
  let text = '';
  try {
    for await (const chunk of readFile('/proc/net/ip_vs')) {
      text = Buffer.from(chunk).toString('latin1');
      break;
    }
  } catch {
    return undefined;
  }
  return text.match(/^IP Virtual Server version (\S+)/)?.[1];
}
