/** The standalone executable's files: their tests, under Bun. */
import { test } from 'node:test';
import { passesUnderBun } from '../support/bun.js';

test('files are read, written, locked and described through the C library', () => passesUnderBun('files', 6));
