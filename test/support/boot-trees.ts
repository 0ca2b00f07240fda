/** Machines as directory trees: the files that decide how each distribution fills the table at boot. */
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

/** Files by path: a text, or `-> TARGET` for a link. */
export type Tree = Readonly<Record<string, string>>;

export const rules = '-A -t 192.0.2.1:80 -s wrr\n-a -t 192.0.2.1:80 -r 198.51.100.1:8080 -m -w 3\n';

const systemd = '/usr/lib/systemd/system';
const wanted = '/etc/systemd/system/multi-user.target.wants';
export const enabled = `${wanted}/ipvsadm.service`;
export const mask = '/etc/systemd/system/ipvsadm.service';

const unit = (command: string): string =>
  `[Service]\nType=oneshot\n${command}\n\n[Install]\nWantedBy=multi-user.target\n`;

/** A machine with systemd and an lvsadm.service that is not enabled. */
const withSystemd: Tree = {
  '/usr/lib/systemd/systemd': '',
  '/lib': '-> usr/lib',
  [`${systemd}/lvsadm.service`]: unit('ExecStart=/usr/sbin/lvsadm apply -f /etc/lvsadm.d'),
  [`${wanted}/ssh.service`]: `-> ${systemd}/ssh.service`,
};

const enabledUnit = (command: string): Tree => ({
  ...withSystemd,
  [`${systemd}/ipvsadm.service`]: unit(command),
  [enabled]: `-> ${systemd}/ipvsadm.service`,
});

const debianFiles: Tree = {
  '/etc/default/ipvsadm':
    '# ipvsadm\n\nAUTO="true"\n\nDAEMON="both"\nIFACE="eth0"\t\n# SYNCID="0"\n\nSYNCID=7\n',
  '/etc/ipvsadm.rules': `# ipvsadm.rules\n${rules}`,
};

const openrcScript = '#!/sbin/openrc-run\nstart() { ipvsadm-restore < /var/lib/ipvsadm/rules-save; }\n';

export const distributions = {
  bookworm: {
    ...withSystemd,
    ...debianFiles,
    '/etc/init.d/ipvsadm': '#!/bin/sh\nIPVSADM_CONFIG="/etc/default/ipvsadm"\n. $IPVSADM_CONFIG\n',
    '/usr/sbin/ipvsadm': 'program',
    '/etc/rc0.d/K01ipvsadm': '-> ../init.d/ipvsadm',
    '/etc/rc2.d/S01ipvsadm': '-> ../init.d/ipvsadm',
    '/etc/rc3.d/S01ipvsadm': '-> ../init.d/ipvsadm',
  },
  trixie: {
    ...enabledUnit('EnvironmentFile=-/etc/default/ipvsadm\nExecStartPre=/usr/libexec/ipvsadm/ipvsadm-load'),
    ...debianFiles,
    '/etc/init.d/ipvsadm': '#!/bin/sh\nIPVSADM_CONFIG="/etc/default/ipvsadm"\n. $IPVSADM_CONFIG\n',
    '/etc/rc2.d/S01ipvsadm': '-> ../init.d/ipvsadm',
    '/etc/lvsadm.d/README': 'documents\n',
  },
  fedora: {
    ...enabledUnit('ExecStart=/bin/bash -c "exec /sbin/ipvsadm-restore < /etc/sysconfig/ipvsadm"'),
    '/etc/sysconfig/ipvsadm': rules,
  },
  suse: {
    ...enabledUnit(
      'EnvironmentFile=/etc/sysconfig/ipvsadm\nExecStart=/bin/sh -c "ipvsadm -R < $IPVSADM_CONFIG"',
    ),
    '/etc/sysconfig/ipvsadm': '## Path: Network/IPVS\nIPVSADM_CONFIG="/etc/ipvs/rules"\n',
    '/etc/ipvs/rules': `#\n# rules\n#\n${rules}`,
  },
  alpine: {
    '/sbin/openrc-run': '',
    '/etc/init.d/ipvsadm': openrcScript,
    '/sbin/ipvsadm': 'program',
    '/etc/init.d/lvsadm': '#!/sbin/openrc-run\n',
    '/etc/runlevels/default/ipvsadm': '-> /etc/init.d/ipvsadm',
    '/etc/conf.d/ipvsadm': '# nothing\n',
    '/var/lib/ipvsadm/rules-save': rules,
  },
  arch: {
    ...enabledUnit('ExecStart=/usr/bin/sh -c "ipvsadm-restore < /etc/ipvsadm.conf"'),
    '/etc/ipvsadm.conf': rules,
  },
  /** The administrator's own unit, where a mask would be. */
  own: {
    ...withSystemd,
    [mask]: unit('ExecStart=/bin/sh -c "ipvsadm -R < /etc/ipvsadm.conf"'),
    [enabled]: `-> ${mask}`,
    '/etc/systemd/system/graphical.target.wants/ipvsadm.service': `-> ${mask}`,
    '/etc/ipvsadm.conf': rules,
  },
} as const satisfies Readonly<Record<string, Tree>>;

/** Makes a tree in a directory of the test's own. @returns the directory */
export function plant(test: TestContext, tree: Tree): string {
  const root = mkdtempSync(join(tmpdir(), 'lvsadm-boot-'));
  test.after(() => rmSync(root, { recursive: true }));
  for (const [path, content] of Object.entries(tree)) put(root + path, content);
  return root;
}

export function put(path: string, content: string): void {
  mkdirSync(dirname(path), { recursive: true });
  if (content.startsWith('-> ')) symlinkSync(content.slice(3), path);
  else writeFileSync(path, content);
}

/** Every file and directory below one, with its type, mode, and content or target; without the journal. */
export function snapshot(root: string): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (path: string): void => {
    const full = root + path;
    const status = lstatSync(full);
    const mode = status.mode.toString(8);
    if (status.isSymbolicLink()) found.set(path, `-> ${readlinkSync(full)}`);
    else if (!status.isDirectory()) found.set(path, `${mode} ${readFileSync(full, 'base64')}`);
    else {
      found.set(path, mode);
      for (const name of readdirSync(full).sort())
        if (`${path}/${name}` !== '/state') visit(`${path}/${name}`);
    }
  };
  chmodSync(root, 0o755);
  visit('');
  return found;
}
