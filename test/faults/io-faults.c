// A preloaded library (Linux, glibc) that makes file calls fail, or kills the process in their place.
//
//   FAULT_PLACE   only calls on paths that contain this text count; for rename the target, for a descriptor the path that it was opened by
//   FAULT_CALL    open (to write, or of a directory) | read (open to read) | write | fsync | truncate | rename | unlink | rmdir | link |
//                 mkdir | close
//   FAULT_AT      the number of the first call that fails, from 0
//   FAULT_COUNT   how many fail from there on
//   FAULT_ERRNO   what with; FAULT_KILL: the process dies right before the call instead
//   FAULT_LOG     a file that gets one line for each call that counts, of any kind: call and path
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_int calls = 0;

#define REAL(result, name, ...)                                                 \
  static result (*real)(__VA_ARGS__);                                           \
  if (real == NULL) real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static int number(const char *name, int otherwise) {
  const char *text = getenv(name);
  return text == NULL ? otherwise : atoi(text);
}

static void record(const char *file, const char *call, const char *path) {
  static int (*open_real)(const char *, int, ...);
  static ssize_t (*write_real)(int, const void *, size_t);
  static int (*close_real)(int);
  if (open_real == NULL) open_real = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
  if (write_real == NULL) write_real = (ssize_t(*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
  if (close_real == NULL) close_real = (int (*)(int))dlsym(RTLD_NEXT, "close");
  char line[5000];
  int length = snprintf(line, sizeof line, "%s %s\n", call, path);
  int fd = open_real(file, O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (fd < 0) return;
  if (length > 0 && write_real(fd, line, (size_t)length) < 0) abort();
  close_real(fd);
}

// Whether this call is to fail, with errno set; where the process is to die it does not return.
static int strikes(const char *call, const char *path) {
  const int before = errno;
  const char *place = getenv("FAULT_PLACE");
  if (place == NULL || path == NULL || strstr(path, place) == NULL) return 0;
  const char *log = getenv("FAULT_LOG");
  if (log != NULL) record(log, call, path);
  errno = before;
  const char *wanted = getenv("FAULT_CALL");
  if (wanted == NULL || strcmp(wanted, call) != 0) return 0;
  const int at = atomic_fetch_add(&calls, 1);
  const int first = number("FAULT_AT", 0);
  if (at < first || at - first >= number("FAULT_COUNT", 1)) return 0;
  if (getenv("FAULT_KILL") != NULL) kill(getpid(), SIGKILL);
  errno = number("FAULT_ERRNO", EIO);
  return 1;
}

// The path that a descriptor was opened by, as the system knows it.
static const char *path_of(int fd, char *buffer, size_t size) {
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink(link, buffer, size - 1);
  buffer[length < 0 ? 0 : length] = '\0';
  return buffer;
}

static int strikes_fd(const char *call, int fd) {
  const int before = errno;
  char path[4096];
  path_of(fd, path, sizeof path);
  errno = before;
  return strikes(call, path);
}

static const char *kind_of_open(int flags) {
  return (flags & (O_CREAT | O_WRONLY | O_RDWR | O_DIRECTORY)) != 0 ? "open" : "read";
}

int open(const char *path, int flags, ...) {
  REAL(int, "open", const char *, int, ...);
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return strikes(kind_of_open(flags), path) ? -1 : real(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
  REAL(int, "open64", const char *, int, ...);
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = va_arg(rest, mode_t);
  va_end(rest);
  return strikes(kind_of_open(flags), path) ? -1 : real(path, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t count) {
  REAL(ssize_t, "write", int, const void *, size_t);
  return strikes_fd("write", fd) ? -1 : real(fd, bytes, count);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  REAL(ssize_t, "writev", int, const struct iovec *, int);
  return strikes_fd("write", fd) ? -1 : real(fd, parts, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
  REAL(ssize_t, "pwrite", int, const void *, size_t, off_t);
  return strikes_fd("write", fd) ? -1 : real(fd, bytes, count, offset);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset) {
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
  return strikes_fd("write", fd) ? -1 : real(fd, bytes, count, offset);
}

int fsync(int fd) {
  REAL(int, "fsync", int);
  return strikes_fd("fsync", fd) ? -1 : real(fd);
}

int fdatasync(int fd) {
  REAL(int, "fdatasync", int);
  return strikes_fd("fsync", fd) ? -1 : real(fd);
}

int ftruncate(int fd, off_t length) {
  REAL(int, "ftruncate", int, off_t);
  return strikes_fd("truncate", fd) ? -1 : real(fd, length);
}

int ftruncate64(int fd, off64_t length) {
  REAL(int, "ftruncate64", int, off64_t);
  return strikes_fd("truncate", fd) ? -1 : real(fd, length);
}

int rename(const char *from, const char *to) {
  REAL(int, "rename", const char *, const char *);
  return strikes("rename", to) ? -1 : real(from, to);
}

int unlink(const char *path) {
  REAL(int, "unlink", const char *);
  return strikes("unlink", path) ? -1 : real(path);
}

int rmdir(const char *path) {
  REAL(int, "rmdir", const char *);
  return strikes("rmdir", path) ? -1 : real(path);
}

int link(const char *from, const char *to) {
  REAL(int, "link", const char *, const char *);
  return strikes("link", to) ? -1 : real(from, to);
}

int mkdir(const char *path, mode_t mode) {
  REAL(int, "mkdir", const char *, mode_t);
  return strikes("mkdir", path) ? -1 : real(path, mode);
}

// Only what was written to can fail to be closed.
static int strikes_close(int fd) {
  const int before = errno;
  const int flags = fcntl(fd, F_GETFL);
  errno = before;
  return flags != -1 && (flags & O_ACCMODE) != O_RDONLY && strikes_fd("close", fd);
}

// A close that fails has closed the descriptor all the same.
int close(int fd) {
  REAL(int, "close", int);
  const int fails = strikes_close(fd);
  const int error = errno;
  const int closed = real(fd);
  if (!fails) return closed;
  errno = error;
  return -1;
}

// libuv closes by number, without the library's function.
long syscall(long number, ...) {
  REAL(long, "syscall", long, ...);
  long a[6];
  va_list rest;
  va_start(rest, number);
  for (int i = 0; i < 6; i++) a[i] = va_arg(rest, long);
  va_end(rest);
  const int fails = number == SYS_close && strikes_close((int)a[0]);
  const int error = errno;
  const long result = real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  if (!fails) return result;
  errno = error;
  return -1;
}
