import t from "tap";
import { readPlainHead } from "../../src/origin/response-head.ts";

const length = "Content-Length: 5";

t.test(
  "readPlainHead() keeps status, field lines as they came, length, and whether the connection stays",
  async (t) => {
    t.strictSame(
      readPlainHead(`HTTP/1.1 206 Partial Content\r\nX-A:1\r\nx-a: \t2 3\t \r\nX-Empty:\r\n${length}`),
      {
        status: 206,
        fields: ["X-A", "1", "x-a", "2 3", "X-Empty", "", "Content-Length", "5"],
        contentLength: 5,
        keepAlive: true,
      },
    );
    t.match(readPlainHead(`HTTP/1.1 200\r\n${length}`), { status: 200 }, "no reason phrase, no space");
    t.match(readPlainHead(`HTTP/1.1 200 \xe4\r\n${length}\r\nX: \xff`), {
      fields: ["Content-Length", "5", "X", "\xff"],
    });
    t.match(readPlainHead("HTTP/1.1 503 Busy\r\ncontent-length: 0"), { status: 503, contentLength: 0 });
  },
);

t.test("readPlainHead() ends the connection where Connection says close, among others too", async (t) => {
  for (const value of ["close", "Close", "x, close", "keep-alive, CLOSE"]) {
    t.match(
      readPlainHead(`HTTP/1.1 200 OK\r\n${length}\r\nConnection: ${value}`),
      { keepAlive: false },
      value,
    );
  }
  t.match(readPlainHead(`HTTP/1.1 200 OK\r\n${length}\r\nConnection: keep-alive`), { keepAlive: true });
});

t.test("readPlainHead() of 204 and 304 has no content, whatever they say", async (t) => {
  for (const status of [204, 304]) {
    for (const said of ["X: 1", length]) {
      t.match(readPlainHead(`HTTP/1.1 ${status} X\r\n${said}`), {
        status,
        contentLength: 0,
        keepAlive: true,
      });
    }
    t.equal(readPlainHead(`HTTP/1.1 ${status} X\r\nTransfer-Encoding: chunked`), undefined);
  }
});

const odd: Readonly<Record<string, string>> = {
  nothing: "",
  "HTTP/1.0, which keeps no connection": `HTTP/1.0 200 OK\r\n${length}`,
  "an interim status": `HTTP/1.1 103 Early Hints\r\n${length}`,
  "101": `HTTP/1.1 101 Switching Protocols\r\n${length}`,
  "304 with two lengths": `HTTP/1.1 304 Not Modified\r\n${length}\r\n${length}`,
  "304 with nonsense for a length": "HTTP/1.1 304 Not Modified\r\nContent-Length: x",
  "a status of two digits": `HTTP/1.1 20 OK\r\n${length}`,
  "a status of four digits": `HTTP/1.1 2000 OK\r\n${length}`,
  "a status beyond 599": `HTTP/1.1 600 Odd\r\n${length}`,
  "a control character in the reason": `HTTP/1.1 200 O\x01K\r\n${length}`,
  "no length": "HTTP/1.1 200 OK\r\nX: 1",
  "two lengths that differ": `HTTP/1.1 200 OK\r\n${length}\r\nContent-Length: 6`,
  "two lengths that agree": `HTTP/1.1 200 OK\r\n${length}\r\n${length}`,
  "a list of lengths": "HTTP/1.1 200 OK\r\nContent-Length: 5, 5",
  "a signed length": "HTTP/1.1 200 OK\r\nContent-Length: +5",
  "a hexadecimal length": "HTTP/1.1 200 OK\r\nContent-Length: 0x5",
  "an empty length": "HTTP/1.1 200 OK\r\nContent-Length:",
  "a length beyond reason": `HTTP/1.1 200 OK\r\nContent-Length: ${"1".repeat(16)}`,
  chunked: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked",
  "chunked and a length": `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n${length}`,
  "an upgrade": `HTTP/1.1 200 OK\r\n${length}\r\nUpgrade: h2c`,
  "a space before the colon": `HTTP/1.1 200 OK\r\n${length}\r\nX : 1`,
  "a folded line": `HTTP/1.1 200 OK\r\n${length}\r\nX: 1\r\n 2`,
  "a line without a colon": `HTTP/1.1 200 OK\r\n${length}\r\nnonsense`,
  "a name that is no token": `HTTP/1.1 200 OK\r\n${length}\r\nX(1): 1`,
  "an empty name": `HTTP/1.1 200 OK\r\n${length}\r\n: 1`,
  "a bare line feed": `HTTP/1.1 200 OK\r\n${length}\r\nX: 1\nY: 2`,
  "a bare carriage return": `HTTP/1.1 200 OK\r\n${length}\r\nX: 1\rY: 2`,
  "a zero byte": `HTTP/1.1 200 OK\r\n${length}\r\nX: \0`,
  "an empty line before it": `\r\nHTTP/1.1 200 OK\r\n${length}`,
};

for (const [what, text] of Object.entries(odd)) {
  t.test(`readPlainHead() leaves to the other client: ${what}`, async (t) => {
    t.equal(readPlainHead(text), undefined);
  });
}
