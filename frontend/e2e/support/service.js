// Starts the binary under test, each time in a new folder and on ports that nobody else uses.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "./wait.js";

const BINARY = process.env.E2E_BINARY;
const BASE_PATH = "/approval-apps/";
// The demo's own values; they open nothing but the sandbox.
export const SANDBOX_TOKEN = "sandbox-token";
export const SANDBOX_SECRET = "sandbox-secret";

/**
 * A port that was free a moment ago, below those that the system gives to clients: while a service is started anew there,
 * nobody takes it.
 */
export async function freePort() {
  for (;;) {
    const port = 15_000 + Math.floor(Math.random() * 15_000);
    const server = createServer().listen(port, "127.0.0.1");
    if (!(await once(server, "listening").then(() => true, () => false))) continue;
    server.close();
    await once(server, "close");
    return port;
  }
}

/** A folder that is gone after the journey. */
export async function folder(scope) {
  const path = await mkdtemp(join(tmpdir(), "approval-app-e2e-"));
  scope.after(() => rm(path, { recursive: true, force: true, maxRetries: 5 }));
  return path;
}

/** A process that is gone after the journey. What it wrote is shown when the journey fails. */
class Process {
  constructor(scope, args, env = {}) {
    if (!BINARY) throw new Error("E2E_BINARY must name the approval-app binary; `make test-e2e` does that.");
    // Nothing of the caller's configuration may reach the binary.
    const clean = Object.entries(process.env).filter(([name]) => !name.startsWith("APPROVAL_"));
    this.child = spawn(BINARY, args, { env: { ...Object.fromEntries(clean), ...env }, stdio: ["ignore", "pipe", "pipe"] });
    this.output = "";
    this.log = "";
    this.ended = once(this.child, "exit");
    this.child.stdout.on("data", (data) => (this.output += data));
    this.child.stderr.on("data", (data) => (this.log += data));
    scope.after(() => this.kill());
    // Also when the tests end before the journey does.
    const kill = () => this.child.kill("SIGKILL");
    process.once("exit", kill);
    this.ended.then(() => process.off("exit", kill));
    scope.onFailure(() => `${args[0]} wrote:\n${this.output}${this.log.slice(-6000)}`);
  }

  /** As a power cut would. */
  async kill() {
    this.child.kill("SIGKILL");
    await this.ended;
  }

  /** Waits for something in the output. */
  line(pattern) {
    return until(`${pattern} in the output of the binary`, () => {
      if (this.child.exitCode !== null) throw new Error(`it ended with ${this.child.exitCode}: ${this.output}${this.log}`);
      return pattern.exec(this.output);
    });
  }
}

/** Starts app and sandbox in one process; returns the URL of the app's pages and of the sandbox. */
export async function startDemo(scope, path) {
  const own = ["--folder", path ?? (await folder(scope))];
  const demo = new Process(scope, ["demo", "--listen", "127.0.0.1:0", "--sandbox-listen", "127.0.0.1:0", ...own]);
  const [, app] = await demo.line(/reviewer's page\s+(\S+)/);
  const [, sandbox] = await demo.line(/GitLab sandbox\s+(\S+)/);
  return { app, sandbox };
}

/** Where an app on this port has its pages. */
export const appAt = (port) => `http://127.0.0.1:${port}${BASE_PATH}`;

/**
 * Starts the app alone, for a GitLab that runs elsewhere, and waits until it is ready. Until somebody has used its set-up
 * link, it prints that.
 */
export async function startServe(scope, { port, path, gitlab, env }) {
  const serve = new Process(scope, ["serve", "--listen", `127.0.0.1:${port}`], {
    APPROVAL_DATABASE_URL: `sqlite:${join(path, "checks.db")}`,
    APPROVAL_GITLAB_URL: gitlab.replace(/\/$/, ""),
    APPROVAL_GITLAB_TOKEN: SANDBOX_TOKEN,
    APPROVAL_HMAC_SECRET: SANDBOX_SECRET,
    ...env,
  });
  const app = appAt(port);
  await until("the app to be ready", async () => (await fetch(new URL("/readyz", app))).ok);
  return { app, kill: () => serve.kill(), setUpSecret: async () => (await serve.line(/welcome#(\S+)/))[1] };
}
