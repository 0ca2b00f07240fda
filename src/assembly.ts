/**
 * Code that was compiled before it runs, from AssemblyScript: src/wasm/. What there is much of is done there in the time that
 * a runtime takes to warm up to JavaScript for it.
 */

import { instanceOf } from './ipvsadm/webassembly.js';

/** What a module exports besides its functions: the memory in which places are addresses. */
interface WithMemory {
  readonly memory: { readonly buffer: ArrayBuffer };
}

/** A module with a memory of its own. */
export class Assembly<E extends WithMemory> {
  private bytes = new Uint8Array(0);

  private constructor(readonly exports: E) {}

  /** Undefined where the runtime has no WebAssembly, as with `node --jitless`. */
  static of<E extends WithMemory>(base64: string): Assembly<E> | undefined {
    const exports = instanceOf<E>(base64);
    return exports && new Assembly(exports);
  }

  put(at: number, bytes: Uint8Array): void {
    this.memory.set(bytes, at >>> 0);
  }

  /** What is there until the module makes room for more. */
  view(at: number, length: number): Uint8Array {
    return this.memory.subarray(at >>> 0, (at >>> 0) + length);
  }

  /** Memory that has grown is another buffer. */
  get memory(): Uint8Array {
    const { buffer } = this.exports.memory;
    if (this.bytes.buffer !== buffer) this.bytes = new Uint8Array(buffer);
    return this.bytes;
  }
}
