#include "local.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#define EXCEPTION_CODE _ZN2DB23getCurrentExceptionCodeEv /* int DB::getCurrentExceptionCode() */
#define STRING(name) STRING_OF(name)
#define STRING_OF(name) #name

static int (*library_exception_code)(void);
static void *(*library_local)(int, char **);
static int last_code = 0;

/* Called by the library, of every program, in place of its own function of this name. It tells which error a query has ended
   with, and `local` tells it nowhere else. */
int EXCEPTION_CODE(void) { return last_code = library_exception_code(); }

void prepare_local(void *library) {
  library_exception_code = (int (*)(void))dlsym(library, STRING(EXCEPTION_CODE));
  library_local = (void *(*)(int, char **))dlsym(library, "_ZN4CHDB22pyEntryClickHouseLocalEiPPc");
}

int run_local(int argc, char **argv) {
  if (library_local == NULL) {
    fprintf(stderr, "clickhouse: this library has no \"local\"\n");
    return 1;
  }
  int ignore_errors = 0;
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], "--ignore-error") == 0) ignore_errors = 1;
  library_local(argc, argv);
  return ignore_errors ? 0 : last_code;
}
