/** Prints N free ports of this host in one line: `node free-ports.mjs N`. */
import { createServer } from "node:net";

const servers = await Promise.all(
  Array.from({ length: Number(process.argv[2]) }, () => {
    const server = createServer();
    return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
  }),
);
process.stdout.write(`${servers.map((server) => server.address().port).join(" ")}\n`);
for (const server of servers) server.close();
