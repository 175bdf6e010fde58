/* Makes the client print its results, which chdb's build of it does only through a pager, and still end a query on Ctrl-C.

   Adds `--pager` with a plain `cat`, unless the arguments name a pager. */
char **with_pager(int *argc, char **argv);
