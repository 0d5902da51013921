// A line between a browser and the service that can be cut without either of them being at fault.

import { once } from "node:events";
import { connect, createServer } from "node:net";

export class Line {
  #sockets = new Set();
  #server;

  /** Leads from a port of its own to the service's. */
  static async to(scope, port) {
    const line = new Line();
    line.service = port;
    line.port = await line.heal();
    scope.after(() => line.cut());
    return line;
  }

  /** Lets everything through, again on the same port. */
  async heal() {
    this.#server = createServer((browser) => {
      const service = connect(this.service, "127.0.0.1");
      for (const socket of [browser, service]) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.once("close", () => {
          this.#sockets.delete(socket);
          browser.destroy();
          service.destroy();
        });
      }
      browser.pipe(service).pipe(browser);
    }).listen(this.port ?? 0, "127.0.0.1");
    await once(this.#server, "listening");
    return this.#server.address().port;
  }

  /** Lets nothing through, and ends what is open. */
  async cut() {
    if (!this.#server?.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
