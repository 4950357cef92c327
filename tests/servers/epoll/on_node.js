// An echo server on Node's event loop, which waits in epoll_pwait. It stops reading from a client
// while output is pending. Node has threads of its own, which do not read from the clients.
"use strict";

const net = require("node:net");

function setting(name, fallback, most) {
  const text = process.env[name] ?? String(fallback);
  if (!/^[0-9]+$/.test(text) || Number(text) < 1 || Number(text) > most) {
    process.stderr.write(`${name}=${text}: give a whole number from 1 to ${most}\n`);
    process.exit(1);
  }
  return Number(text);
}

const port = setting("PORT", 7000, 65535);
const maxClients = setting("MAX_CLIENTS", 4096, 1000000);
const freeSlots = Array.from({ length: maxClients }, (_, index) => maxClients - 1 - index);

function admit(socket) {
  if (freeSlots.length === 0) {
    socket.destroy();
    console.log(`[REJECT] at capacity (${maxClients}/${maxClients})`);
    return;
  }
  const slot = freeSlots.pop();
  const fd = socket._handle.fd;
  console.log(`[ACCEPT] fd=${fd} slot=${slot}`);
  socket.on("data", (bytes) => {
    if (!socket.write(bytes)) {
      socket.pause();
      socket.once("drain", () => socket.resume());
    }
  });
  socket.on("end", () => socket.destroy());
  socket.on("error", () => {}); // "close" follows
  socket.on("close", () => {
    freeSlots.push(slot);
    console.log(`[DISCONNECT] fd=${fd} slot=${slot}`);
  });
}

const server = net.createServer(admit);
server.on("error", (error) => {
  process.stderr.write(`PORT=${port}: ${error.message}\n`);
  process.exit(1);
});
server.listen({ port, host: "0.0.0.0", backlog: 511 }, () => {
  console.log(`[START] active=0/${maxClients}`);
});
