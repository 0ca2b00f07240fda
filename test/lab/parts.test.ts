// The parts of the lab that need no guest.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { dependenciesIn, mirrorsIn } from './apt.js';
import { readBootImage } from './bootimage.js';
import { lastLines } from './console.js';
import { newc } from './cpio.js';
import { labEnvironment } from './environment.js';
import { LabUnavailable } from './errors.js';
import { modulesIn } from './initramfs.js';
import { type Job, jobScript, quote } from './job.js';
import { kernelPackages } from './kernel.js';
import { advice } from './packages.js';
import { qemuArguments } from './qemu.js';
import { readSettings } from './settings.js';
import { StatusReader } from './status.js';

describe('the status that a guest reports', () => {
  const reader = (...pieces: string[]): StatusReader => {
    const status = new StatusReader();
    for (const piece of pieces) status.read(piece);
    return status;
  };

  test('may come in pieces', () => {
    const { booted, exit } = reader('bo', 'ot\nexit 1', '37\n');
    assert.deepEqual({ booted, exit }, { booted: true, exit: 137 });
  });

  test('is unknown until its line is complete: "exit 1" may become "exit 137"', () => {
    assert.equal(reader('boot\nexit 1').exit, undefined);
  });

  test('is never a guess', () => {
    assert.throws(() => reader('exit\n'), /"exit"/);
    assert.throws(() => reader('exit -1\n'));
  });
});

describe('the job', () => {
  const job: Job = {
    command: ['printf', '%s|', "it's", '$HOME `x` "y"', 'two\nlines', ''],
    env: { A: "'; exit 9; '" },
    directory: '/',
    kernel: { image: '/k', release: '6.1', root: '/cache' },
    stdin: false,
    freshRun: true,
  };
  // What boot/main does with it, apart from busybox.
  const run = (job: Job) =>
    execFileSync('sh', ['-c', 'b=env; eval "$0"; job FROM=lab', jobScript(job)], { encoding: 'utf8' });

  test('keeps every argument as it is', () => {
    assert.equal(run(job), 'it\'s|$HOME `x` "y"|two\nlines||');
  });

  test('keeps every variable as it is, and has no other', () => {
    assert.equal(run({ ...job, command: ['env'] }), "A='; exit 9; '\n");
  });

  test('returns the directory of the modules', () => {
    assert.ok(jobScript(job).includes(`modules=${quote('/cache/lib/modules/6.1')}\n`));
  });
});

test('modules are loaded in the order of modprobe, each once; built-in ones are there', () => {
  const listing = [
    'builtin virtio_ring',
    'insmod /c/lib/modules/6.1/kernel/net/9p/9pnet.ko ',
    'insmod /c/lib/modules/6.1/kernel/fs/9p/9p.ko.xz access=any',
    'insmod /c/lib/modules/6.1/kernel/net/9p/9pnet.ko ',
  ];
  assert.deepEqual(modulesIn(listing.join('\n')), [
    '/c/lib/modules/6.1/kernel/net/9p/9pnet.ko',
    '/c/lib/modules/6.1/kernel/fs/9p/9p.ko.xz',
  ]);
});

describe("the machine's own Debian mirror", () => {
  test("is found by the archive's name", () => {
    const listing = [
      'https://mirror.example/anything/ Debian Debian',
      'https://mirror.example/security/ Debian Debian-Security',
      'https://ubuntu.example/ubuntu/ Ubuntu Ubuntu',
      'cdrom://disc/debian/ Debian Debian',
    ];
    assert.deepEqual(mirrorsIn(listing.join('\n')), ['https://mirror.example/anything/']);
  });

  test("is found by its path before apt's first update", () => {
    assert.deepEqual(
      mirrorsIn('http://mirror.example/debian/  \nhttp://mirror.example/debian-security/  \n'),
      ['http://mirror.example/debian/'],
    );
  });
});

test('the metapackage leads to one kernel', () => {
  const listing = 'linux-image-amd64\n  Depends: linux-image-6.1.0-1-amd64\n  Suggests: other\n';
  assert.deepEqual(dependenciesIn(listing), ['linux-image-6.1.0-1-amd64']);
});

test('a kernel is one package, or one each of the binary, of the modules and of lists', () => {
  assert.deepEqual(kernelPackages('linux-image-6.1.0-1-amd64', ['linux-base', 'initramfs-tools']), [
    'linux-image-6.1.0-1-amd64',
  ]);
  const parts = ['linux-base-7.2.1-amd64', 'linux-binary-7.2.1-amd64', 'linux-modules-7.2.1-amd64'];
  assert.deepEqual(kernelPackages('linux-image-7.2.1-amd64', ['linux-base', ...parts]), parts);
});

test('an archive begins every member on a multiple of four, and ends with the trailer', () => {
  const archive = newc([{ name: 'bin' }, { name: 'bin/x', data: Buffer.from('hello'), executable: true }]);
  const text = archive.toString('latin1');
  const starts = [...text.matchAll(/070701/g)].map((match) => match.index);
  assert.equal(starts.length, 3);
  assert.ok(starts.every((start) => start % 4 === 0));
  const header = (start: number, field: number) =>
    Number.parseInt(text.slice(start + 6 + 8 * field, start + 14 + 8 * field), 16);
  assert.deepEqual(
    starts.map((start) => header(start, 1).toString(8)),
    ['40755', '100755', '0'],
  );
  assert.deepEqual(
    starts.map((start) => header(start, 6)),
    [0, 5, 0],
  );
  assert.ok(text.includes('bin/x\0hello'.slice(0, 6)) && text.includes('TRAILER!!!\0'));
});

describe('a boot image', () => {
  test('names its release, and holds the compressed kernel', () => {
    const image = Buffer.alloc(0x1000);
    image[0x1f1] = 3; // sectors of set-up code
    image.write('HdrS', 0x202, 'latin1');
    image.writeUInt16LE(0x300, 0x20e);
    image.write('6.1.0-1-amd64 (someone@somewhere) #1', 0x500, 'latin1');
    image.writeUInt32LE(0x10, 0x248);
    image.writeUInt32LE(12, 0x24c);
    image.write('COMPRESS', 0x810, 'latin1');
    const { release, payload } = readBootImage(image);
    assert.deepEqual([release, payload.toString()], ['6.1.0-1-amd64', 'COMPRESS']);
  });

  test('is distinguished from other files', () => {
    assert.throws(() => readBootImage(Buffer.alloc(0x1000)), LabUnavailable);
  });
});

test("a command's environment is the lab's: of the caller's only what is meant for it", () => {
  const host = { PATH: '/x', SECRET: 's', NO_COLOR: '1', LVSADM_DEBUG: 'netlink', NODE_OPTIONS: '--bad' };
  const { PATH = '', HOME: _home, ...rest } = labEnvironment(host, { release: '6.1', out: '/out' });
  const own = { USER: 'root', LANG: 'C.UTF-8', LAB_RELEASE: '6.1', LAB_OUT: '/out' };
  assert.deepEqual(rest, { ...own, NO_COLOR: '1', LVSADM_DEBUG: 'netlink' });
  assert.ok(PATH.split(':').includes('/usr/sbin'));
});

test('a setting that means nothing is refused, not ignored', () => {
  const bad = {
    LAB_ACCEL: 'fast',
    LAB_GUEST: 'yes',
    LAB_TIMEOUT: '1m',
    LAB_CPUS: '0',
    LAB_OUT: '/does/not/exist',
  };
  for (const [name, value] of Object.entries(bad)) {
    assert.throws(() => readSettings({ [name]: value }), {
      name: 'LabUnavailable',
      message: new RegExp(`^${name}`),
    });
  }
  assert.equal(readSettings({ LAB_TIMEOUT: '90' }).timeout, 90);
  assert.deepEqual([readSettings({}).cpus, readSettings({ LAB_CPUS: '4' }).cpus], [undefined, 4]);
});

test('a missing program is named with its purpose and its package', () => {
  const text = advice([{ needs: 'qemu-system-x86_64', package: 'qemu-system-x86', why: 'the machine' }]);
  assert.match(text, /^ {2}qemu-system-x86_64 {2}the machine \(Debian package qemu-system-x86\)$/m);
  assert.match(text, /apt-get install --no-install-recommends qemu-system-x86$/m);
});

test("a path with commas stays one value of QEMU's options", () => {
  const args = qemuArguments({
    ...{
      accel: 'tcg',
      cpus: 2,
      memory: 512,
      image: '/k',
      initramfs: '/i',
      directory: '/a,b',
      interactive: false,
    },
  });
  assert.ok(args.some((arg) => arg.startsWith('local,path=/a,,b,mount_tag=job,')));
});

test("a console's last lines are readable", () => {
  assert.equal(lastLines('\x1b[2J\x1bcone\r\n\r\ntwo\nthree\n', 2), 'two\nthree');
});

test('a breakdown is shown from its cause on, however long its trace', () => {
  const oops = [
    '[    8.1] BUG: kernel NULL pointer dereference',
    '[    8.2] Oops: 0002',
    '[    8.3]  a+0x1/0x2',
  ];
  const panic = ['[    8.4] Kernel panic - not syncing: Fatal exception', '[    8.5]  b+0x1/0x2'];
  for (const shown of [[...oops, ...panic], panic]) {
    assert.equal(lastLines(['Booting', ...shown].join('\n'), 1), shown.join('\n'));
    assert.equal(lastLines(['Booting', ...shown].join('\n'), 9), ['Booting', ...shown].join('\n'));
  }
});
