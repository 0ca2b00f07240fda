/** The part of Bun's foreign function interface that socket-bun.ts uses. */
declare module 'bun:ffi' {
  export type Pointer = number & { readonly __pointer: unique symbol };
  export type Argument = 'i32' | 'u32' | 'u64' | 'ptr';
  export interface FunctionType {
    readonly args: readonly Argument[];
    readonly returns: 'i32' | 'i64_fast' | 'ptr' | 'void';
  }
  export function dlopen<const S extends Readonly<Record<string, FunctionType>>>(
    library: string,
    symbols: S,
  ): {
    readonly symbols: {
      readonly [K in keyof S]: (
        ...values: (number | Uint8Array | null)[]
      ) => S[K]['returns'] extends 'ptr' ? Pointer : number;
    };
  };
  export const read: { i32(from: Pointer, offset: number): number };
}
