'use strict';
// Stand-in for the native watchdog that ends the extension host when its parent dies;
// the extension host polls its parent every second anyway.
exports.start = () => {};
