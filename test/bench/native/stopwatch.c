/*
 * stopwatch PRELOAD PROGRAM ARGUMENT...: runs a program with a library preloaded, and writes to descriptor 3
 * what it took: wait status, wall time, user time and system time in microseconds, peak memory in KiB.
 * Node.js does not tell these of one child.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static long microseconds(struct timeval time) { return time.tv_sec * 1000000L + time.tv_usec; }

int main(int count, char **words) {
  if (count < 3) return 2;
  setenv("LD_PRELOAD", words[1], 1);
  fcntl(3, F_SETFD, FD_CLOEXEC);
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  pid_t program;
  if (posix_spawn(&program, words[2], 0, 0, words + 2, environ) != 0) return 127;
  int status;
  struct rusage used;
  wait4(program, &status, 0, &used);
  clock_gettime(CLOCK_MONOTONIC, &end);
  long wall = (end.tv_sec - start.tv_sec) * 1000000L + (end.tv_nsec - start.tv_nsec) / 1000;
  dprintf(3, "%d %ld %ld %ld %ld\n", status, wall, microseconds(used.ru_utime), microseconds(used.ru_stime),
          used.ru_maxrss);
  return 0;
}
