/* usage: launch LIBCHDB ARGS... — the `clickhouse local` command line inside libchdb.so, from a plain C main:
   callers that switch stacks (FFI libraries) end in "Frame address is greater than stack begin address". */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

int main(int argc, char **argv) {
  /* The engine holds the data folder's lock: it must not outlive the supervisor that started it. */
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (argc < 2) {
    fprintf(stderr, "usage: launch LIBCHDB ARGS...\n");
    return 2;
  }
  void *library = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
  if (!library) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  void *(*run)(int, char **) = (void *(*)(int, char **))dlsym(library, "chdb_query_cmdline");
  if (!run) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  argv[1] = "clickhouse";
  run(argc - 1, argv + 1);
  return 0;
}
