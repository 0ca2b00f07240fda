/** Run by Bun's test runner (test/health/checks.test.ts): checks on the executable's runtime. */
import { testNetworkChecks } from '../health/network-checks.js';
import { testProgramChecks } from '../health/program-checks.js';

testNetworkChecks();
testProgramChecks();
