/** The standalone executable's sockets of IPv4: their tests, under Bun. */
import { test } from 'node:test';
import { passesUnderBun } from '../support/bun.js';

test('options of a socket are read through the C library', () => passesUnderBun('option-socket', 3));
