/** The only place that catches: whatever a face throws becomes a line and an exit status. */
import { ClosedPipe, WithStatus } from '../context.js';
import { nameOf } from './argv0.js';
import type { Face } from './grammar.js';

/** What a shell reports for a program that a closed pipe ended: 128 + SIGPIPE. */
const CLOSED_PIPE = 141;

/** The face, which no longer throws. */
export const guard =
  (face: Face): Face =>
  async (argv, context) => {
    try {
      return await face(argv, context);
    } catch (error) {
      if (error instanceof ClosedPipe) return CLOSED_PIPE;
      const { render } = await import('./render.js');
      const told = error instanceof WithStatus ? error.cause : error;
      const { text, status } = render(told, nameOf(context.program));
      await context.err.write(text);
      return error instanceof WithStatus ? error.status : status;
    }
  };
