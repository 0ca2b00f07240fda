/** ipvsadm's grammar on Node.js, in one script, which starts at once. */

import { guard } from '../src/cli/catch.js';
import { dropIn } from '../src/cli/ipvsadm.js';
import { run } from './node.js';

void run(guard(dropIn));
