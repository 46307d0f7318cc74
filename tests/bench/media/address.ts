/** The address where the ends and the servers are: one of this machine's, as some servers offer no loopback addresses. */
import { networkInterfaces } from "node:os";

const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);

/** What is sent between two ports of it never leaves the machine. */
export const ADDRESS = own.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
