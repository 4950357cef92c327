// An epoll tracker in Node.js: libuv waits in epoll_wait.
"use strict";
const net = require("node:net");

function setting(name, standard, most) {
    const value = process.env[name] ?? String(standard);
    const number = /^[0-9]+$/.test(value) ? Number(value) : 0;
    if (number < 1 || number > most) refuse(`${name}=${JSON.stringify(value)}: expected a number from 1 to ${most}`);
    return number;
}

function refuse(text) {
    require("node:fs").writeSync(2, text + "\n");
    process.exit(1);
}

const port = setting("PORT", 7000, 65535);
const maxClients = setting("MAX_CLIENTS", 4096, 1048576);
const slots = []; // slots[slot] is the socket, or undefined
let active = 0;

const server = net.createServer((socket) => {
    const fd = socket._handle.fd;
    if (active === maxClients) {
        console.log(`[REJECT] at capacity (${active}/${maxClients})`);
        socket.destroy();
        return;
    }
    let slot = 0;
    while (slots[slot]) slot += 1;
    slots[slot] = socket;
    active += 1;
    console.log(`[ACCEPT] fd=${fd} slot=${slot}`);
    socket.on("data", () => {});
    socket.on("error", () => {});
    socket.on("end", () => socket.destroy());
    socket.on("close", () => {
        slots[slot] = undefined;
        active -= 1;
        console.log(`[DISCONNECT] fd=${fd} slot=${slot}`);
    });
});
server.on("error", (error) => refuse(`PORT=${port}: ${error.message}`));
server.listen({ port, host: "0.0.0.0", backlog: 128 }, () => console.log(`[START] active=0/${maxClients}`));
