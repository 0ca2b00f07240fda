// What a suite tells about its tests on its way from the guest to the host: one JSON value a line.

/** Why a test failed, as text: errors do not survive the way themselves. */
export interface ReportedError {
  message: string;
  /** The error as node's test runner would show it: stack, causes, differences. */
  stack: string;
}

/** A test's outcome. Like node's own events it comes after those of the tests within it. */
export interface TestEvent {
  kind: 'test';
  name: string;
  /** 0 at the top of the file. */
  nesting: number;
  skip?: string | boolean;
  todo?: string | boolean;
  /** Only of a test that failed. `within`: merely because a test within it did. */
  error?: ReportedError & { within: boolean };
}

export interface DiagnosticEvent {
  kind: 'diagnostic';
  nesting: number;
  message: string;
}

/** What a suite printed by itself. */
export interface OutputEvent {
  kind: 'output';
  text: string;
}

/** The suite's process is gone. */
export interface EndEvent {
  kind: 'end';
  status: number | null;
  signal: string | null;
  /** Whether it was ended because it took too long, in seconds. */
  late?: number;
}

export type SuiteEvent = TestEvent | DiagnosticEvent | OutputEvent | EndEvent;

/** An event with the path of the suite that it is about. */
export type Line = SuiteEvent & { suite: string };

export interface TestNode extends Omit<TestEvent, 'kind' | 'nesting'> {
  diagnostics: string[];
  children: TestNode[];
}

/**
 * The tests of a suite as a tree. Tests whose surrounding test never ended, because the suite crashed, become roots: they
 * did run.
 */
export function treeOf(events: SuiteEvent[]): TestNode[] {
  // The tests seen at each level that wait for the one around them.
  const waiting: TestNode[][] = [];
  const level = (nesting: number): TestNode[] => (waiting[nesting] ??= []);
  for (const event of events) {
    if (event.kind === 'test') {
      const { kind: _, nesting, ...test } = event;
      level(nesting).push({ ...test, diagnostics: [], children: level(nesting + 1).splice(0) });
    } else if (event.kind === 'diagnostic') {
      level(event.nesting).at(-1)?.diagnostics.push(event.message);
    }
  }
  return Array.from(waiting, (nodes) => nodes ?? []).flat();
}
