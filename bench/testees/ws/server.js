// Echo testee on the npm package ws: WORKERS processes share one port.
'use strict';

const cluster = require('node:cluster');
const { WebSocketServer } = require('ws');

const BACKLOG = 4096; // with node's default of 511, the kernel would drop SYNs of a burst

function echo(connection) {
  connection.on('message', (data, isBinary) => connection.send(data, { binary: isBinary }));
  connection.on('error', () => {}); // ws closes the connection; without a listener node would exit
}

function serve(port) {
  const server = new WebSocketServer({ host: '127.0.0.1', port, backlog: BACKLOG });
  server.on('connection', echo);
}

function main(port, workers) {
  // A single worker needs no primary process.
  if (cluster.isWorker || workers === 1) {
    serve(port);
    return;
  }
  // Each worker accepts its own connections. By default the primary would accept
  // all of them and limit the rate.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.on('exit', () => process.exit(1)); // do not go on with fewer workers
  for (let i = 0; i < workers; i++) cluster.fork();
}

main(Number(process.argv[2]), Number(process.argv[3]));
