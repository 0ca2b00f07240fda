/**
 * Bun and the libraries that its executable is linked with statically: https://github.com/oven-sh/bun/blob/main/LICENSE.md. Libraries
 * for Windows are left out.
 */
interface RuntimePart {
  readonly name: string;
  /** SPDX. */
  readonly licence: string;
  readonly source: string;
  /** Its name in Bun's process.versions. */
  readonly version: string;
}

const part = (name: string, licence: string, repository: string, version = ''): RuntimePart => ({
  name,
  licence,
  source: repository.includes('://') ? repository : `https://github.com/${repository}`,
  version,
});

export const runtimeParts: readonly RuntimePart[] = [
  part('Bun', 'MIT', 'oven-sh/bun', 'bun'),
  part('WebKit', 'LGPL-2.0-or-later AND BSD-2-Clause', 'oven-sh/WebKit', 'webkit'),
  part(
    'BoringSSL',
    'Apache-2.0 AND OpenSSL AND ISC',
    'https://boringssl.googlesource.com/boringssl',
    'boringssl',
  ),
  part('Brotli', 'MIT', 'google/brotli'),
  part('libarchive', 'BSD-2-Clause', 'libarchive/libarchive', 'libarchive'),
  part('lol-html', 'BSD-3-Clause', 'cloudflare/lol-html', 'lolhtml'),
  part('ls-hpack', 'MIT', 'litespeedtech/ls-hpack', 'lshpack'),
  part('ls-qpack', 'MIT', 'litespeedtech/ls-qpack'),
  part('lsquic', 'MIT AND BSD-3-Clause', 'litespeedtech/lsquic'),
  part('mimalloc', 'MIT', 'microsoft/mimalloc', 'mimalloc'),
  part('picohttpparser', 'MIT', 'h2o/picohttpparser', 'picohttpparser'),
  part('Zstandard', 'BSD-3-Clause', 'facebook/zstd', 'zstd'),
  part('simdutf', 'Apache-2.0', 'simdutf/simdutf'),
  part('TinyCC', 'LGPL-2.1-or-later', 'oven-sh/tinycc', 'tinycc'),
  part('uSockets', 'Apache-2.0', 'uNetworking/uSockets', 'usockets'),
  part('uWebSockets', 'Apache-2.0', 'uNetworking/uWebSockets', 'uwebsockets'),
  part('zlib-ng', 'Zlib', 'zlib-ng/zlib-ng', 'zlib'),
  part('c-ares', 'MIT', 'c-ares/c-ares', 'ares'),
  part('ICU', 'Unicode-3.0', 'unicode-org/icu', 'icu'),
  part('base64', 'BSD-2-Clause', 'aklomp/base64'),
  part('libdeflate', 'MIT', 'ebiggers/libdeflate', 'libdeflate'),
  part('libjpeg-turbo', 'IJG AND BSD-3-Clause AND Zlib', 'libjpeg-turbo/libjpeg-turbo'),
  part('libspng', 'BSD-2-Clause', 'randy408/libspng'),
  part('libwebp', 'BSD-3-Clause', 'webmproject/libwebp'),
  part('Highway', 'Apache-2.0', 'google/highway'),
  part('uucode', 'MIT', 'jacobsandlund/uucode'),
  part('SQLite', 'blessing', 'https://sqlite.org/src', 'sqlite'),
  part('TigerBeetle', 'Apache-2.0', 'tigerbeetle/tigerbeetle'),
  part('libc++abi', 'Apache-2.0 WITH LLVM-exception', 'llvm/llvm-project'),
];
