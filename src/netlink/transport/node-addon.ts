/**
 * Loads the native part of the `netlink` package: what the bundle for ipvsadm's grammar has in place of node-gyp-build,
 * whose search reads half a dozen directories and takes longer than all the netlink of a short run.
 */

/** `root` is the folder of this package. @throws Error of node-gyp-build where there is none for this machine */
export function loadAddon(root: string): unknown {
  // Where npm puts packages: below ours, or beside it.
  for (const folder of [`${root}/node_modules/netlink`, `${root}/../netlink`]) {
    const addon = { exports: {} };
    try {
      process.dlopen(addon, `${folder}/prebuilds/linux-${process.arch}/node.napi.node`);
      return addon.exports;
    } catch {
      // Somewhere else, for another C library, or built on this machine: the search knows.
    }
  }
  const { createRequire } = process.getBuiltinModule('node:module');
  const netlink = createRequire(`${root}/package.json`).resolve('netlink/package.json');
  return createRequire(netlink)('node-gyp-build')(netlink.slice(0, netlink.lastIndexOf('/')));
}
