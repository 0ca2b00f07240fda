// The settings of IPVS that `director status` shows.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readVsSettings } from '../../src/system/vs-settings.js';

const kernelWith = (values: Record<string, string>) => ({
  list: async () => Object.keys(values),
  read: async (path: string) => values[path.slice(path.lastIndexOf('/') + 1)],
});

test('the settings of kernel 7.2 are known', async () => {
  const values = { svc_lfactor: '-3', conn_max: '1073741824', conn_lfactor: '-4' };
  const settings = await readVsSettings(kernelWith(values));
  assert.deepEqual(
    settings.map(({ name, value, initial }) => [name, value, initial]),
    [
      ['conn_lfactor', '-4', '-4'],
      ['conn_max', '1073741824', '1073741824'],
      ['svc_lfactor', '-3', '-3'],
    ],
  );
  for (const { name, meaning } of settings) assert.ok(meaning, name);
});

test('a setting that lvsadm does not know is shown with its value', async () => {
  const [setting] = await readVsSettings(kernelWith({ of_tomorrow: '7' }));
  assert.deepEqual(setting, { name: 'of_tomorrow', value: '7', initial: undefined, meaning: undefined });
});
