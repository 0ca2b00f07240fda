/** ipvsadm's grammar on Node.js, in one script, which starts at once. */
import { dropIn } from '../src/cli/drop-in.js';
import { guard } from '../src/cli/guard.js';
import { run } from './node.js';

void run(guard(dropIn));
