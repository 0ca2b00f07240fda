/** The HTTP server on both runtimes. */
import { test } from 'node:test';
import { passesUnderBun } from '../support/bun.js';
import '../support/http-server-cases.js';

test('all of this holds in the standalone executable', () => passesUnderBun('http-server', 9));
