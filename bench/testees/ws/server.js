// Echo testee on the npm package ws: WORKERS processes share one port.
//
//     server.js PORT WORKERS [FOLDER]
//
// FOLDER has a certificate (bench/testees/certificate); with it the testee serves TLS.
'use strict';

const cluster = require('node:cluster');
const { randomBytes } = require('node:crypto');
const { readFileSync } = require('node:fs');
const https = require('node:https');
const { WebSocketServer } = require('ws');

const BACKLOG = 4096; // with node's default of 511, the kernel would drop SYNs of a burst

function echo(connection) {
  connection.on('message', (data, isBinary) => connection.send(data, { binary: isBinary }));
  connection.on('error', () => {}); // ws closes the connection; without a listener node would exit
}

function listen(port, folder) {
  const address = { host: '127.0.0.1', port, backlog: BACKLOG };
  if (!folder) return new WebSocketServer(address);
  const server = https.createServer({
    cert: readFileSync(`${folder}/cert.pem`),
    key: readFileSync(`${folder}/key.pem`),
    ecdhCurve: 'X25519:P-256',
    ticketKeys: Buffer.from(process.env.TICKET_KEYS, 'hex'),
  });
  return new WebSocketServer({ server: server.listen(address) });
}

function main(port, workers, folder) {
  // All workers take the tickets of each.
  process.env.TICKET_KEYS ??= randomBytes(48).toString('hex');
  // A single worker needs no primary process.
  if (cluster.isWorker || workers === 1) {
    listen(port, folder).on('connection', echo);
    return;
  }
  // Each worker accepts its own connections. By default the primary would accept
  // all of them and limit the rate.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.on('exit', () => process.exit(1)); // do not go on with fewer workers
  for (let i = 0; i < workers; i++) cluster.fork();
}

main(Number(process.argv[2]), Number(process.argv[3]), process.argv[4]);
