/**
 * Free ports on loopback, chosen at random below the range the kernel gives to outgoing sockets. Test files run beside
 * one another in processes of their own, so each takes its ports from a part of the range that its id chooses.
 */
import { createSocket } from "node:dgram";
import { createServer } from "node:net";

const FIRST = 11_000 + (process.pid % 7) * 3000;
const LAST = FIRST + 3000;
const given = new Set<number>();

/** A port free for UDP and TCP at this address, not given out before in this process. */
export async function port(address = "127.0.0.1"): Promise<number> {
  return (await ports(1, address)).first;
}

/** That many consecutive ports, the first one even, as RTP wants them. */
export async function ports(count: number, address = "127.0.0.1"): Promise<{ first: number; last: number }> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const first = FIRST + 2 * Math.floor((Math.random() * (LAST - FIRST - count)) / 2);
    const range = Array.from({ length: count }, (_, i) => first + i);
    if (range.some((candidate) => given.has(candidate))) continue;
    const free = await Promise.all(range.map((candidate) => isFree(candidate, address)));
    if (!free.every(Boolean)) continue;
    for (const candidate of range) given.add(candidate);
    return { first, last: first + count - 1 };
  }
  throw new Error(`no ${count} free ports at ${address}`);
}

async function isFree(candidate: number, address: string): Promise<boolean> {
  const udp = await new Promise<boolean>((resolve) => {
    const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
    socket.once("error", () => {
      resolve(false);
    });
    socket.bind({ port: candidate, address, exclusive: true }, () => socket.close(() => resolve(true)));
  });
  if (!udp) return false;
  return new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(candidate, address, () => server.close(() => resolve(true)));
  });
}
