#define _GNU_SOURCE
#include "pager.h"

#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

/* The terminal sends its signals to both; what the client has to say about Ctrl-C must still be passed on. */
#define PAGER "--pager=trap '' INT QUIT; exec cat"

typedef void (*handler)(int);

static int own_pager = 0;

char **with_pager(int *argc, char **argv) {
  for (int i = 1; i < *argc; i++)
    if (strncmp(argv[i], "--pager", 7) == 0) return argv;
  char **more = calloc((size_t)*argc + 2, sizeof *more);
  if (more == NULL) return argv;
  more[0] = argv[0];
  more[1] = PAGER;
  memcpy(more + 2, argv + 1, ((size_t)*argc - 1) * sizeof *more);
  (*argc)++;
  own_pager = 1;
  return more;
}

/* Called by the library in place of libc's. While a pager runs, the client ignores Ctrl-C, which it leaves to the pager; ours
   has no use for it, so the client keeps its own handler, which cancels the query. */
handler signal(int number, handler wanted) {
  if (own_pager && wanted == SIG_IGN && (number == SIGINT || number == SIGQUIT)) return SIG_DFL;
  handler (*libc_signal)(int, handler) = (handler(*)(int, handler))dlsym(RTLD_NEXT, "signal");
  return libc_signal(number, wanted);
}
