/**
 * Line numbers of the TypeScript sources in stack traces, by Node itself. The way of ts-node, which Pulumi starts, reads a
 * source map for every file in a trace, Pulumi's own included, and Pulumi takes a trace for every promise it makes:
 * that alone was a sixth of the program's time. To be imported before all else, as Node maps what is loaded afterwards.
 */
Reflect.deleteProperty(Error, "prepareStackTrace");
process.setSourceMapsEnabled(true);
