/** Mistakes between an active director and its backup. */
import { kernelDaemonDefaults } from '../../model/daemon.js';
import { vsSetting } from '../../system/vs-settings.js';
import type { MachineFacts } from '../facts/facts.js';
import { isLocal } from '../facts/routing.js';
import { numberOf } from '../facts/settings.js';
import { type Check, manualFix, seen, seenSetting, setSetting } from './check.js';
import { nameOf, serversOf } from './table.js';

/** Whether this is a backup director on which a setting is off. */
const isBackupWithout = (facts: MachineFacts, path: string): boolean =>
  facts.ipvs?.daemons.some(({ state }) => state === 'backup') === true && numberOf(facts, path) === 0;

export const backupLoop: Check = {
  id: 'backup-loop',
  severity: 'warning',
  *find(facts, scope) {
    const path = vsSetting('backup_only');
    if (!isBackupWithout(facts, path)) return;
    const local = serversOf(facts, scope).filter(
      ({ server }) => server.method === 'local' || isLocal(facts, server.id.address),
    );
    if (local.length === 0) return;
    yield {
      subject: local.map(nameOf).join(', '),
      observed: [seen('sync daemon', 'backup'), seenSetting(facts, path)],
      why:
        'This backup director is also a real server: it schedules the packets of the active director once more, and they may ' +
        'loop between the two.',
      fixes: [setSetting(path, '1')],
    };
  },
};

export const sloppyTcp: Check = {
  id: 'sloppy-tcp',
  severity: 'warning',
  *find(facts) {
    const path = vsSetting('sloppy_tcp');
    if (!isBackupWithout(facts, path)) return;
    yield {
      subject: 'sync daemon',
      observed: [seen('sync daemon', 'backup'), seenSetting(facts, path)],
      why:
        'After a fail-over, this director sees some connections for the first time in their middle: those whose last sync message ' +
        'did not arrive. It refuses them.',
      fixes: [setSetting(path, '1')],
    };
  },
};

export const syncId: Check = {
  id: 'sync-id',
  severity: 'warning',
  *find({ ipvs }) {
    const daemons = ipvs?.daemons ?? [];
    // A backup with sync id 0 listens to every master.
    const ids = new Set(
      daemons.filter(({ state, syncId }) => state === 'master' || syncId !== 0).map(({ syncId }) => syncId),
    );
    if (ids.size < 2) return;
    const own = daemons.find(({ state }) => state === 'master')?.syncId;
    yield {
      subject: 'sync daemons',
      observed: daemons.map(({ state, syncId }) => seen(`sync id of the ${state}`, syncId)),
      why:
        'The directors of a pair need the same sync id. With two, this director either does not hear the active one, or is not ' +
        'heard by the other after a fail-over: connections break.',
      fixes: daemons
        .filter(({ state }) => state === 'backup')
        .flatMap(({ interface: device }) => [
          manualFix('lvsadm --stop-daemon backup'),
          manualFix(`lvsadm --start-daemon backup --mcast-interface ${device} --syncid ${own}`),
        ]),
    };
  },
};

export const syncFamily: Check = {
  id: 'sync-family',
  severity: 'warning',
  *find({ ipvs }) {
    const daemons = ipvs?.daemons ?? [];
    const families = new Set(daemons.map(({ group }) => (group?.includes(':') ? 'IPv6' : 'IPv4')));
    if (families.size < 2) return;
    yield {
      subject: 'sync daemons',
      observed: daemons.map(({ state, group }) =>
        seen(`group of the ${state}`, group ?? kernelDaemonDefaults.group),
      ),
      why: 'Master and backup use different protocols: after a fail-over no director hears this one.',
      fixes: [],
    };
  },
};
