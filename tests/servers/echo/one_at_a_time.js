// An echo server in Node.js. Node accepts each client at once; a queue makes the clients wait.
'use strict';
const net = require('net');

const text = process.env.PORT ?? '3490';
const port = /^[0-9]{1,5}$/.test(text) ? Number(text) : 0;
if (port < 1 || port > 65535) {
  console.error(`PORT=${JSON.stringify(text)}: expected a number from 1 to 65535`);
  process.exit(1);
}

const waiting = [];
let isServing = false;

function serveNext() {
  const client = waiting.shift();
  isServing = client !== undefined;
  if (!isServing) return;
  client.once('close', () => {
    console.log(`[DISCONNECT] fd=${client.fd}`);
    serveNext();
  });
  if (client.destroyed) return;
  // pipe() writes as fast as the client reads, and ends the connection after the last byte.
  client.pipe(client);
  client.resume();
}

// With allowHalfOpen, Node does not close the connection when the client shuts down its side.
const options = { allowHalfOpen: true, pauseOnConnect: true };
const server = net.createServer(options, (client) => {
  client.fd = client._handle.fd;
  console.log(`[ACCEPT] fd=${client.fd}`);
  client.on('error', () => client.destroy());
  waiting.push(client);
  if (!isServing) serveNext();
});
server.on('error', (error) => {
  console.error(`PORT=${port}: ${error.message}`);
  process.exit(1);
});
server.listen(port, '0.0.0.0', () => console.log(`[START] port=${port}`));
