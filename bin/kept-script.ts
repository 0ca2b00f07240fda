/**
 * What newer versions of Node do by themselves: the compiled code of a script is kept, so that the next run need not compile
 * it. Without, that is most of what a short run adds to an empty script.
 */
export interface Script {
  /** A CommonJS script, in ASCII. */
  readonly path: string;
  /** Of its content, and that of others whose code is kept there: V8 itself tells scripts apart by their length only. */
  readonly digest: string;
  /** What the run is for, as a part of a file's name: kept is the code of what the first run for it has executed. */
  readonly use: string;
  readonly require: NodeJS.Require;
}

/** Names of kept code begin so. */
const PREFIX = 'node-';

/** Runs a script, with its code out of `directory` if it is there, which nobody else may write to. */
export function runKept({ path, digest, use, require }: Script, directory: string): void {
  const { readFileSync } = process.getBuiltinModule('node:fs');
  const { Script } = process.getBuiltinModule('node:vm');
  const version = `${PREFIX}${process.version}-${process.arch}-${digest}-`;
  const file = `${directory}/${version}${use}`;
  const kept = read(file);
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(path, 'latin1')}\n})`;
  const script = new Script(source, { filename: path, ...(kept && { cachedData: kept }) });
  if (kept === undefined || script.cachedDataRejected) {
    // What ran is compiled by then, and kept as well; of a run that failed, such as for a word that is no command, nothing.
    process.once('exit', (status) => {
      if (status === 0) keep(script.createCachedData(), directory, version, file);
    });
  }
  const module = { exports: {} };
  script.runInThisContext()(module.exports, require, module, path, path.slice(0, path.lastIndexOf('/')));
}

function read(file: string): Buffer | undefined {
  try {
    return process.getBuiltinModule('node:fs').readFileSync(file);
  } catch {
    return undefined;
  }
}

/** Whole or not at all, in place of what was kept of other versions. A run that cannot keep its code is none the worse. */
function keep(code: Uint8Array, directory: string, version: string, file: string): void {
  const { readdirSync, renameSync, rmSync, writeFileSync } = process.getBuiltinModule('node:fs');
  const beside = `${file}.${process.pid}`;
  try {
    // On the disk before it has its name: V8 would run what a power failure left of it.
    writeFileSync(beside, code, { mode: 0o600, flag: 'wx', flush: true });
    renameSync(beside, file);
    for (const name of readdirSync(directory)) {
      if (name.startsWith(PREFIX) && !name.startsWith(version)) rmSync(`${directory}/${name}`);
    }
  } catch {
    // A full disk, or somebody who did the same at the same time.
    rmSync(beside, { force: true });
  }
}
