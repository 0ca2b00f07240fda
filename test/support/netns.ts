/** Tests that change a network run in one of their own, where nothing that they do can be felt outside. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const INSIDE = 'LVSADM_TEST_NAMESPACE';

/**
 * Defines the tests of the file `url` in a network namespace of their own: the file runs once more there. A caller
 * who is not root gets a user namespace as well, in which the caller is.
 */
export function inOwnNetwork(url: string, title: string, define: () => void): void {
  if (process.env[INSIDE] === title) {
    define();
    return;
  }
  test(title, async () => {
    const user = process.getuid?.() === 0 ? [] : ['--map-root-user'];
    const args = [...user, '--net', '--mount', process.execPath, '--test-reporter=spec', fileURLToPath(url)];
    // Without its parent's variables the file would report to this runner instead of to us.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const { status, output } = await new Promise<{ status: unknown; output: string }>((resolve) => {
      execFile('unshare', args, { env: { ...env, [INSIDE]: title } }, (error, stdout, stderr) =>
        resolve({ status: error?.code ?? 0, output: stdout + stderr }),
      );
    });
    assert.equal(status, 0, output);
    assert.match(output, /pass [1-9]/, 'no test ran inside');
  });
}
