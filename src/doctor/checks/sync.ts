/** What is wrong between a director and the one that stands in for it. */
import { isLocal } from '../facts/routing.js';
import { numberOf, vs } from '../facts/setting.js';
import type { Check } from './check.js';
import { byHand, seen, setTo, setting } from './fixes.js';
import { nameOf, serversOf } from './table.js';

const roles = ['director'] as const;

export const backupLoop: Check = {
  id: 'backup-loop',
  severity: 'warning',
  roles,
  *find(facts, scope) {
    if (!facts.ipvs?.daemons.some(({ state }) => state === 'backup')) return;
    if (numberOf(facts, vs('backup_only')) !== 0) return;
    const local = [...serversOf(facts, scope)].filter(
      ({ server }) => server.method === 'local' || isLocal(facts, server.id.address),
    );
    if (local.length === 0) return;
    yield {
      subject: local.map(nameOf).join(', '),
      observed: [seen('sync daemon', 'backup'), setting(facts, vs('backup_only'))],
      why:
        'This backup director is one of the real servers: what the active director sends here is scheduled once more, and may ' +
        'go back and forth between the two.',
      fixes: [setTo(vs('backup_only'), '1')],
    };
  },
};

export const sloppyTcp: Check = {
  id: 'sloppy-tcp',
  severity: 'warning',
  roles,
  *find(facts) {
    if (!facts.ipvs?.daemons.some(({ state }) => state === 'backup')) return;
    if (numberOf(facts, vs('sloppy_tcp')) !== 0) return;
    yield {
      subject: 'sync daemon',
      observed: [seen('sync daemon', 'backup'), setting(facts, vs('sloppy_tcp'))],
      why:
        'After a fail-over, connections of which the last message had not arrived here begin in the middle: this director ' +
        'refuses them.',
      fixes: [setTo(vs('sloppy_tcp'), '1')],
    };
  },
};

export const syncId: Check = {
  id: 'sync-id',
  severity: 'warning',
  roles,
  *find(facts) {
    const daemons = facts.ipvs?.daemons ?? [];
    // A backup with 0 listens to everybody.
    const heard = new Set(
      daemons.filter(({ state, syncId }) => state === 'master' || syncId !== 0).map(({ syncId }) => syncId),
    );
    if (heard.size < 2) return;
    yield {
      subject: 'sync daemons',
      observed: daemons.map(({ state, syncId }) => seen(`sync id of the ${state}`, syncId)),
      why:
        'Directors of one pair have one sync id. This one would neither hear the master that it stands in for nor be heard by ' +
        'it after a fail-over: connections break.',
      fixes: daemons
        .filter(({ state }) => state === 'backup')
        .flatMap(({ interface: device }) => [
          byHand('lvsadm --stop-daemon backup'),
          byHand(
            `lvsadm --start-daemon backup --mcast-interface ${device} --syncid ${daemons.find(({ state }) => state === 'master')?.syncId}`,
          ),
        ]),
    };
  },
};

export const syncFamily: Check = {
  id: 'sync-family',
  severity: 'warning',
  roles,
  *find(facts) {
    const daemons = facts.ipvs?.daemons ?? [];
    const families = new Set(daemons.map(({ group }) => (group?.includes(':') ? 'IPv6' : 'IPv4')));
    if (families.size < 2) return;
    yield {
      subject: 'sync daemons',
      observed: daemons.map(({ state, group }) => seen(`group of the ${state}`, group ?? '224.0.0.81')),
      why: 'Master and backup talk by different protocols: after a fail-over nobody hears this director any more.',
      fixes: [],
    };
  },
};
