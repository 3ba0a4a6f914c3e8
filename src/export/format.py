"""What verify.py reads: lines and files of a record, signed checkpoints (C2SP), trees (RFC 6962), Ed25519."""
import base64, functools, hashlib, itertools, json, mmap, re
from collections import Counter

MAX_BODY, MAX_DEPTH, PREFIX, U64 = 65536, 33, b'{"r":', 1 << 64

def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()
def is_text(value):
    return isinstance(value, str) and not re.search("[\ud800-\udfff]", value)
def unhex(text, size):
    good = is_text(text) and re.fullmatch("[0-9a-fA-F]{%d}" % (2 * size), text)
    return bytes.fromhex(text) if good else b""
def unbase64(text):  # if this is the one way to write the bytes
    raw = base64.b64decode(text) if re.fullmatch("([A-Za-z0-9+/=]{4})*", text) else b""
    return raw if base64.b64encode(raw).decode() == text else b""
def fingerprint(key):
    return re.sub("(.{4})(?=.)", r"\1-", sha256(key).hex()[:20])

# Ed25519 (RFC 8032), verification only: not in constant time, for there is no secret here.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P
def point(raw):  # None of an encoding that is not canonical or not on the curve
    sign, y = raw[31] >> 7, int.from_bytes(raw, "little") % 2**255
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    for factor in (1, pow(2, (P - 1) // 4, P)):
        x = pow(x2, (P + 3) // 8, P) * factor % P
        x = x if x & 1 == sign else P - x
        if y < P and x < P and x * x % P == x2:
            return x, y, 1, x * y % P
BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
@functools.lru_cache(maxsize=4096)
def ed25519(key, message, signature):
    a, s = point(key), int.from_bytes(signature[32:], "little")
    if a is None or len(signature) != 64 or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    minus, r = (P - a[0], a[1], 1, P - a[3]), (0, 1, 1, 0)
    table = (r, BASE, minus, add(BASE, minus))
    for bit in range(252, -1, -1):  # s·BASE − k·A, which is to be what the signature begins with
        r = add(add(r, r), table[(s >> bit & 1) + 2 * (k >> bit & 1)])
    z = pow(r[2], P - 2, P)
    return (r[1] * z % P | (r[0] * z % P & 1) << 255).to_bytes(32, "little") == signature[:32]

class Checkpoint:
    """A signed note of C2SP tlog-checkpoint. Anything else is a ValueError."""
    def __init__(self, raw):
        # Pasted through a chat or a Windows editor: other line ends and blank lines around it change nothing.
        text = "".join(line.rstrip("\r") + "\n" for line in raw.strip().split("\n"))
        note = "((lifeboat/(.+))\n(0|[1-9][0-9]{0,19})\n(.{44})\n)(?:\n((?:\u2014 .*\n)*))?"
        m = re.fullmatch(note, text) if len(raw.encode()) <= MAX_BODY else None
        if not m or int(m[4]) >= U64 or not unbase64(m[5]):
            raise ValueError("it is not three lines of a log, a size and a root, a blank one, and signatures")
        self.text, self.name, self.log = m[1].encode(), m[2], m[3]
        self.size, self.root = int(m[4]), unbase64(m[5])
        self.lines = [line[2:].partition(" ")[::2] for line in (m[6] or "").split("\n")[:-1]]
    def signed_by(self, key):
        """Whether the log's own signatures by this key hold; None: there is none. Other keys' say nothing."""
        mine = [unbase64(payload) for name, payload in self.lines if name == self.name]
        found = [raw[4:] for raw in mine if raw[:4] == sha256(self.name.encode(), b"\n\1", key)[:4]]
        return all(ed25519(key, self.text, signature) for signature in found) if found else None
    def seen(self):
        """(size, time, key) of whoever signed that they saw it; no key where the signature does not hold."""
        for name, payload in self.lines:
            if name.startswith("lifeboat-witness/"):
                key, raw = unhex(name[17:], 32) if name == name.lower() else b"", unbase64(payload)
                good = key and len(raw) == 76 and raw[:4] == sha256(name.encode(), b"\n\4", key)[:4]
                at = int.from_bytes(raw[4:12], "big")
                good = good and ed25519(key, b"cosignature/v1\ntime %d\n%s" % (at, self.text), raw[12:])
                yield self.size, at, key if good else b""
    def holds(self, keys):
        """Whether each line of the log's own name holds under one of these keys, each witness's too."""
        own = [(name, payload) for name, payload in self.lines if name == self.name]
        lone = [Checkpoint(f"{self.text.decode()}\n\u2014 {name} {payload}") for name, payload in own]
        return all(any(c.signed_by(key) for key in keys) for c in lone) and all(s[2] for s in self.seen())

class Tree:
    """RFC 6962. Level k holds the roots of all full subtrees of 2^k leaves, for the root at any size."""
    def __init__(self):
        self.levels, self.size = [bytearray() for _ in range(64)], 0
    def push(self, node):
        self.size += 1
        for level in self.levels:
            level += node
            if len(level) & 32:  # the one that belongs beside it is yet to come
                return
            node = sha256(b"\1", level[-64:])
    def root(self, size):  # each subtree, from the smallest on, is joined to the bigger one left of it
        tops = [bytes(l[((size >> k) - 1) * 32:][:32]) for k, l in enumerate(self.levels) if size >> k & 1]
        return functools.reduce(lambda right, left: sha256(b"\1", left, right), tops) if tops else sha256()

TWICE = object()  # in place of a value whose name stands twice: it has no type that anybody asks for
def one_each(pairs):
    count = Counter(name for name, _ in pairs)
    return {name: value if count[name] == 1 else TWICE for name, value in pairs}
# int() of NaN and its like is the error that it should be; 0.5: a number, but no whole one that fits 64 bits.
PARSER = json.JSONDecoder(object_pairs_hook=one_each, parse_constant=int,
                          parse_int=lambda text: 0.5 if text == "-0" or len(text) > 20 else int(text))
def deep(body):  # more than Lifeboat ever writes; brackets in text do not count
    few = body.count(b"{") + body.count(b"[") <= MAX_DEPTH
    brackets = b"{" if few else re.sub(rb'"(\\.|[^"\\])*"|[^][{}"]', b"", body)
    return max(itertools.accumulate(1 if b in b"[{" else -1 for b in brackets)) > MAX_DEPTH
def parse(body):
    """The fields of a record; None of anything else: no JSON, no object, not what every record has."""
    try:
        e = PARSER.decode(body.decode("utf-8"))
        some = {name: e[name] for name in ("step", "first", "at") if e.get(name) is not None}
        texts = [*e, *map(e.get, ("log", "run", "prev", "boot", "kind")), some.pop("step", "")]
        numbers = [*map(e.get, ("v", "seg", "seq", "mono")), *some.values()]
        good = not deep(body) and not isinstance(e["d"], list) and TWICE not in (e["d"], e.get("actor"))
        good = good and all(map(is_text, texts)) and all(type(n) is int and 0 <= n < U64 for n in numbers)
        good = good and body[:1] == b"{" and type(e["ts"]) is int and -U64 <= 2 * e["ts"] < U64
        return dict(e, d=e["d"] if isinstance(e["d"], dict) else {}) if good else None
    except (ValueError, LookupError, AttributeError, RecursionError):
        return None
def read(line):
    """Fields (None: not to be believed) and hash of a line, hashed before anything in it is read."""
    body, h = line[5:-73], sha256(b"\0", line[5:-73]).hex()
    good = len(body) <= MAX_BODY and line == b'%s%s,"h":"%s"}\n' % (PREFIX, body, h.encode())
    return parse(body) if good else None, h
def lines(data, at=0):  # place and bytes of each
    while at < len(data):
        end = data.find(b"\n", at) + 1 or len(data)
        yield at, data[at:end]
        at = end
def torn(line, lost):
    """Whether one write of which sectors are lost, from record `lost` on, explains a line: no end; a NUL,
    which JSON never has; a whole record which says that it was written together with that one."""
    e = read(line)[0] or {"first": U64 if line[-1:] == b"\n" and b"\0" not in line else -1}
    return e.get("first") is not None and e["first"] <= lost

# Files.
def contents(path):
    with open(path, "rb") as f:
        return mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) if path.stat().st_size else b""
def sha_of(path):
    if path.is_symlink() or path.exists() and not path.is_file():
        return "no file"  # nobody waits for a pipe, and a link is not what was kept
    return hashlib.sha256(contents(path)).hexdigest() if path.exists() else None
def segments(folder):
    """Number and path of each file of a log, in order."""
    inside = folder.iterdir() if folder.is_dir() else []
    numbered = [(int(p.stem), p) for p in inside if re.fullmatch("[0-9]{6,20}[.]jsonl", p.name)]
    return sorted(n for n in numbered if 0 < n[0] < U64)
def checkpoint_in(path):
    return Checkpoint(contents(path)[:MAX_BODY].decode("utf-8"))
def visible(text):  # what a terminal would obey or not show is written out
    return "".join(c if c.isprintable() else "\\u{%x}" % ord(c) for c in text)
def held(folder, named, safe):
    """Which files are as said (name, SHA-256, size), missing (there may be a reason), or altered."""
    found = {"same": 0, "missing": [], "altered": []}
    for name, sha, size in named:
        now = sha_of(folder / name) if re.fullmatch(safe, name) else None
        if now == sha and size in (None, (folder / name).stat().st_size):
            found["same"] += 1
        else:
            found["missing" if now is None else "altered"].append(name)
    return found
def manifest(folder):
    """Whether a bundle's files are those in its list, which shows accidents, and no forger's work."""
    try:
        files = PARSER.decode(contents(folder / "MANIFEST.json")[:].decode("utf-8"))["files"]
        named = [(f["name"], f["sha256"], f["bytes"]) for f in files]
        return held(folder, named, r"(?a)(\w[\w.-]*/)?\w[\w.-]*")
    except FileNotFoundError:
        return None
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return {"same": 0, "missing": [], "altered": ["MANIFEST.json"]}
def record_in(path):  # an unpacked bundle has it in a folder of its own
    return next((folder for folder in (path, path / "record") if segments(folder)), None)
def targets(path):  # a folder of runs becomes its runs; anything else stands for itself
    try:
        inside = path.iterdir() if path.is_dir() and not record_in(path) else []
        return sorted(p for p in inside if record_in(p)) or [path]
    except OSError:  # which is told when it is examined
        return [path]
