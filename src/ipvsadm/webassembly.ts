/** Code that was compiled to WebAssembly, on whichever runtime this is. */

const modules = new Map<string, WebAssembly.Module>();

/**
 * An instance, with memory of its own, of the code in base64; undefined where the runtime cannot, as with `node --jitless`, or
 * under a limit of address space (`ulimit -v`): V8 reserves 8 GiB and more of it.
 */
export function instanceOf<Exports>(code: string): Exports | undefined {
  try {
    const module = modules.get(code) ?? new WebAssembly.Module(bytesOf(code));
    modules.set(code, module);
    return new WebAssembly.Instance(module).exports as Exports;
  } catch {
    return undefined;
  }
}

/** Node's Buffer where the language has none of its own yet. */
function bytesOf(base64: string): Uint8Array {
  const { fromBase64 } = Uint8Array as { fromBase64?: (base64: string) => Uint8Array };
  return fromBase64 ? fromBase64(base64) : Buffer.from(base64, 'base64');
}

/** As much of it as is used here: neither the language's nor Node's types have it. */
declare namespace WebAssembly {
  class Module {
    constructor(code: Uint8Array);
    private readonly code: unknown;
  }
  class Instance {
    constructor(module: Module);
    readonly exports: unknown;
  }
}
