/* The programs of ClickHouse, out of the library that PyPI's chdb carries: server, client, local, benchmark, format, …

   usage: clickhouse PROGRAM ARGUMENT...     or by a link: clickhouse-PROGRAM ARGUMENT...

   The library lies in ../lib/clickhouse beside the folder of this executable. It is the whole of ClickHouse, built for use
   inside Python: Python's symbols are defined beside this file as empty data (see compile.sh), and never called. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "insert.h"
#include "local.h"
#include "pager.h"

typedef int (*program_main)(int, char **);

/* Path of the library, found from where this executable is. */
static void library_path(char *path, size_t size) {
  char self[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
  if (length < 0) length = 0;
  self[length] = '\0';
  for (int i = 0; i < 2 && strrchr(self, '/') != NULL; i++) *strrchr(self, '/') = '\0';
  snprintf(path, size, "%s/lib/clickhouse/libclickhouse.so", self);
}

/* Main function of a program: `extract-from-config` is mainEntryClickHouseExtractFromConfig(int, char **). */
static program_main find_program(void *library, const char *program) {
  char entry[128] = "mainEntryClickHouse", symbol[160];
  size_t end = strlen(entry);
  int upper = 1;
  for (const char *letter = program; *letter != '\0' && end < sizeof entry - 1; letter++) {
    if (*letter == '-') {
      upper = 1;
      continue;
    }
    entry[end++] = upper ? (char)toupper((unsigned char)*letter) : *letter;
    upper = 0;
  }
  entry[end] = '\0';
  snprintf(symbol, sizeof symbol, "_Z%zu%siPPc", strlen(entry), entry);
  return (program_main)dlsym(library, symbol);
}

int main(int argc, char **argv) {
  const char *name = strrchr(argv[0], '/') != NULL ? strrchr(argv[0], '/') + 1 : argv[0];
  const char *program;
  if (strncmp(name, "clickhouse-", 11) == 0) {
    program = name + 11;
  } else if (argc > 1 && argv[1][0] != '-') {
    program = argv[1];
    argv++;
    argc--;
  } else {
    program = "local"; /* as the official executable does */
  }

  char path[PATH_MAX + 64];
  library_path(path, sizeof path);
  void *library = dlopen(path, RTLD_LAZY | RTLD_GLOBAL);
  if (library == NULL) {
    fprintf(stderr, "clickhouse: %s\n", dlerror());
    return 1;
  }
  prepare_local(library);
  program_main run = find_program(library, program);
  if (run == NULL) {
    fprintf(stderr, "clickhouse: there is no program \"%s\": server, client, local, benchmark and format are some\n", program);
    return 1;
  }
  char *title = NULL;
  if (asprintf(&title, "clickhouse-%s", program) > 0) argv[0] = title;
  int is_local = strcmp(program, "local") == 0;
  if (is_local || strcmp(program, "client") == 0) {
    argv = with_pager(&argc, argv);
    insert_from_stdin(argc, argv);
  }
  /* The watchdog would be a second process, which gets the signals instead of the server. */
  setenv("CLICKHOUSE_WATCHDOG_ENABLE", "0", 0);
  int code = is_local ? run_local(argc, argv) : run(argc, argv);
  /* Not by exit: destructors of the library's static objects may meet what is gone already. */
  fflush(NULL);
  _exit(code & 0xFF);
}
