"""Runs a ClickHouse program out of the library that PyPI's package `chdb` is.

usage: server.py FOLDER server|client ARGUMENT...     FOLDER holds the package

The library has the whole server and client, not only the engine in process that the package offers. They are called
through C, so that any Python 3 serves: nothing of Python's own interface is touched.
"""

import ctypes
import glob
import os
import signal
import sys

folder, program, *arguments = sys.argv[1:]

# A test that was killed takes its server with it.
PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

(library,) = glob.glob(os.path.join(folder, "chdb", "_chdb*.so"))
# Symbols are bound when they are called (Python's are not), and other libraries of the package lie beside this one.
os.chdir(os.path.dirname(library))
name = "mainEntryClickHouse" + program.capitalize()
entry = getattr(ctypes.CDLL(library, mode=os.RTLD_LAZY | os.RTLD_GLOBAL), f"_Z{len(name)}{name}iPPc")

argv = [f"clickhouse-{program}".encode(), *map(os.fsencode, arguments)]
code = entry(len(argv), (ctypes.c_char_p * (len(argv) + 1))(*argv, None))
# Not sys.exit: destructors of Python and of the library must not meet.
os._exit(code & 0xFF)
