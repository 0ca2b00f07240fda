#!/usr/bin/env node
/** lvsadm on Node.js: what runs before the program itself, so that its code need not be compiled anew each time. */
import { keepCompiledCode } from './compile-cache.js';

keepCompiledCode();
void import('./lvsadm-program.js');
