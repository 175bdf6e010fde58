#!/usr/bin/env node
// The package's own command: loads TypeScript as it is, so there is nothing to build.
require("tsx/cjs");
require("./main");
