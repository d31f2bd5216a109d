/** What the names in the hostile URLs lead to; every other name leads to loopback. */
export const hostileNames: Readonly<Record<string, readonly string[]>> = {
  "metadata.google.internal": ["169.254.169.254"],
  "metadata.google.internal.": ["169.254.169.254"],
  "instance-data.ec2.internal": ["169.254.169.254", "fd00:ec2::254"],
  "private.test": ["10.0.0.5"],
  "ula.test": ["fd12:3456:789a::1"],
  "link-local.test": ["fe80::1%eth0"],
  "mapped.test": ["::ffff:127.0.0.1"],
  "translated.test": ["64:ff9b::7f00:1"],
  "mixed.test": ["1.1.1.1", "127.0.0.1"],
  "mixed-families.test": ["2606:4700:4700::1111", "10.0.0.1"],
  "strange.test": ["127.1"],
};

/** Each kind of address that is not one host's on the public internet, in each form that reads as one. */
export const hostileAddresses: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.1", "127.1.2.3", "127.255.255.254", "[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]"],
  "decimal and short": ["2130706433", "127.1", "127.0.1", "0", "167772161", "2852039166", "10.1"],
  octal: ["0177.0.0.1", "017700000001", "0177.1", "00000177.0.0.1", "012.0.0.1", "0251.0376.0251.0376"],
  hexadecimal: ["0x7f.0.0.1", "0x7f000001", "0x7F.1", "0xa9fea9fe", "0xA.0.0.1", "0x0"],
  "mixed forms": ["0x7f.0.0.01", "127.0x0.0.1", "0177.0.0x0.1", "169.0376.0xa9.254"],
  "trailing dots": ["127.0.0.1.", "0x7f.1.", "2130706433.", "169.254.169.254."],
  "percent-encoded": ["%31%32%37.0.0.1", "127%2e0%2e0%2e1", "%6c%6f%63%61%6c%68%6f%73%74"],
  "full-width and other digits": [
    "１２７.０.０.１",
    "127。0。0。1",
    "①②⑦.⓪.⓪.①",
    "𝟏𝟐𝟕.𝟎.𝟎.𝟏",
    "ｌｏｃａｌｈｏｓｔ",
    "127．0．0．1",
  ],
  private: ["10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"],
  "link-local": ["169.254.169.254", "169.254.0.1", "[fe80::1]", "[febf::1]"],
  "carrier-grade NAT": ["100.64.0.1", "100.100.100.200", "100.127.255.255"],
  "unspecified and broadcast": ["0.0.0.0", "0.1.2.3", "[::]", "255.255.255.255"],
  "clouds' own": ["168.63.129.16", "2822734096", "0xa83f8110", "[fd00:42::42]", "[fd00:a9fe:a9fe::1]"],
  multicast: ["224.0.0.1", "239.255.255.250", "[ff02::1]", "[ff0e::1]"],
  "reserved, documentation, benchmarks": [
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "240.0.0.1",
    "[2001:db8::1]",
    "[2001:2::1]",
    "[3fff::1]",
    "[100::1]",
    "[5f00::1]",
  ],
  "IPv4-mapped": ["[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:a00:1]", "[::ffff:a9fe:a9fe]", "[::ffff:1.1.1.1]"],
  "IPv4-compatible": ["[::127.0.0.1]", "[::7f00:1]", "[::10.0.0.1]", "[::1.1.1.1]"],
  "IPv4-translated": ["[::ffff:0:127.0.0.1]", "[::ffff:0:7f00:1]"],
  NAT64: ["[64:ff9b::127.0.0.1]", "[64:ff9b::a9fe:a9fe]", "[64:ff9b:1::7f00:1]", "[64:ff9b:1:ffff::10.0.0.1]"],
  "6to4": ["[2002:7f00:1::]", "[2002:7f00:1::1]", "[2002:a9fe:a9fe::1]", "[2002:a00:1::]"],
  Teredo: ["[2001::1]", "[2001:0:7f00:1::]", "[2001:0:5ef5:79fd:0:0:80ff:fffe]"],
  "unique local and site-local": ["[fc00::1]", "[fd00:ec2::254]", "[fdff:ffff::1]", "[fec0::1]"],
  unallocated: ["[1::1]", "[200::1]", "[4000::1]", "[e000::1]"],
};

/** `PORT` is where a server listens on loopback. */
export const hostileUrls: readonly string[] = [
  ...Object.values(hostileAddresses)
    .flat()
    .flatMap((host) => [`http://${host}:PORT/`]),
  // Names of this machine, of clouds' metadata, of private hosts.
  ...["localhost", "LOCALHOST", "localhost.", "a.localhost", "localhost.localdomain", "loopback.test"].map(withPort),
  ...Object.keys(hostileNames).map(withPort),
  "https://localhost:PORT/",
  "http://127.0.0.1/",
  "https://[::1]/",
  // The user name, and what looks like the host but is none.
  "http://user@127.0.0.1:PORT/",
  "http://user:secret@photos.test:PORT/",
  "http://photos.test@127.0.0.1:PORT/",
  "http://photos.test:80@127.0.0.1:PORT/",
  "http://photos.test%40127.0.0.1:PORT/",
  "http://photos.test#@127.0.0.1:PORT/",
  "http://127.0.0.1:PORT#@photos.test/",
  "http://127.0.0.1:PORT\\@photos.test/",
  "http://127.0.0.1:PORT?@photos.test/",
  "http:\\\\127.0.0.1:PORT/",
  "http:127.0.0.1:PORT/",
  "http:///127.0.0.1:PORT/",
  "ht\ntp://127.0.0.1:PORT/",
  "http://127.0.\t0.1:PORT/",
  " http://127.0.0.1:PORT/",
  // Zones, which URLs cannot have, and hosts that are none.
  "http://[fe80::1%25eth0]:PORT/",
  "http://[::1%25lo]:PORT/",
  "http://[::1]x:PORT/",
  "http://[127.0.0.1]:PORT/",
  "http://[::127.0.0.1.]:PORT/",
  "http://127.0.0.256:PORT/",
  "http://256.256.256.256:PORT/",
  "http://0x7f.0.0.0x100:PORT/",
  "http://127.0.0.1.1:PORT/",
  "http://photos%00.test:PORT/",
  "http://photos test:PORT/",
  "http://:PORT/",
  "http://",
  "",
  "127.0.0.1:PORT",
  "//127.0.0.1:PORT/",
  // Other schemes.
  ...["ftp", "gopher", "ws", "wss", "dict", "ldap", "tftp", "redis", "s3"].map(
    (scheme) => `${scheme}://127.0.0.1:PORT/`,
  ),
  "file:///etc/passwd",
  "file://127.0.0.1/etc/passwd",
  "data:image/png;base64,iVBORw0KGgo=",
  "blob:http://127.0.0.1:PORT/1",
  "javascript:fetch('http://127.0.0.1:PORT/')",
  "about:blank",
  "unix:/var/run/docker.sock",
  "http+unix://%2Fvar%2Frun%2Fdocker.sock/",
  "view-source:http://127.0.0.1:PORT/",
  // Ports of other services than the web's.
  ...[0, 22, 25, 53, 389, 445, 465, 587].map((port) => `http://photos.test:${port}/`),
  "http://photos.test:65536/",
];

function withPort(host: string): string {
  return `http://${host}:PORT/`;
}
