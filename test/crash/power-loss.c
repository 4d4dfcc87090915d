/* What a disk would lose: writes down every change to the files under SALUS_CRASH_HOME before it is made,
 * and which changes were flushed since, in the journal SALUS_CRASH_JOURNAL. After the process is gone,
 * power-loss.ts takes back what was never flushed. Built on demand by the crash test, for Linux.
 *
 * Record: u64 op, u64 inode, u64 offset, u64 size before, u64 bytes of a, u64 bytes of b; a ‖ b.
 * Every inode that is touched gets a second name in the folder JOURNAL.d, so that it can be named later. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { WRITE = 1, TRUNCATE, SYNC, CREATE, UNLINK, RENAME, LINK, SYNC_FOLDER, BEGIN };
enum { MAX_FDS = 65536 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char home[4096], graves[4096];
static size_t home_length;
static int journal = -1;
static uint64_t sequence;
/* 0: not ours; 1: a file; a folder's path otherwise. */
static char *folders[MAX_FDS];
static ino_t files[MAX_FDS];

#define REAL(result, name, ...) static result (*real_##name)(__VA_ARGS__)
REAL(int, open, const char *, int, ...);
REAL(int, close, int);
REAL(ssize_t, write, int, const void *, size_t);
REAL(ssize_t, pwrite, int, const void *, size_t, off_t);
REAL(int, ftruncate, int, off_t);
REAL(int, fsync, int);
REAL(int, fdatasync, int);
REAL(int, rename, const char *, const char *);
REAL(int, unlink, const char *);
REAL(int, unlinkat, int, const char *, int);
REAL(int, remove, const char *);
REAL(int, link, const char *, const char *);

__attribute__((constructor)) static void begin(void) {
#define FIND(name) *(void **)&real_##name = dlsym(RTLD_NEXT, #name)
  FIND(open); FIND(close); FIND(write); FIND(pwrite); FIND(ftruncate); FIND(fsync); FIND(fdatasync);
  FIND(rename); FIND(unlink); FIND(unlinkat); FIND(remove); FIND(link);
  const char *h = getenv("SALUS_CRASH_HOME"), *j = getenv("SALUS_CRASH_JOURNAL");
  if (!h || !j) return;
  snprintf(home, sizeof home, "%s/", h);
  home_length = strlen(home);
  snprintf(graves, sizeof graves, "%s.d", j);
  journal = real_open(j, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if (journal < 0) { perror("the journal"); _exit(97); }
}

static int is_ours(const char *path) {
  if (journal < 0 || strncmp(path, home, home_length)) return 0;
  /* Neither is believed after a crash: SQLite makes them anew. */
  return !strstr(path, "-shm") && !strstr(path, ".lock") && !strstr(path, "lock.sqlite");
}

static void append(uint32_t op, uint64_t inode, uint64_t offset, uint64_t before,
                   const void *a, uint64_t a_bytes, const void *b, uint64_t b_bytes) {
  uint64_t head[6] = {op, inode, offset, before, a_bytes, b_bytes};
  struct iovec parts[3] = {{head, sizeof head}, {(void *)a, a_bytes}, {(void *)b, b_bytes}};
  ssize_t want = (ssize_t)(sizeof head + a_bytes + b_bytes);
  sequence++;
  static ssize_t (*real_writev)(int, const struct iovec *, int);
  if (!real_writev) *(void **)&real_writev = dlsym(RTLD_NEXT, "writev");
  if (real_writev(journal, parts, 3) != want) { perror("the journal"); _exit(98); }
}

/* Numbers of records begin anew with each process: the first one says where. */
static void record(uint32_t op, uint64_t inode, uint64_t offset, uint64_t before,
                   const void *a, uint64_t a_bytes, const void *b, uint64_t b_bytes) {
  if (!sequence) append(BEGIN, 0, 0, 0, "", 0, "", 0);
  append(op, inode, offset, before, a, a_bytes, b, b_bytes);
}

static void bury(const char *path, ino_t inode) {
  char grave[4200];
  snprintf(grave, sizeof grave, "%s/%llu", graves, (unsigned long long)inode);
  real_link(path, grave);
}

static int opened(int fd, const char *path, int flags, int was_there) {
  struct stat s;
  if (fd < 0 || fd >= MAX_FDS || !is_ours(path) || fstat(fd, &s)) return fd;
  int before = errno;
  if (S_ISDIR(s.st_mode)) folders[fd] = strdup(path);
  else if (S_ISREG(s.st_mode) && (flags & O_ACCMODE) != O_RDONLY) {
    files[fd] = s.st_ino;
    bury(path, s.st_ino);
    if (!was_there) record(CREATE, s.st_ino, 0, 0, path, strlen(path), "", 0);
  }
  errno = before;
  return fd;
}

static ssize_t old_bytes(int fd, void **old, size_t bytes, off_t at, struct stat *s) {
  if (at >= s->st_size) return 0;
  if ((off_t)bytes > s->st_size - at) bytes = (size_t)(s->st_size - at);
  *old = malloc(bytes ? bytes : 1);
  /* The descriptor may be for writing only. */
  char name[64];
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  int reading = real_open(name, O_RDONLY | O_CLOEXEC);
  ssize_t got = reading < 0 ? -1 : pread(reading, *old, bytes, at);
  if (reading >= 0) real_close(reading);
  if (got != (ssize_t)bytes) { perror("old bytes"); _exit(99); }
  return got;
}

static void clear_file(int fd, ino_t inode, off_t size) {
  struct stat s;
  if (fstat(fd, &s) || s.st_size == size) return;
  void *old = NULL;
  ssize_t got = size < s.st_size ? old_bytes(fd, &old, (size_t)(s.st_size - size), size, &s) : 0;
  record(TRUNCATE, inode, (uint64_t)size, (uint64_t)s.st_size, old, (uint64_t)got, "", 0);
  free(old);
}

static int open_ours(const char *path, int flags, mode_t mode) {
  if (!real_open) begin();
  if (!is_ours(path)) return real_open(path, flags, mode);
  pthread_mutex_lock(&mutex);
  struct stat s;
  int was_there = stat(path, &s) == 0;
  if (was_there && (flags & O_TRUNC)) {
    int fd = real_open(path, O_RDWR | O_CLOEXEC);
    if (fd >= 0) { bury(path, s.st_ino); clear_file(fd, s.st_ino, 0); real_close(fd); }
  }
  int fd = opened(real_open(path, flags, mode), path, flags, was_there);
  pthread_mutex_unlock(&mutex);
  return fd;
}

#define MODE mode_t mode = 0; \
  if (flags & (O_CREAT | O_TMPFILE)) { va_list l; va_start(l, flags); mode = va_arg(l, mode_t); va_end(l); }
int open(const char *path, int flags, ...) { MODE return open_ours(path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE return open_ours(path, flags, mode); }

int close(int fd) {
  if (fd >= 0 && fd < MAX_FDS && (files[fd] || folders[fd])) {
    pthread_mutex_lock(&mutex);
    files[fd] = 0;
    free(folders[fd]);
    folders[fd] = NULL;
    pthread_mutex_unlock(&mutex);
  }
  return real_close(fd);
}

static int is_file(int fd, struct stat *s) {
  return fd >= 0 && fd < MAX_FDS && files[fd] && !fstat(fd, s) && s->st_ino == files[fd];
}

/* `at` < 0: at the place of the descriptor. */
static ssize_t written(int fd, const void *bytes, size_t count, off_t at) {
  struct stat s;
  if (!is_file(fd, &s)) return at < 0 ? real_write(fd, bytes, count) : real_pwrite(fd, bytes, count, at);
  pthread_mutex_lock(&mutex);
  fstat(fd, &s);
  off_t where = at < 0 ? lseek(fd, 0, SEEK_CUR) : at;
  void *old = NULL;
  ssize_t got = old_bytes(fd, &old, count, where, &s);
  record(WRITE, s.st_ino, (uint64_t)where, (uint64_t)s.st_size, old, (uint64_t)got, bytes, count);
  free(old);
  ssize_t done = at < 0 ? real_write(fd, bytes, count) : real_pwrite(fd, bytes, count, at);
  int before = errno;
  pthread_mutex_unlock(&mutex);
  errno = before;
  return done;
}

ssize_t write(int fd, const void *bytes, size_t count) { return written(fd, bytes, count, -1); }
ssize_t pwrite(int fd, const void *b, size_t count, off_t at) { return written(fd, b, count, at); }
ssize_t pwrite64(int fd, const void *b, size_t count, off64_t at) { return written(fd, b, count, at); }

static int truncated(int fd, off_t size) {
  struct stat s;
  if (!is_file(fd, &s)) return real_ftruncate(fd, size);
  pthread_mutex_lock(&mutex);
  clear_file(fd, s.st_ino, size);
  int done = real_ftruncate(fd, size);
  pthread_mutex_unlock(&mutex);
  return done;
}
int ftruncate(int fd, off_t size) { return truncated(fd, size); }
int ftruncate64(int fd, off64_t size) { return truncated(fd, size); }

/* What was written down before the flush began is durable after it. */
static int flushed(int fd, int (*flush)(int)) {
  struct stat s;
  uint64_t before = sequence;
  int done = flush(fd);
  if (done || fd < 0 || fd >= MAX_FDS) return done;
  pthread_mutex_lock(&mutex);
  if (is_file(fd, &s)) record(SYNC, s.st_ino, before, sequence, "", 0, "", 0);
  else if (folders[fd])
    record(SYNC_FOLDER, 0, before, sequence, folders[fd], strlen(folders[fd]), "", 0);
  pthread_mutex_unlock(&mutex);
  return done;
}
int fsync(int fd) { return flushed(fd, real_fsync); }
int fdatasync(int fd) { return flushed(fd, real_fdatasync); }

int rename(const char *from, const char *to) {
  if (!is_ours(to)) return real_rename(from, to);
  pthread_mutex_lock(&mutex);
  struct stat s, replaced = {0};
  if (stat(from, &s) == 0) {
    bury(from, s.st_ino);
    if (stat(to, &replaced) == 0) bury(to, replaced.st_ino);
    else replaced.st_ino = 0;
    record(RENAME, s.st_ino, replaced.st_ino, 0, from, strlen(from), to, strlen(to));
  }
  int done = real_rename(from, to);
  int before = errno;
  pthread_mutex_unlock(&mutex);
  errno = before;
  return done;
}

static void unlinking(const char *path) {
  struct stat s;
  if (stat(path, &s) || !S_ISREG(s.st_mode)) return;
  bury(path, s.st_ino);
  record(UNLINK, s.st_ino, 0, 0, path, strlen(path), "", 0);
}

#define GONE(call) \
  if (!is_ours(path)) return call; \
  pthread_mutex_lock(&mutex); \
  unlinking(path); \
  int done = call; \
  int before = errno; \
  pthread_mutex_unlock(&mutex); \
  errno = before; \
  return done;
int unlink(const char *path) { GONE(real_unlink(path)) }
int remove(const char *path) { GONE(real_remove(path)) }
int unlinkat(int fd, const char *path, int flags) { GONE(real_unlinkat(fd, path, flags)) }

int link(const char *from, const char *to) {
  if (!is_ours(to)) return real_link(from, to);
  pthread_mutex_lock(&mutex);
  struct stat s;
  if (stat(from, &s) == 0) record(LINK, s.st_ino, 0, 0, to, strlen(to), "", 0);
  int done = real_link(from, to);
  int before = errno;
  pthread_mutex_unlock(&mutex);
  errno = before;
  return done;
}
