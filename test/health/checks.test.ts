/** Every kind of check against real servers and programs, on Node and on Bun. */
import { test } from 'node:test';
import { passesUnderBun } from '../support/bun.js';
import { testNetworkChecks } from '../support/health/network-checks.js';
import { testProgramChecks } from '../support/health/program-checks.js';

testNetworkChecks();
testProgramChecks();

test('the same on Bun', () => passesUnderBun('checks', 48));
