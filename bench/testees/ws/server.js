// Echo testee on the npm package ws: WORKERS processes share one port.
'use strict';

const cluster = require('node:cluster');
const { WebSocketServer } = require('ws');

const BACKLOG = 4096; // connections not accepted yet: node's default of 511 would refuse bursts

function echo(connection) {
  connection.on('message', (data, isBinary) => connection.send(data, { binary: isBinary }));
  connection.on('error', () => {}); // ws closes the connection; unheard, it would end the process
}

function serve(port) {
  const server = new WebSocketServer({ host: '127.0.0.1', port, backlog: BACKLOG });
  server.on('connection', echo);
}

function main(port, workers) {
  // One worker needs no process beside it that hands it connections.
  if (cluster.isWorker || workers === 1) {
    serve(port);
    return;
  }
  // Each worker accepts for itself: by default the first process would accept for
  // all of them, and be what is measured.
  cluster.schedulingPolicy = cluster.SCHED_NONE;
  cluster.on('exit', () => process.exit(1)); // fewer workers would be another testee
  for (let i = 0; i < workers; i++) cluster.fork();
}

main(Number(process.argv[2]), Number(process.argv[3]));
