/*
 * Preloaded into a program (LD_PRELOAD), plays back what a real kernel answered once (REPLAY_FROM: a
 * directory made by index.ts), or records it (REPLAY_RECORD: a file). A record is four 32-bit numbers: kind,
 * descriptor or option, and the sizes of two byte strings.
 *
 *   kind 1: descriptor, request, nothing       sent over generic netlink
 *   kind 2: descriptor, datagram, nothing      received
 *   kind 3: option, key, value                 getsockopt(2) of IPVS
 *
 * Netlink requests are found by their bytes without sequence number and port id, socket options by option and
 * key; /proc/net/ip_vs and ip_vs_conn are read from the directory. A request that was not recorded ends the program:
 * "replay: no answer". Each send and receive costs one real system call, but nothing of IPVS's own work.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SENT = 1, RECEIVED = 2, OPTION = 3 };
enum { UNKNOWN, RECORD, REPLAY, OFF };
enum { NETLINK = 1, INET = 2 };

/* IP_VS_BASE_CTL + 64 and what follows: linux/ip_vs.h */
enum { FIRST_OPTION = 1152, SERVICES = 1154, SERVERS = 1155, SERVICE = 1156, LAST_OPTION = 1169 };

/* The index, as index.ts writes it. */
struct head {
  uint32_t magic, slots, parts, unused;
};
struct entry {
  uint64_t hash;
  uint32_t first, count;
};
struct part {
  uint64_t offset;
  uint32_t size, unused;
};

/* What a descriptor that the program opened has to receive. */
struct conversation {
  int kind;
  uint32_t sequence, port, next, end;
  int acknowledgements;
  uint32_t acknowledged_sequence, acknowledged_type, acknowledged_port;
};

#define DESCRIPTORS 256
/* The port of a replayed socket; any will do. */
#define PORT 4242
static struct conversation conversations[DESCRIPTORS];
static struct head *head;
static struct entry *entries;
static struct part *parts;
static const char *directory;
static int mode, record = -1, data = -1, null = -1;
static long (*real_syscall)(long, ...);
static void *(*real_dlsym)(void *, const char *);
#define CALL(name, ...) real_syscall(SYS_##name, ##__VA_ARGS__)

#define FNV_START 14695981039346656037ULL
static uint64_t fnv(const unsigned char *bytes, size_t size, uint64_t hash) {
  for (size_t i = 0; i < size; i++) {
    hash ^= bytes[i];
    hash *= 1099511628211ULL;
  }
  return hash;
}

/* High descriptors: the program finds its own where it expects them. */
static int opened(const char *path, int flags) {
  int low = CALL(openat, AT_FDCWD, path, flags | O_CLOEXEC, 0644),
      high = CALL(fcntl, low, F_DUPFD_CLOEXEC, 240);
  CALL(close, low);
  return high;
}

static void start(void) {
  if (!real_dlsym) real_dlsym = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
  if (!real_syscall) real_syscall = real_dlsym(RTLD_NEXT, "syscall");
  if (mode != UNKNOWN) return;
  char *to = getenv("REPLAY_RECORD");
  directory = getenv("REPLAY_FROM");
  mode = to ? RECORD : directory ? REPLAY : OFF;
  if (mode == RECORD) record = opened(to, O_WRONLY | O_CREAT | O_APPEND);
}

static void open_index(void) {
  if (data >= 0) return;
  char path[512];
  struct stat stat;
  snprintf(path, sizeof path, "%s/index", directory);
  int file = CALL(openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
  fstat(file, &stat);
  head = mmap(0, stat.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
  CALL(close, file);
  entries = (void *)(head + 1);
  parts = (void *)(entries + head->slots);
  snprintf(path, sizeof path, "%s/data", directory);
  data = opened(path, O_RDONLY);
  null = opened("/dev/null", O_WRONLY);
}

static struct entry *find(uint64_t hash) {
  if (hash == 0) hash = 1;
  for (uint32_t i = hash & (head->slots - 1);; i = (i + 1) & (head->slots - 1)) {
    if (entries[i].hash == hash) return &entries[i];
    if (entries[i].hash == 0) return 0;
  }
}

static void unanswered(const char *what, int a, int b) {
  char text[200];
  CALL(write, 2, text, snprintf(text, sizeof text, "replay: no answer to %s %d, %d\n", what, a, b));
  abort();
}

static void note(uint32_t kind, uint32_t of, const void *first, uint32_t first_size, const void *second,
                 uint32_t second_size) {
  uint32_t sizes[4] = {kind, of, first_size, second_size};
  size_t size = sizeof sizes + first_size + second_size;
  char *bytes = malloc(size);
  memcpy(bytes, sizes, sizeof sizes);
  memcpy(bytes + sizeof sizes, first, first_size);
  if (second_size) memcpy(bytes + sizeof sizes + first_size, second, second_size);
  CALL(write, record, bytes, size);
  free(bytes);
}

static int is(int fd, int kind) { return fd >= 0 && fd < DESCRIPTORS && conversations[fd].kind == kind; }

/* A request alone is looked up; of a batch only those matter that ask for an acknowledgement. */
static long replay_send(int fd, const unsigned char *bytes, size_t size) {
  struct conversation *to = &conversations[fd];
  open_index();
  CALL(write, null, bytes, size);
  to->next = to->end = 0;
  to->acknowledgements = 0;
  for (size_t at = 0; at + 20 <= size;) {
    struct nlmsghdr message;
    memcpy(&message, bytes + at, sizeof message);
    int command = bytes[at + 16];
    if (at == 0 && message.nlmsg_len + 3u >= size) {
      unsigned char key[4096];
      if (size <= sizeof key) {
        memcpy(key, bytes, size);
        memset(key + 8, 0, 8);
        struct entry *entry = find(fnv(key, size, FNV_START));
        if (entry) {
          to->next = entry->first;
          to->end = entry->first + entry->count;
          to->sequence = message.nlmsg_seq;
          to->port = message.nlmsg_pid;
          return size;
        }
      }
      /* The family's lookup, and IPVS's commands that get something: linux/ip_vs.h */
      int gets = command == 4 || command == 8 || command == 11 || command == 13 || command == 15;
      if (message.nlmsg_type == 16 || gets)
        unanswered("a message of type and command", message.nlmsg_type, command);
    }
    if (message.nlmsg_flags & NLM_F_ACK) {
      to->acknowledgements++;
      to->acknowledged_sequence = message.nlmsg_seq;
      to->acknowledged_port = message.nlmsg_pid;
      to->acknowledged_type = message.nlmsg_type;
    }
    if (message.nlmsg_len < 16) break;
    at += (message.nlmsg_len + 3) & ~3u;
  }
  return size;
}

static long replay_receive(int fd, unsigned char *bytes, size_t room, int flags) {
  struct conversation *from = &conversations[fd];
  open_index();
  if (from->next < from->end) {
    struct part *part = &parts[from->next];
    size_t size = part->size < room ? part->size : room;
    CALL(pread64, data, bytes, size, part->offset);
    for (size_t at = 0; at + 16 <= size;) {
      uint32_t length;
      memcpy(&length, bytes + at, 4);
      memcpy(bytes + at + 8, &from->sequence, 4);
      memcpy(bytes + at + 12, &from->port, 4);
      if (length < 16) break;
      at += (length + 3) & ~3u;
    }
    if (!(flags & MSG_PEEK)) from->next++;
    return flags & MSG_TRUNC ? part->size : (long)size;
  }
  if (from->acknowledgements) {
    uint32_t sequence = from->acknowledged_sequence, port = from->acknowledged_port;
    uint32_t answer[9] = {36, NLMSG_ERROR | NLM_F_CAPPED << 16, sequence, port, 0,
                          20, from->acknowledged_type,          sequence, port};
    CALL(write, null, bytes, sizeof answer);
    memcpy(bytes, answer, room < sizeof answer ? room : sizeof answer);
    if (!(flags & MSG_PEEK)) from->acknowledgements--;
    return sizeof answer;
  }
  errno = EAGAIN;
  return -1;
}

/* The kernel's address. */
static void put_sender(void *address, socklen_t *size) {
  uint32_t kernel[3] = {AF_NETLINK, 0, 0};
  if (address) memcpy(address, kernel, sizeof kernel);
  if (size) *size = sizeof kernel;
}

static long netlink_send(int fd, const void *bytes, size_t size, int flags, const void *to,
                         socklen_t to_size) {
  if (mode == REPLAY) return replay_send(fd, bytes, size);
  long sent = CALL(sendto, fd, bytes, size, flags, to, to_size);
  if (sent > 0) note(SENT, fd, bytes, sent, 0, 0);
  return sent;
}

static long netlink_receive(int fd, void *bytes, size_t size, int flags, void *from, socklen_t *from_size) {
  if (mode == REPLAY) {
    long received = replay_receive(fd, bytes, size, flags);
    if (received >= 0) put_sender(from, from_size);
    return received;
  }
  long received = CALL(recvfrom, fd, bytes, size, flags, from, from_size);
  if (received > 0 && !(flags & MSG_PEEK))
    note(RECEIVED, fd, bytes, received < (long)size ? received : size, 0, 0);
  return received;
}

static size_t key_size(int option, size_t size) {
  return option == SERVICES ? 4 : option == SERVICE ? 20 : option == SERVERS ? size : 0;
}

static long get_option(int fd, int level, int option, void *value, socklen_t *size) {
  if (!is(fd, INET) || level != 0 || option < FIRST_OPTION || option > LAST_OPTION)
    return CALL(getsockopt, fd, level, option, value, size);
  size_t known = key_size(option, *size);
  if (mode == RECORD) {
    char key[512];
    memcpy(key, value, known < sizeof key ? known : sizeof key);
    long result = CALL(getsockopt, fd, level, option, value, size);
    if (result == 0) note(OPTION, option, key, known, value, *size);
    return result;
  }
  open_index();
  unsigned char number[4] = {option & 255, option >> 8, 0, 0};
  struct entry *entry = find(fnv(value, known, fnv(number, 4, FNV_START)));
  if (!entry) unanswered("a socket option", option, *size);
  struct part *part = &parts[entry->first];
  *size = part->size < *size ? part->size : *size;
  CALL(pread64, data, value, *size, part->offset);
  return 0;
}

static const char *redirected(const char *path, char *buffer) {
  static const char *const names[] = {"/net/ip_vs", "/net/ip_vs_conn"};
  if (mode != REPLAY || !path || strncmp(path, "/proc/", 6)) return path;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    size_t size = strlen(path), end = strlen(names[i]);
    if (size < end || strcmp(path + size - end, names[i])) continue;
    snprintf(buffer, 512, "%s%s", directory, names[i] + strlen("/net"));
    return buffer;
  }
  return path;
}

/* A socket that can always be read, for programs that wait until theirs can be; one without an answer says EAGAIN. */
static long readable_socket(void) {
  int ends[2];
  CALL(socketpair, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends);
  CALL(write, ends[1], "", 1);
  return ends[0];
}

static long open_socket(int family, int type, int protocol) {
  int replayed = mode == REPLAY && family == AF_NETLINK && protocol == NETLINK_GENERIC;
  long fd = replayed ? readable_socket() : CALL(socket, family, type, protocol);
  if (mode != OFF && fd >= 0 && fd < DESCRIPTORS) {
    conversations[fd] = (struct conversation){0};
    conversations[fd].kind = family == AF_NETLINK && protocol == NETLINK_GENERIC ? NETLINK
                             : family == AF_INET                                 ? INET
                                                                                 : 0;
  }
  return fd;
}

/* What the programs call. */

int socket(int family, int type, int protocol) {
  start();
  return open_socket(family, type, protocol);
}

int bind(int fd, const struct sockaddr *address, socklen_t size) {
  start();
  return mode == REPLAY && is(fd, NETLINK) ? 0 : CALL(bind, fd, address, size);
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t size) {
  start();
  return mode == REPLAY && is(fd, NETLINK) ? 0 : CALL(setsockopt, fd, level, option, value, size);
}

int getsockname(int fd, struct sockaddr *restrict address, socklen_t *restrict size) {
  start();
  if (mode != REPLAY || !is(fd, NETLINK)) return CALL(getsockname, fd, address, size);
  uint32_t own[3] = {AF_NETLINK, PORT, 0};
  memcpy(address, own, sizeof own);
  *size = sizeof own;
  return 0;
}

int close(int fd) {
  start();
  if (fd >= 0 && fd < DESCRIPTORS) conversations[fd].kind = 0;
  return CALL(close, fd);
}

ssize_t sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *to,
               socklen_t to_size) {
  start();
  return is(fd, NETLINK) ? netlink_send(fd, bytes, size, flags, to, to_size)
                         : CALL(sendto, fd, bytes, size, flags, to, to_size);
}

ssize_t send(int fd, const void *bytes, size_t size, int flags) {
  return sendto(fd, bytes, size, flags, 0, 0);
}

ssize_t recvfrom(int fd, void *restrict bytes, size_t size, int flags, struct sockaddr *restrict from,
                 socklen_t *restrict from_size) {
  start();
  return is(fd, NETLINK) ? netlink_receive(fd, bytes, size, flags, from, from_size)
                         : CALL(recvfrom, fd, bytes, size, flags, from, from_size);
}

ssize_t recv(int fd, void *bytes, size_t size, int flags) { return recvfrom(fd, bytes, size, flags, 0, 0); }

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  start();
  if (!is(fd, NETLINK)) return CALL(sendmsg, fd, message, flags);
  size_t size = 0;
  for (size_t i = 0; i < message->msg_iovlen; i++) size += message->msg_iov[i].iov_len;
  char *bytes = malloc(size), *at = bytes;
  for (size_t i = 0; i < message->msg_iovlen; i++)
    at = mempcpy(at, message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);
  long sent = netlink_send(fd, bytes, size, flags, message->msg_name, message->msg_namelen);
  free(bytes);
  return sent;
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
  start();
  if (!is(fd, NETLINK)) return CALL(recvmsg, fd, message, flags);
  struct iovec *room = message->msg_iov;
  if (mode == RECORD) {
    long received = CALL(recvmsg, fd, message, flags);
    if (received > 0 && !(flags & MSG_PEEK))
      note(RECEIVED, fd, room->iov_base, received < (long)room->iov_len ? received : room->iov_len, 0, 0);
    return received;
  }
  long received = replay_receive(fd, room->iov_base, room->iov_len, flags);
  if (received < 0) return received;
  put_sender(message->msg_name, &message->msg_namelen);
  message->msg_controllen = 0;
  message->msg_flags = received > (long)room->iov_len ? MSG_TRUNC : 0;
  return received;
}

ssize_t write(int fd, const void *bytes, size_t size) {
  start();
  return is(fd, NETLINK) ? netlink_send(fd, bytes, size, 0, 0, 0) : CALL(write, fd, bytes, size);
}

ssize_t read(int fd, void *bytes, size_t size) {
  start();
  return is(fd, NETLINK) ? netlink_receive(fd, bytes, size, 0, 0, 0) : CALL(read, fd, bytes, size);
}

int getsockopt(int fd, int level, int option, void *restrict value, socklen_t *restrict size) {
  start();
  return get_option(fd, level, option, value, size);
}

int open(const char *path, int flags, ...) {
  start();
  char buffer[512];
  va_list rest;
  va_start(rest, flags);
  int permissions = va_arg(rest, int);
  va_end(rest);
  return CALL(openat, AT_FDCWD, redirected(path, buffer), flags, permissions);
}

int open64(const char *path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  int permissions = va_arg(rest, int);
  va_end(rest);
  return open(path, flags, permissions);
}

FILE *fopen(const char *restrict path, const char *restrict how) {
  start();
  static FILE *(*real_fopen)(const char *, const char *);
  if (!real_fopen) real_fopen = real_dlsym(RTLD_NEXT, "fopen");
  char buffer[512];
  return real_fopen(redirected(path, buffer), how);
}

FILE *fopen64(const char *restrict path, const char *restrict how) { return fopen(path, how); }

long syscall(long number, ...) {
  va_list rest;
  va_start(rest, number);
  long a = va_arg(rest, long), b = va_arg(rest, long), c = va_arg(rest, long);
  long d = va_arg(rest, long), e = va_arg(rest, long), f = va_arg(rest, long);
  va_end(rest);
  start();
  char buffer[512];
  switch (number) {
  case SYS_socket: return open_socket(a, b, c);
  case SYS_bind: return bind(a, (void *)b, c);
  case SYS_setsockopt: return setsockopt(a, b, c, (void *)d, e);
  case SYS_getsockname: return getsockname(a, (void *)b, (void *)c);
  case SYS_close: return close(a);
  case SYS_sendto: return sendto(a, (void *)b, c, d, (void *)e, f);
  case SYS_recvfrom: return recvfrom(a, (void *)b, c, d, (void *)e, (void *)f);
  case SYS_getsockopt: return getsockopt(a, b, c, (void *)d, (void *)e);
  case SYS_openat: return CALL(openat, a, redirected((char *)b, buffer), c, d);
  case SYS_read: return read(a, (void *)b, c);
  case SYS_write: return write(a, (void *)b, c);
  default: return real_syscall(number, a, b, c, d, e, f);
  }
}

/* Bun and Node look functions up by name: syscall(2) must be ours there, too. */
void *dlsym(void *restrict library, const char *restrict name) {
  start();
  return strcmp(name, "syscall") == 0 ? (void *)syscall : real_dlsym(library, name);
}
