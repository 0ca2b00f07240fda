/** What both programs are put through, and what is seen of it. All of it is plain data: it travels between processes. */

/** One command line, as a script would give it. */
export interface CommandLine {
  /** Without the program's name. */
  readonly words: readonly string[];
  /** What it reads; nothing by default. */
  readonly stdin?: string | undefined;
  /** What stands in /proc/net/ip_vs_conn for it, instead of the kernel's connections. */
  readonly connections?: string | undefined;
}

/** Command lines on an empty table. */
export interface Trial {
  /** Prepares the table, with lvsadm for both programs: neither it nor its output is compared. */
  readonly given: readonly CommandLine[];
  readonly commands: readonly CommandLine[];
}

/** What a command line did, as a script sees it. */
export interface Observation {
  /** As a shell reports it: 128 + N for signal N. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Outcome {
  /** One for each command. */
  readonly observations: readonly Observation[];
  /** The kernel's state afterwards. */
  readonly state: State;
}

/** Attributes by name, as the kernel sent them; bytes as hexadecimal digits. */
export type Attributes = Readonly<Record<string, unknown>>;

/** Everything that command lines change in the kernel. */
export interface State {
  /** In an order of their own: the kernel's differs between network namespaces. */
  readonly services: readonly {
    readonly service: Attributes;
    readonly destinations: readonly Attributes[];
  }[];
  readonly daemons: readonly Attributes[];
  readonly timeouts: Attributes;
}

/** A program under comparison, in a network namespace. */
export interface Program {
  run(command: CommandLine): Promise<Observation>;
  close(): Promise<void>;
}
