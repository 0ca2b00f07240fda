// QEMU's command line for a guest.
import { join } from 'node:path';

export type Accel = 'tcg' | 'kvm' | 'icount';

export interface Hardware {
  accel: Accel;
  cpus: number;
  /** MiB. What the guest writes to its root lies here as well. */
  memory: number;
  image: string;
  initramfs: string;
  /** Holds the job, the sockets and the logs of this run. */
  directory: string;
  out?: string | undefined;
  interactive: boolean;
}

/**
 * Socket names by the number of the port in the guest, as in boot/main. Port 0 is reserved for a console. `status` comes
 * last: the guest's first word on it waits until it is connected, and then the others are.
 */
export const ports = { stdin: 1, stdout: 2, stderr: 3, status: 4 } as const;

export const consoleLog = 'console.log';

/**
 * Without what slows an emulator down: string instructions, with which the kernel would clear and copy pages byte by byte (erms, fsrm);
 * a fifth level of page tables (la57); protection of a process's pages from the kernel, and by keys (smap, smep, pku).
 */
const emulated = 'max,-erms,-fsrm,-la57,-smap,-smep,-pku';

/**
 * icount: busy time of the guest is a count of its instructions, whatever else the host does. While it is idle the host's
 * clock counts; otherwise its timers would run out while it waits for the host's files.
 */
const accelerators: Record<Accel, string[]> = {
  tcg: ['-accel', 'tcg,thread=multi', '-cpu', emulated],
  kvm: ['-accel', 'kvm', '-cpu', 'host'],
  icount: ['-accel', 'tcg,thread=single', '-icount', 'shift=0,sleep=on', '-cpu', 'max'],
};

/**
 * An oops is a panic, a panic ends QEMU: nothing goes on in a kernel that is broken. A busy host starves the emulated
 * timer, which the kernel would take for a broken one. The rest saves time: an emulator translates code anew for each address that it
 * finds it at (norandmaps), and clearing memory is slow (no huge pages, init_on_alloc=0).
 */
const kernelArguments = [
  ...['console=ttyS0', 'quiet', 'panic=-1', 'oops=panic', 'no_timer_check', 'tsc=reliable'],
  ...['nokaslr', 'mitigations=off', 'cryptomgr.notests', 'random.trust_cpu=on', 'apparmor=0', 'selinux=0'],
  ...['norandmaps', 'transparent_hugepage=never', 'init_on_alloc=0'],
].join(' ');

/** Of a guest whose files are the host's, for one command. */
export function qemuArguments(hardware: Hardware): string[] {
  const { directory, out, interactive } = hardware;
  return [
    ...machineArguments(hardware),
    ...share('job', directory, 'readonly=on'),
    ...(out ? share('out', out) : []),
    ...Object.entries(ports).flatMap(([name, number]) => port(name, number, directory)),
    // A terminal of its own, so that kernel messages do not mix with what is typed. Ctrl-C belongs to the guest.
    ...(interactive
      ? ['-chardev', 'stdio,id=terminal,signal=off', '-device', 'virtconsole,nr=5,chardev=terminal']
      : []),
  ];
}

/** Of a guest that boots from a disk, a file in the format qcow2. */
export function diskArguments(hardware: Common, disk: string): string[] {
  const { directory } = hardware;
  return [
    ...machineArguments(hardware),
    ...share('job', directory),
    ...port('commands', 1, directory),
    // The host keeps what is written: its memory outlives the guest.
    ...['-drive', `file=${option(disk)},if=virtio,format=qcow2,cache=unsafe`],
  ];
}

function machineArguments({ accel, cpus, memory, image, initramfs, directory }: Common): string[] {
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...accelerators[accel],
    ...['-smp', String(cpus), '-m', String(memory)],
    ...['-kernel', image, '-initrd', initramfs, '-append', kernelArguments],
    ...['-serial', `file:${option(join(directory, consoleLog))}`],
    ...share('host', '/', 'readonly=on'),
    ...['-device', 'virtio-serial-pci'],
  ];
}

type Common = Omit<Hardware, 'out' | 'interactive'>;

const share = (tag: string, path: string, ...more: string[]): string[] => [
  '-virtfs',
  [`local,path=${option(path)},mount_tag=${tag},security_model=none,multidevs=remap`, ...more].join(','),
];

const port = (name: string, number: number, directory: string): string[] => [
  ...['-chardev', `socket,id=${name},path=${option(join(directory, name))}`],
  ...['-device', `virtserialport,nr=${number},chardev=${name},name=lab.${name}`],
];

/** QEMU reads a doubled comma in an option's value as a comma. */
const option = (value: string): string => value.replaceAll(',', ',,');
