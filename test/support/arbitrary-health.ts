/** Random results of checks, and servers with random weights. */
import fc from 'fast-check';

/** Results of one server in order, and how many of them in a row count. */
export const traces = fc.record({
  results: fc.array(fc.boolean(), { maxLength: 40 }),
  rise: fc.integer({ min: 1, max: 4 }),
  fall: fc.integer({ min: 1, max: 4 }),
});

/** Several servers with the results of each, and what the document, an operator and their agents say. */
export const pools = fc.record({
  servers: fc.array(
    fc.record({
      results: fc.array(fc.boolean(), { maxLength: 20 }),
      weight: fc.constantFrom(0, 1, 2, 10, 100, 2147483647),
      held: fc.option(fc.constantFrom(0, 5), { nil: undefined, freq: 4 }),
      agent: fc.option(fc.constantFrom(0, 0.5, 1, 2.56), { nil: undefined, freq: 2 }),
      reported: fc.option(fc.constantFrom(0, 0.5, 1), { nil: undefined, freq: 2 }),
    }),
    { maxLength: 8 },
  ),
  floor: fc.integer({ min: 0, max: 100 }),
  floorOf: fc.constantFrom('servers' as const, 'weight' as const),
  slowStart: fc.constantFrom(0, 5, 1000),
  rise: fc.integer({ min: 1, max: 3 }),
  fall: fc.integer({ min: 1, max: 3 }),
});
