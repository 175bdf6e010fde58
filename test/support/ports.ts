import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

/** The first port that the system takes for outgoing connections; 32768 unless the machine was set up otherwise. */
const outgoingFrom = () =>
  Number(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").split("\t")[0]);

/**
 * The ports that tests reserve: ten thousand below those of outgoing connections, fewer where these begin low. A machine that
 * gives nearly all ports to connections has none below: there a connection may take a reserved one before its server does.
 */
export function portRange(outgoing = outgoingFrom()): { first: number; end: number } {
  const end = outgoing < 4096 ? 30_000 : Math.min(outgoing, 30_000);
  return { first: Math.max(1024, end - 10_000), end };
}

/**
 * A port of loopback that nobody listens on and no other test takes while this process lives, for what must know its port long
 * before it listens. The lock is a UDP socket of the same number, which the kernel gives back however the process ends.
 */
export async function reservePort(): Promise<number> {
  const { first, end } = portRange();
  const start = Math.floor(Math.random() * (end - first));
  for (let i = 0; i < end - first; i++) {
    const port = first + ((start + i) % (end - first));
    if ((await locks(port)) && (await isFree(port))) return port;
  }
  throw new Error(`No port from ${first} to ${end - 1} is free`);
}

/** Takes the lock of a port for the life of this process; false when another test has it. */
function locks(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const lock = createSocket("udp4");
    lock.once("error", () => lock.close(() => resolve(false)));
    lock.bind({ port, address: "127.0.0.1", exclusive: true }, () => {
      lock.unref();
      resolve(true);
    });
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen({ port, host: "127.0.0.1", exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
