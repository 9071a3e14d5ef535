'use strict';
// Plain JavaScript stand-in for the native @vscode/spdlog: the server and the extension host only need a logger
// that appends lines to a file. Saves the C++ build (about 30 s, and node-gyp with Node 24 headers).
const fs = require('node:fs');
const path = require('node:path');

const NAMES = ['trace', 'debug', 'info', 'warning', 'error', 'critical'];

class Logger {
  constructor(name, file) {
    this.name = name;
    this.file = file;
    this.level = 2;
    this.raw = false;
    fs.mkdirSync(path.dirname(file), { recursive: true });
  }
  write(n, message) {
    if (n < this.level) return;
    const text = this.raw
      ? String(message)
      : `${new Date().toISOString().replace('T', ' ').slice(0, -1)} [${NAMES[n]}] ${message}\n`;
    try {
      fs.appendFileSync(this.file, text);
    } catch {
      /* the log folder may be gone at shutdown */
    }
  }
  trace(m) {
    this.write(0, m);
  }
  debug(m) {
    this.write(1, m);
  }
  info(m) {
    this.write(2, m);
  }
  warn(m) {
    this.write(3, m);
  }
  error(m) {
    this.write(4, m);
  }
  critical(m) {
    this.write(5, m);
  }
  getLevel() {
    return this.level;
  }
  setLevel(n) {
    this.level = n;
  }
  clearFormatters() {
    this.raw = true;
  }
  setPattern() {}
  flush() {}
  drop() {}
}

exports.version = 0;
exports.setLevel = () => {};
exports.setFlushOn = () => {};
exports.shutdown = () => {};
exports.Logger = Logger;
exports.createRotatingLogger = async (name, file) => new Logger(name, file);
exports.createAsyncRotatingLogger = async (name, file) => new Logger(name, file);
