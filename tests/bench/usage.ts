/** What a program and its children cost, as the kernel counts it. */
import { readFileSync, readdirSync } from "node:fs";

/** Clock ticks a second of `/proc/PID/stat`; 100 on every Linux for userspace. */
const TICKS = 100;

export interface Usage {
  /** Seconds of CPU so far, user and system. */
  readonly cpu: number;
  /** Resident bytes. */
  readonly memory: number;
}

export function usage(pid: number): Usage {
  return family(pid).map(one).reduce((sum, next) => ({ cpu: sum.cpu + next.cpu, memory: sum.memory + next.memory }));
}

/** A process and all that it started. */
function family(pid: number): number[] {
  const parents = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map((name) => [Number(name), parent(Number(name))] as const);
  const members = [pid];
  for (const member of members) members.push(...parents.filter(([, of]) => of === member).map(([child]) => child));
  return members;
}

function one(pid: number): Usage {
  const fields = stat(pid);
  if (fields === undefined) return { cpu: 0, memory: 0 };
  const status = readFileSync(`/proc/${pid}/smaps_rollup`, "latin1");
  // What processes share counts a part for each, so that a server of many processes is not charged many times.
  const kilobytes = /^Pss:\s+(\d+)/m.exec(status)?.[1] ?? "0";
  return { cpu: (Number(fields[11]) + Number(fields[12])) / TICKS, memory: Number(kilobytes) * 1024 };
}

function parent(pid: number): number {
  return Number(stat(pid)?.[1] ?? 0);
}

/** The fields after the program's name, which may hold spaces; the first is its state. */
function stat(pid: number): string[] | undefined {
  try {
    const line = readFileSync(`/proc/${pid}/stat`, "latin1");
    return line.slice(line.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
