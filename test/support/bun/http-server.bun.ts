/** Run by Bun's test runner (test/system/http-server.test.ts): the executable's HTTP server. */
import '../http-server-cases.js';
