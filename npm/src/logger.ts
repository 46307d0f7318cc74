import type { CustomLogger, LogLevel, LoggerOptions } from "./options.js";
import { report } from "./report.js";

const LEVELS = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"] as const;
type Method = "error" | "warn" | "info" | "debug" | "trace";
/** How many lines a bug report can take along. */
const KEPT_LINES = 200;

/** Writes log lines to the console, or where the app wants them. */
export interface Logger {
  /** Sets everything at once. */
  init(severity: LogLevel, push?: boolean, customLogger?: CustomLogger, enableLogs?: boolean): void;
  /** Logs a failure. `source` says what part of the program speaks. */
  error(source: string, text: unknown): void;
  /** Logs something that is not as it should be. */
  warn(source: string, text: unknown): void;
  /** Logs what happens. */
  info(source: string, text: unknown): void;
  /** Logs details. */
  debug(source: string, text: unknown): void;
  /** Logs every detail. */
  trace(source: string, text: unknown): void;
  /** Turns logging on or off. */
  setEnableLogs(enabled: boolean): void;
  /** Takes lines away from the console, or gives them back to it. */
  setCustomLogger(logger: CustomLogger | undefined): void;
  /** Does nothing: lines travel with `submitBugReport`. */
  setConnection(connection?: unknown): void;
  /** Whether `submitBugReport` sends the latest lines along. */
  setPushLogs(push: boolean): void;
  /** How much is logged. A level that does not exist counts as `INFO`. */
  setLevel(level: LogLevel): void;
}

/** The logger of a page, a session or a call. */
export class LevelLogger implements Logger {
  #level = 1;
  #push = false;
  #enabled = true;
  #custom: CustomLogger | undefined;
  readonly #kept: string[] = [];

  constructor(options: LoggerOptions = {}) {
    this.init(options.severity ?? "WARN", options.push, options.customLogger, options.enableLogs);
  }

  init(severity: LogLevel, push = false, customLogger?: CustomLogger, enableLogs = true): void {
    this.setLevel(severity);
    this.#push = push;
    this.#custom = customLogger;
    this.#enabled = enableLogs;
  }

  error(source: string, text: unknown): void {
    this.#write(0, "error", source, text);
  }

  warn(source: string, text: unknown): void {
    this.#write(1, "warn", source, text);
  }

  info(source: string, text: unknown): void {
    this.#write(2, "info", source, text);
  }

  debug(source: string, text: unknown): void {
    this.#write(3, "debug", source, text);
  }

  trace(source: string, text: unknown): void {
    this.#write(4, "trace", source, text);
  }

  setEnableLogs(enabled: boolean): void {
    this.#enabled = enabled;
  }

  setCustomLogger(logger: CustomLogger | undefined): void {
    this.#custom = logger;
  }

  setConnection(): void {
    // Here for apps that call it.
  }

  setPushLogs(push: boolean): void {
    this.#push = push;
  }

  setLevel(level: LogLevel): void {
    const known = LEVELS.indexOf(level.toUpperCase() as LogLevel);
    this.#level = known < 0 ? 2 : known;
  }

  /** The level in force. @internal */
  level(): LogLevel {
    return LEVELS[this.#level] ?? "INFO";
  }

  /** The latest lines, if they are to travel. @internal */
  kept(): readonly string[] {
    return this.#push ? this.#kept : [];
  }

  #write(level: number, method: Method, source: string, text: unknown): void {
    if (!this.#enabled) return;
    const prefix = `${new Date().toTimeString().slice(0, 8)} ${method.toUpperCase()} ${source} -`;
    if (this.#push) this.#keep(prefix, text);
    if (level > this.#level) return;
    if (this.#custom) toApp(this.#custom, method, text);
    else console[method === "trace" ? "debug" : method](prefix, text);
  }

  #keep(prefix: string, text: unknown): void {
    this.#kept.push(`${prefix} ${typeof text === "string" ? text : describe(text)}`);
    if (this.#kept.length > KEPT_LINES) this.#kept.shift();
  }
}

/** A logger of the app's that throws takes no event with it. */
function toApp(custom: CustomLogger, method: Method, text: unknown): void {
  try {
    custom[method](text);
  } catch (error) {
    report(error);
  }
}

function describe(value: unknown): string {
  if (value instanceof Error) return value.message;
  try {
    return JSON.stringify(value);
  } catch {
    return String(value);
  }
}
