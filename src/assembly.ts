/**
 * Code that was compiled before it runs, from AssemblyScript: src/wasm/. What there is much of is done there in the time that
 * a runtime takes to warm up to JavaScript for it.
 */
import { Option, type OptionSocket } from './ipvs/option.js';
import type { Writer } from './netlink/bytes.js';
import type { TakeMessages } from './netlink/genl.js';

/** What a module exports besides its functions: the memory in which places are addresses. */
interface WithMemory {
  readonly memory: { readonly buffer: ArrayBuffer };
}

/** What a module exports that reads dumps: src/wasm/dump.ts. */
export interface WithDumps extends WithMemory {
  room(bytes: number): number;
  takeServices(sequence: number, port: number, type: number): number;
  takeServers(sequence: number, port: number, type: number): number;
  question(index: number): number;
  askCounts(): number;
  takeCounts(): void;
  optionStart(): number;
  optionQuestion(index: number): number;
}

/** A module with a memory of its own. */
export class Assembly<E extends WithMemory> {
  private bytes = new Uint8Array(0);

  private constructor(readonly exports: E) {}

  /**
   * Undefined where the runtime cannot, as with `node --jitless`, or under a limit of address space (`ulimit -v`): V8 reserves
   * 8 GiB and more of it.
   */
  static of<E extends WithMemory>(base64: string): Assembly<E> | undefined {
    try {
      const module = modules.get(base64) ?? new WebAssembly.Module(bytesOf(base64));
      modules.set(base64, module);
      return new Assembly(new WebAssembly.Instance(module).exports as E);
    } catch {
      return undefined;
    }
  }

  /** WebAssembly's numbers of 32 bits have a sign, of which addresses know nothing. */
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

const outcomes = ['more', 'complete', 'odd'] as const;

/** Has datagrams taken by one of the module's functions. */
export const taker =
  (assembly: Assembly<WithDumps>, by: 'takeServices' | 'takeServers'): TakeMessages =>
  (bytes, sequence, port, type) => {
    assembly.put(assembly.exports.room(bytes.length), bytes);
    return outcomes[assembly.exports[by](sequence, port, type)] as (typeof outcomes)[number];
  };

/** Writes the request for the servers of the service that has this index there. */
export const questionOf =
  (assembly: Assembly<WithDumps>, index: number) =>
  (to: Writer): void => {
    const length = assembly.exports.question(index);
    to.raw(assembly.view(assembly.exports.room(0), length));
  };

/** Servers by options of a socket: src/wasm/options.ts. */
export class OptionReader {
  /** Where the value lies that is asked for again and again; of no length where the memory has grown since. */
  private value: Uint8Array = new Uint8Array(0);

  private constructor(
    private readonly assembly: Assembly<WithDumps>,
    private readonly socket: OptionSocket,
  ) {}

  /** All services are there. Undefined where there are no such sockets, or the kernel does not count servers by them. */
  static of(assembly: Assembly<WithDumps>, socket: OptionSocket | undefined): OptionReader | undefined {
    if (socket === undefined) return undefined;
    const { exports } = assembly;
    const length = exports.askCounts();
    if (!socket.read(Option.services, assembly.view(exports.optionStart(), length))) return undefined;
    exports.takeCounts();
    return new OptionReader(assembly, socket);
  }

  /** Has the kernel tell the servers of the service that has this index there. False where it does not. */
  servers(index: number): boolean {
    const { assembly, socket } = this;
    const length = assembly.exports.optionQuestion(index);
    if (length === 0) return false;
    // It stays where it is from one service to the next.
    if (this.value.length !== length) this.value = assembly.view(assembly.exports.optionStart(), length);
    return socket.read(Option.destinations, this.value);
  }
}

const modules = new Map<string, WebAssembly.Module>();

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
