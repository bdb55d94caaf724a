/*
 * Breaks the disk and the clock of a process, for tests: preloaded, steered through a file that is mapped into memory.
 * Only files of a journal are touched. Built by fault_shim.ts.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* Signed 64-bit words; fault_shim.ts knows them by the same positions. */
struct control {
  int64_t write_errno;
  int64_t write_short; /* bytes taken by a write; the one for the rest then finds no space, else libuv would finish it */
  int64_t sync_errno;
  int64_t times; /* failures left; negative: without end */
  int64_t write_delay_us;
  int64_t sync_delay_us;
  int64_t clock_ms; /* added to the wall clock */
  int64_t failed;   /* failures made so far */
  int64_t synced_inode; /* the journal file that was synced last */
  int64_t synced_bytes; /* and how much of it is on stable storage */
};

static struct control none;
static volatile struct control *control = &none;

__attribute__((constructor)) static void open_control(void) {
  const char *path = getenv("CG_FAULT_CONTROL");
  if (path == NULL) return;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *map = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (map != MAP_FAILED) control = map;
}

static int in_journal(int fd) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length <= 0) return 0;
  path[length] = 0;
  return strstr(path, "/journal/") != NULL && strstr(path, ".jsonl") != NULL;
}

/* Whether this call is one of those that fail. */
static int its_turn(void) {
  if (control->times < 0) {
    __sync_fetch_and_add(&control->failed, 1);
    return 1;
  }
  if (__sync_fetch_and_sub(&control->times, 1) > 0) {
    __sync_fetch_and_add(&control->failed, 1);
    return 1;
  }
  __sync_fetch_and_add(&control->times, 1);
  return 0;
}

/* -1: fail with errno set; 0: go on; more: take only so many bytes. */
static ssize_t before_write(int fd, size_t size) {
  if (control->write_errno == 0 && control->write_short == 0 && control->write_delay_us == 0) return 0;
  if (!in_journal(fd)) return 0;
  static __thread int cut;
  if (cut) {
    cut = 0;
    errno = ENOSPC;
    return -1;
  }
  if (control->write_delay_us > 0) usleep((useconds_t)control->write_delay_us);
  if (control->write_errno != 0 && its_turn()) {
    errno = (int)control->write_errno;
    return -1;
  }
  if (control->write_short == 0 || (size_t)control->write_short >= size || !its_turn()) return 0;
  cut = 1;
  return control->write_short;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *bytes, size_t size) {
  static __typeof__(&write) real;
  if (real == NULL) real = REAL(write);
  ssize_t verdict = before_write(fd, size);
  return verdict < 0 ? -1 : real(fd, bytes, verdict > 0 ? (size_t)verdict : size);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at) {
  static __typeof__(&pwrite64) real;
  if (real == NULL) real = REAL(pwrite64);
  ssize_t verdict = before_write(fd, size);
  return verdict < 0 ? -1 : real(fd, bytes, verdict > 0 ? (size_t)verdict : size, at);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  static __typeof__(&writev) real;
  if (real == NULL) real = REAL(writev);
  size_t size = 0;
  for (int i = 0; i < count; i++) size += parts[i].iov_len;
  ssize_t verdict = before_write(fd, size);
  if (verdict < 0) return -1;
  if (verdict == 0) return real(fd, parts, count);
  struct iovec first = {parts[0].iov_base, (size_t)verdict < parts[0].iov_len ? (size_t)verdict : parts[0].iov_len};
  return real(fd, &first, 1);
}

/* A sync that fails has lost what it was to write: the kernel drops such pages and forgets about them. */
static int lose_unsynced(int fd) {
  struct stat file;
  if (fstat(fd, &file) == 0 && (int64_t)file.st_ino == control->synced_inode && ftruncate(fd, control->synced_bytes) != 0)
    abort();
  errno = (int)control->sync_errno;
  return -1;
}

static int sync_journal(int fd, int (*real)(int)) {
  if (control == &none || !in_journal(fd)) return real(fd);
  struct stat file;
  if (fstat(fd, &file) != 0) return -1;
  if (control->sync_delay_us > 0) usleep((useconds_t)control->sync_delay_us);
  if (control->sync_errno != 0 && its_turn()) return lose_unsynced(fd);
  int result = real(fd);
  if (result == 0) {
    control->synced_inode = (int64_t)file.st_ino;
    control->synced_bytes = file.st_size;
  }
  return result;
}

int fdatasync(int fd) {
  static __typeof__(&fdatasync) real;
  if (real == NULL) real = REAL(fdatasync);
  return sync_journal(fd, real);
}

int fsync(int fd) {
  static __typeof__(&fsync) real;
  if (real == NULL) real = REAL(fsync);
  return sync_journal(fd, real);
}

int clock_gettime(clockid_t id, struct timespec *now) {
  static __typeof__(&clock_gettime) real;
  if (real == NULL) real = REAL(clock_gettime);
  int result = real(id, now);
  if (result == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) {
    int64_t ns = now->tv_nsec + control->clock_ms % 1000 * 1000000;
    now->tv_sec += control->clock_ms / 1000 + (ns < 0 ? -1 : ns / 1000000000);
    now->tv_nsec = ns < 0 ? ns + 1000000000 : ns % 1000000000;
  }
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  (void)zone;
  struct timespec precise;
  int result = clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return result;
}

time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != NULL) *out = now.tv_sec;
  return now.tv_sec;
}
