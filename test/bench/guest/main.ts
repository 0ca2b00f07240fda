// Runs where IPVS is: measures the cases that it is given, and writes each sample as a line of JSON.
import { cpus, release } from 'node:os';
import { type Line, type Program, programs, type Selection } from '../program.js';
import { type Case, cases, programsOf } from './cases.js';
import { framesOf, underProfiler } from './profile.js';
import { ipvsadmVersion } from './programs.js';
import { World } from './world.js';

const say = (text: string): void => {
  process.stderr.write(`bench: ${text}\n`);
};
const tell = (line: Line): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

const selection: Selection = JSON.parse(process.argv[2] ?? '{ "cases": [], "profiles": [] }');
using world = new World();
tell({
  kernel: release(),
  processor: cpus()[0]?.model ?? 'unknown',
  processors: cpus().length,
  ipvsadm: ipvsadmVersion(),
  node: process.version,
});
await warmUp();
for (const one of cases.filter(({ name }) => selection.cases.includes(name))) {
  say(one.name);
  try {
    await measure(one);
    if (selection.profiles.includes(one.name)) await profile(one);
  } catch (error) {
    // The others may be right all the same.
    const problem = (error as Error).message;
    say(problem);
    tell({ case: one.name, problem });
    world.changed();
  }
}

/** Once before it counts: what is read from files is in memory then. */
async function warmUp(): Promise<void> {
  const { commands, empty } = world.programs;
  for (const program of programs) {
    await world.run(empty[program]);
    await world.run([...commands[program], '-Ln']);
  }
}

async function measure(one: Case): Promise<void> {
  const order = [...programsOf(one)];
  const outputs = new Map<Program, string>();
  const rounds = selection.rounds ?? one.rounds;
  for (let round = 0; round < rounds; round++) {
    // Interleaved, and each is first once: what the machine does besides meets all alike.
    for (const program of order) {
      await one.prepare?.(world);
      const place = (await one.place?.(world)) ?? world;
      const input = await one.input?.(world);
      const run = await place.run(one.command(world, program), input);
      await one.check?.(world, run);
      if (round === 0) outputs.set(program, (one.same ?? String)(run.output.toString()));
      const { wall, user, system } = run;
      tell({ case: one.name, program, wall, user, system });
    }
    order.push(order.shift() as Program);
  }
  const [reference, ...others] = programsOf(one);
  for (const program of others)
    if (outputs.get(program) !== outputs.get(reference as Program))
      throw new Error(`${program} prints something else than ${reference}`);
  if (one.memory) await weigh(one);
}

async function profile(one: Case): Promise<void> {
  const place = (await one.place?.(world)) ?? world;
  for (const program of ['standalone', 'node'] as const) {
    say(`profile of ${one.name}, ${program}`);
    await one.prepare?.(world);
    const file = `${program}.cpuprofile`;
    const words = one.command(world, program).slice(world.programs.commands[program].length);
    const run = await place.run([...underProfiler(world, program, file), ...words], await one.input?.(world));
    await one.check?.(world, run);
    tell({ case: one.name, program, frames: await framesOf(world.path(file)) });
  }
}

async function weigh(one: Case): Promise<void> {
  const place = (await one.place?.(world)) ?? world;
  for (const program of programsOf(one))
    tell({ case: one.name, program, peak: await place.peak(one.command(world, program)) });
}
