// Writes down each request as it was understood, and what could not be understood.
const fs = require("fs");
const tell = (fields) => fs.appendFileSync(process.env.SEEN, Buffer.from(fields.join("\x1f") + "\x1e\n", "latin1"));
const server = require("http").createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    const raw = request.rawHeaders;
    const headers = raw.flatMap((name, at) => (at % 2 ? [] : [`${name.toLowerCase()}:${raw[at + 1]}`]));
    tell([request.method, request.url, Buffer.concat(parts).toString("latin1"), ...headers]);
    response.end("ok");
  });
});
server.on("clientError", (error, socket) => {
  tell(["unreadable", error.code, ""]);
  socket.destroy();
});
server.listen(0, "127.0.0.1", () => console.error(`running on http://127.0.0.1:${server.address().port}`));
