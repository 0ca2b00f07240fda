/** The part of Bun's foreign function interface that libc.ts and its tests use. */
declare module 'bun:ffi' {
  export type Pointer = number & { readonly __pointer: unique symbol };
  /** `ptr` takes the memory of a view, or a number as it is. */
  export type Argument = 'i32' | 'u32' | 'i64' | 'u64' | 'ptr';
  export interface FunctionType {
    readonly args: readonly Argument[];
    readonly returns: 'i32' | 'i64_fast' | 'ptr';
  }
  export function dlopen<const S extends Readonly<Record<string, FunctionType>>>(
    library: string,
    symbols: S,
  ): {
    readonly symbols: {
      readonly [K in keyof S]: (
        ...values: (number | NodeJS.TypedArray)[]
      ) => S[K]['returns'] extends 'ptr' ? Pointer : number;
    };
  };
  export function ptr(memory: NodeJS.TypedArray): Pointer;
  export const read: { i32(from: Pointer, offset: number): number };
}
