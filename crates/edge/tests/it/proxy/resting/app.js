// Says `ok` to everything, and keeps connections as long as the first argument says, in milliseconds.
const server = require("http").createServer((request, response) => {
  request.resume();
  request.on("end", () => response.end("ok"));
});
server.keepAliveTimeout = Number(process.argv[2]);
server.listen(0, "127.0.0.1", () => console.error(`running on http://127.0.0.1:${server.address().port}`));
