// Loaded by prism before all else. It does not catch what goes wrong where it takes parameters
// apart, and ends; with this it closes the connections instead, and goes on.
'use strict';

const http = require('http');

const open = new Set();
const emit = http.Server.prototype.emit;
http.Server.prototype.emit = function (event, socket) {
  if (event === 'connection') {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  }
  return emit.apply(this, arguments);
};
process.on('uncaughtException', () => open.forEach((socket) => socket.destroy()));
