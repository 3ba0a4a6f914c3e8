#!/usr/bin/env python3
"""Verifies the record of a Lifeboat run without Lifeboat: Python 3.8 or newer, nothing to install, no network.

  python3 verify.py [DIR|FILE.jsonl]... [--checkpoint FILE] [--key HEX]... [--json]

DIR is a run's folder, an unpacked bundle, or a folder of runs (default: the folder of this file). --checkpoint gives a
checkpoint kept outside the computer that wrote the record, --key a public key that you know from elsewhere.
Exit code: 0 consistent, signed and anchored to the end; 1 consistent, with the limits named in the report; 2 tampered
with or corrupt; 3 could not be verified. Of several logs the worst counts.

We promise: any change, deletion, reordering or insertion in the part covered by a checkpoint you hold outside this
machine is detected. Without one, we detect accidental damage and edits that do not recompute the chain. No Azure action
is sent before its intent is on storage the operating system reports as durable. Entries shown as saved survive a crash
of the app; they survive power loss if the drive honours flush.
We do not promise: that entries are true or complete when a person, a modified app, or malware in your session writes
them; detection of truncation or rewriting after the last outside checkpoint; legal non-repudiation; correct time beyond
your clock, Azure's response dates and optional timestamps; protection from someone controlling this machine and every
anchor; that nobody acted outside this tool; compliance.
"""
import base64, collections, datetime, functools, hashlib, json, mmap, os, re, stat, sys

MAX_BODY, PREFIX, MIDDLE, END, U64 = 65536, b'{"r":', b',"h":"', b'"}', 1 << 64
KINDS = set("""log.open log.segment log.recovered log.checkpoint log.anchor log.key clock.jump session.start session.end
session.lock session.unlock session.identity session.operator config.change run.plan run.participant run.declare
run.start run.end run.abort run.paused run.resumed run.handover run.mode gate.requested gate.approved gate.denied
gate.voided gate.glass decision deviation action.intent action.accepted action.result action.indeterminate
action.reconciled step.ready step.started step.done_by_app step.done_by_hand step.already_true step.verified step.failed
step.skipped step.undone step.reopened note ledger loss inject facilitate observe measure comms evidence.add finding
corrective signoff export""".split())
VERDICTS = {"whole": (0, "consistent, signed, and anchored to its end"), "limited": (1, "consistent, with the limits "
            "named above"), "unverifiable": (3, "could not be verified"), "broken": (2, "TAMPERED WITH OR CORRUPT")}

def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

def unhex(text, size):
    good = isinstance(text, str) and re.fullmatch("[0-9a-fA-F]{%d}" % (2 * size), text)
    return bytes.fromhex(text) if good else None

def unbase64(text):
    """The bytes, if this is the one way to write them."""
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
        return raw if base64.b64encode(raw).decode() == text else None
    except ValueError:
        return None

def fingerprint(key):
    return "-".join(sha256(key).hex()[n:n + 4] for n in range(0, 20, 4))

# --- Ed25519 (RFC 8032), verification only: not in constant time, for there is no secret here.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P

def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P

def point(raw):
    """The point of an encoding; None for one that is not canonical or not on the curve."""
    sign, y = raw[31] >> 7, int.from_bytes(raw, "little") & (1 << 255) - 1
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    x = x if (x * x - x2) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - x2) % P or (x == 0 and sign):
        return None
    x = x if x & 1 == sign else P - x
    return x, y, 1, x * y % P

BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))

@functools.lru_cache(maxsize=4096)
def ed25519(key, message, signature):
    a, s = point(key), int.from_bytes(signature[32:], "little")
    if a is None or len(signature) != 64 or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    minus, r = (P - a[0], a[1], 1, P - a[3]), (0, 1, 1, 0)
    table = (None, BASE, minus, add(BASE, minus))
    for bit in range(252, -1, -1):  # s·BASE − k·A, which is to be what the signature begins with
        r, both = add(r, r), table[(s >> bit & 1) + 2 * (k >> bit & 1)]
        r = add(r, both) if both else r
    z = pow(r[2], P - 2, P)
    return (r[1] * z % P | (r[0] * z % P & 1) << 255).to_bytes(32, "little") == signature[:32]

# --- Checkpoints: the signed notes of C2SP tlog-checkpoint, and cosignatures of those who saw them.
BLANK = "".join(c for c in map(chr, range(0x3001)) if c.isspace() and c not in "\x1c\x1d\x1e\x1f")

class Checkpoint:
    def __init__(self, raw):
        # Pasted through a chat or a Windows editor: other line ends and blank lines around it change nothing.
        lines = [line.rstrip("\r") for line in raw.strip(BLANK).split("\n")] + [""] * 3
        self.origin, size, self.root = lines[0], lines[1], unbase64(lines[2])
        self.log, self.lines = self.origin[9:], lines[4:-3]
        good = len(raw.encode()) <= 65536 and self.origin.startswith("lifeboat/") and self.log and lines[3] == ""
        good = good and re.fullmatch("0|[1-9][0-9]{0,19}", size) and int(size) < U64 and len(self.root or b"") == 32
        if not good or not all(line.startswith("\u2014 ") for line in self.lines):
            raise ValueError("it is not three lines of a log, a size and a root, a blank one, and signatures")
        self.size, self.text = int(size), "".join(line + "\n" for line in lines[:3]).encode()

    def payloads(self, name, kind, key):
        """What lines of this name and key hold. Lines of other keys say nothing."""
        for line in self.lines:
            found, _, raw = line[2:].partition(" ")
            raw = unbase64(raw) or b""
            if found == name and raw[:4] == sha256(name.encode(), b"\n", kind, key)[:4]:
                yield raw[4:]

    def signed_by(self, key):
        """Whether the log's own signature by this key holds; None: there is none."""
        found = [ed25519(key, self.text, s) for s in self.payloads(self.origin, b"\1", key)]
        return all(found) if found else None

    def witnesses(self):
        for line in self.lines:
            name = line[2:].partition(" ")[0]
            key = unhex(name[17:], 32) if name.startswith("lifeboat-witness/") else None
            for raw in self.payloads(name, b"\4", key) if key and name[17:] == key.hex() else ():
                at = int.from_bytes(raw[:8], "big")
                if ed25519(key, b"cosignature/v1\ntime %d\n" % at + self.text, raw[8:]):
                    yield [fingerprint(key), at]
                    break

# --- One line: hashed as it stands, before anything in it is believed.
TWICE = object()  # in place of a value whose name stands twice: it has no type that anybody asks for

def one_each(pairs):
    found = dict(pairs)
    if len(found) != len(pairs):
        found.update((n, TWICE) for n, count in collections.Counter(n for n, _ in pairs).items() if count > 1)
    return found

# int() of NaN and its like is the error that it should be; 0.5: a number, but no whole one that fits into 64 bits.
PARSER = json.JSONDecoder(object_pairs_hook=one_each, parse_constant=int,
                          parse_int=lambda text: 0.5 if text == "-0" or len(text) > 20 else int(text))

def is_text(value):
    return isinstance(value, str) and not any("\ud800" <= c <= "\udfff" for c in value)

def is_number(value):
    return type(value) is int and 0 <= value < U64

def parse(body):
    """The fields of a record; None when it is not one."""
    try:
        e = PARSER.decode(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    good = isinstance(e, dict) and all(map(is_text, e)) and "d" in e and TWICE not in (e["d"], e.get("actor"))
    good = good and all(is_text(e.get(n)) for n in ("log", "run", "prev", "boot", "kind"))
    good = good and all(is_number(e.get(n)) for n in ("v", "seg", "seq", "mono"))
    good = good and all(e.get(n) is None or is_number(e[n]) for n in ("first", "at"))
    good = good and (e.get("step") is None or is_text(e["step"]))
    return e if good and type(e.get("ts")) is int and -U64 // 2 <= e["ts"] < U64 // 2 else None

def read(line, ended):
    """(fields, hash) of a good line; (None, what is wrong) of any other."""
    if not ended:
        return None, "the line has no end"
    if len(line) > MAX_BODY + 77:
        return None, "the line is longer than a record can be"
    body, middle, stored = line[5:-72], line[-72:-66], line[-66:-2]
    if len(line) < 77 or line[:5] != PREFIX or middle != MIDDLE or line[-2:] != END:
        return None, "the line has not the frame of a record"
    h = sha256(b"\0", body).hex()
    if h.encode() != stored:
        return None, "the record was changed: its hash does not fit"
    e = parse(body)
    return (e, h) if e else (None, "the hash fits but the content is not a record")

def lines(data, at=0):
    """Place, bytes and end of each line."""
    while at < len(data):
        end = data.find(b"\n", at)
        if (end if end >= 0 else len(data)) - at >= 64 << 20 < len(data) - at:
            raise ValueError("no line ends within 64 MiB, which no record is long")
        yield at, data[at:end if end >= 0 else len(data)], end >= 0
        at = end + 1 if end >= 0 else len(data)

def payload(e, name):
    value = e["d"].get(name) if isinstance(e["d"], dict) else None
    return value if is_text(value) else None

def cause(e):
    return payload(e, "cause") if e["kind"] == "log.segment" else None

class Log:
    """A walk over a log's files in order. It goes on behind damage, so that all of it is named."""

    def __init__(self, whole, sizes):
        self.whole, self.sizes, self.log, self.last, self.skipped, self.newer = whole, sizes, None, "0" * 64, 0, None
        self.start, self.next, self.torn, self.count, self.breaks = 0, 0, 0, collections.Counter(), []
        self.size, self.peaks, self.roots, self.keys, self.signed_to, self.starts = 0, [], {}, [], 0, []
        self.begin, self.end, self.boot, self.since, self.gaps, self.named = None, None, "", None, [], []
        self.open, self.doubtful = {}, []  # intents without a result, by step; those declared indeterminate
        self.at_size()

    def root(self):
        """RFC 6962: the roots of the full subtrees, smallest first, each joined to the bigger one left of it."""
        join = lambda right, left: sha256(b"\1", left, right)
        return functools.reduce(join, self.peaks[::-1]) if self.peaks else sha256()

    def at_size(self):
        if self.peaks is not None and self.size in self.sizes:
            self.roots[self.size] = self.root()

    def broken(self, why):
        self.count["breaks"] += 1
        self.peaks = None  # behind a break no root means anything
        if len(self.breaks) < 20:
            self.breaks.append({"file": self.file, "line": self.line, "seq": self.next, "why": why})

    def walk(self, files):
        """files: number and path of each, in order."""
        cuts, least, live = [], None, 0
        for i, (_, path) in reversed(list(enumerate(files))):
            with open(path, "rb") as f:
                first = f.readline(2 * MAX_BODY)
            e = read(first.rstrip(b"\n"), first.endswith(b"\n"))[0]
            # A file begun after a failed write says from which number on those before it were written again.
            cuts, self.starts, live = [least] + cuts, [first] + self.starts, max(live, i if e else 0)
            if e and cause(e) == "failed_write":
                least = e["seq"] if least is None else min(least, e["seq"])
        for i, (self.file, path) in enumerate(files):
            with open(path, "rb") as f:
                data = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) if os.path.getsize(path) else b""
                # Only the end of a log can be torn: the last file really begun, and those that were to follow it.
                self.walk_file(data, cuts[i], i >= live)
            if self.newer is not None:
                break

    def walk_file(self, data, cut, may_be_torn):
        sound_to = 0  # up to here a torn tail has been ruled out
        for self.line, (at, line, ended) in enumerate(lines(data), 1):
            e, h = read(line, ended)
            hidden = re.fullmatch(b'{"h":"([0-9a-f]{64})"}', line) if ended and self.log is not None else None
            if e and cut is not None and e["seq"] >= cut:
                self.count["left_records"] += 1
            elif e:
                self.record(e, h)
                if self.newer is not None:
                    return
            elif cut is not None and self.next >= cut:
                self.count["left_bytes"] += len(line) + ended
            elif hidden:  # withheld from this copy: it keeps its place in the chain and in the tree
                self.count["withheld"] += 1
                self.takes_its_place(hidden[1].decode())
            else:
                against = self.against_torn(data, at) if may_be_torn and at >= sound_to else -1
                if against is None:
                    self.torn += len(data) - at
                    return
                sound_to, self.skipped = max(sound_to, against + 1), self.skipped + 1
                self.broken(h)

    def against_torn(self, data, start):
        """Where a line stands that one write with lost sectors does not explain. What it does explain: no end; a NUL,
        which JSON never has; a whole record that says it was written together with the first one lost."""
        for at, line, ended in lines(data, start):
            e, _ = read(line, ended)
            if not ((e.get("first") is not None and e["first"] <= self.next) if e else not ended or b"\0" in line):
                return at
        return None

    def record(self, e, h):
        if e["v"] != 1:
            self.newer = e["v"]
            return
        if self.log is None:
            self.log = e["log"]
            if not self.whole and e["seq"] > 0:  # a file from the middle of a log: held against itself only
                self.start, self.next, self.last, self.peaks = e["seq"], e["seq"], e["prev"], None
        if e["log"] != self.log or e["run"] != self.log:
            return self.broken("the record belongs to another log, " + e["log"])
        # After a bad line a gap is that line's; it has been reported.
        after_damage, self.skipped = self.skipped > 0 and e["seq"] > self.next, 0
        if not after_damage and e["seq"] != self.next:
            self.broken("the record has number %d: records are missing, repeated or out of order" % e["seq"])
        elif not after_damage and e["prev"] != self.last:
            self.broken("the record does not follow the one before it")
        if e["seq"] < self.next:
            return
        if self.whole and e["seg"] != self.file:
            self.broken("the record belongs to file %d" % e["seg"])
        if e["kind"] == "log.checkpoint" and self.peaks is not None:
            self.checkpoint(e)
        elif e["kind"] == "log.key" and not self.key(e):
            self.broken("the key named here is not the one in force, or its signature does not hold")
        elif cause(e) not in (None, "failed_write"):
            self.broken("Lifeboat found damage before this file (%s)" % cause(e))
        self.next = e["seq"]
        self.takes_its_place(h)
        self.tells(e)

    def takes_its_place(self, h):
        """A hash becomes the link of the chain and a leaf of the tree."""
        self.last, self.next, self.count["records"] = h, min(self.next + 1, U64 - 1), self.count["records"] + 1
        if self.peaks is not None:
            node, n = bytes.fromhex(h), self.size
            while n & 1:  # each trailing one bit of the size is a subtree as big as the one being carried
                node, n = sha256(b"\1", self.peaks.pop(), node), n >> 1
            self.peaks.append(node)
            self.size += 1
            self.at_size()

    def checkpoint(self, e):
        try:
            c = Checkpoint(payload(e, "note") or "")
        except ValueError:
            c = None
        if not c or (c.log, c.size, c.root) != (self.log, self.size, self.root()):
            return self.broken("the checkpoint recorded here does not fit the records before it")
        signed = c.signed_by(self.keys[-1]["key"]) if self.keys else True
        if not signed:
            return self.broken("the checkpoint recorded here is not signed by the log's key" if signed is None else
                               "the signature of the checkpoint recorded here does not hold")
        self.count["checkpoints"] += 1
        if self.keys:
            self.count["signed"], self.signed_to = self.count["signed"] + 1, c.size

    def key(self, e):
        """Takes a key that the log names; False: it does not hold."""
        d = e["d"] if isinstance(e["d"], dict) else {}
        new, old, kept, vouched = unhex(d.get("key"), 32), d.get("old"), d.get("kept"), False
        texts = [d.get(n) for n in ("signed_by_old", "signed_by_new")]
        if not new or kept not in ("keyring", "memory") or any(t is not None and not is_text(t) for t in texts):
            return False
        if d.get("event") == "rotated" and self.keys:
            before = self.keys[-1]["key"]
            message = b"lifeboat-key-rotation-1\n%s\n%s\n" % (before.hex().encode(), new.hex().encode())
            by_old, by_new = (unhex(t, 64) or b"" for t in texts)
            vouched = texts[0] is not None
            if unhex(old, 32) != before or not ed25519(new, message, by_new) or (
                    vouched and not ed25519(before, message, by_old)):
                return False
        elif d.get("event") != "used" or self.keys or not (old is None or unhex(old, 32)):
            return False
        self.keys.append({"key": new, "kept": kept, "vouched": vouched, "from": e["seq"]})
        return True

    def tells(self, e):
        """What a record tells beside its hash."""
        kind, step, d = e["kind"], e.get("step") or "", e["d"] if isinstance(e["d"], dict) else {}
        back = kind != "clock.jump" and self.boot == e["boot"] and self.end is not None and e["ts"] < self.end
        self.count["clock_back"] += back
        self.count[kind if kind in KINDS else "unknown_kinds"] += 1
        self.since, self.boot = self.since if self.boot == e["boot"] else None, e["boot"]
        self.begin, self.end = e["ts"] if self.begin is None else self.begin, e["ts"]
        if self.since is None:
            self.since = e["mono"], e["seq"]
        (since, place), last = self.since, self.gaps[-1] if self.gaps else {"from": None}
        late = max(0, e["mono"] - since)
        if kind == "log.checkpoint":
            self.since = e["mono"], e["seq"]
        if last["from"] == place:
            last["ms"] = late
        elif late > 360000 and len(self.gaps) < 20:  # five minutes are agreed; one more is a busy computer
            self.gaps.append({"from": place, "ms": late})
        if kind == "evidence.add" and len(self.named) < 4096 and payload(e, "file") and payload(e, "sha256") is not None:
            self.named.append((payload(e, "file"), payload(e, "sha256")))
        mine = self.open.setdefault(step, [])
        doubtful = [o for o in self.doubtful if o["step"] == step]
        if kind == "action.intent":
            mine.append({"seq": e["seq"], "step": step})
        elif kind == "action.reconciled" and doubtful:
            self.doubtful.remove(doubtful[-1])
        elif kind in ("action.result", "action.reconciled", "action.indeterminate") and mine:
            ended = mine.pop()  # the step's last one; an earlier one that never ended stays in doubt
            self.doubtful += [ended] if kind == "action.indeterminate" else []

def compare(c, log):
    """What a checkpoint says about the log."""
    if c is None or log.log not in (None, c.log):
        return "none" if c is None else {"other_log": {"log": c.log}}
    if c.size in log.roots:
        found = {"size": c.size, "expected": c.root.hex(), "found": log.roots[c.size].hex()}
        return {"agrees": {"size": c.size}} if log.roots[c.size] == c.root else {"differs": found}
    shorter = log.peaks is not None and log.newer is None
    return {"shorter": {"size": c.size, "records": log.count["records"]}} if shorter else "not_comparable"

def signed(log, outside, pinned):
    """Signatures name a key. Whose it is says only a key known from elsewhere: that one, or one it vouches for."""
    if not log.keys:
        return "missing" if pinned else "no_key"
    known = [k["key"] in pinned for k in log.keys]
    some = any(known)
    for i in range(1, len(known)):
        known[i] |= known[i - 1] and log.keys[i]["vouched"]
    for i in reversed(range(1, len(known))):
        known[i - 1] |= known[i]  # the key behind signed that it follows this one
    by = [outside.signed_by(k["key"]) for k in log.keys] if outside and outside.log == log.log else []
    if False in by and True not in by:
        return "outside_wrong"
    vouching = {"pinned": {"of": "given with --key"}} if some and all(known) else "other_key" if pinned else \
        "ephemeral" if any(k["kept"] == "memory" for k in log.keys) else "unpinned"
    return {"by": {"key": fingerprint(log.keys[-1]["key"]), "keys": len(known), "checkpoints": log.count["signed"],
                   "to": log.signed_to, "vouching": vouching}}

def evidence(folder, named):
    """Files of evidence: as the record says, missing (there may be a reason to take one away), or altered."""
    found = {"same": 0, "missing": [], "altered": []}
    for name, sha in named:
        path, h = os.path.join(folder, "evidence", name), hashlib.sha256()
        kept = re.fullmatch("[0-9a-f]{16}-[A-Za-z0-9._-]{0,60}", name) and not name.endswith(".part")
        if not kept or not os.path.lexists(path):
            found["missing"].append(name)
            continue
        about = os.lstat(path)
        if stat.S_ISREG(about.st_mode) and about.st_size <= 50 << 20:
            with open(path, "rb") as f:
                for piece in iter(lambda: f.read(1 << 18), b""):
                    h.update(piece)
            if h.hexdigest() == sha:
                found["same"] += 1
                continue
        found["altered"].append(name)
    return found

def examine(path, outside, pinned, alone):
    """The report on a run's folder, an unpacked bundle, or one file."""
    beside, files, whole = None, [(number_of(os.path.basename(path)) or 1, path)], os.path.isdir(path)
    if whole:
        folder = os.path.join(path, "record") if segments(os.path.join(path, "record")) else path
        files = segments(folder)
        if not files:
            raise ValueError("there is no record of a run in it")
        try:
            with open(os.path.join(folder, "checkpoint"), "rb") as f:
                beside = Checkpoint(f.read(MAX_BODY).decode())
        except (OSError, ValueError):
            pass  # accidents left it so; that is no reason to call the log broken
    log = Log(whole, {c.size for c in (outside, beside) if c})
    log.walk(files)
    if outside and log.log not in (None, outside.log) and not alone:
        outside = None  # of several logs the checkpoint is for one; the others are judged without it
    r = {"log": log.log or "", "segments": len(files), "start": log.start, "from": log.begin, "to": log.end,
         "root": log.root().hex() if log.peaks else None, "breaks": log.breaks, "break_count": log.count["breaks"],
         "signed": signed(log, outside, pinned), "anchor": compare(outside, log), "beside": compare(beside, log),
         "indeterminate": sorted(sum(log.open.values(), log.doubtful), key=lambda o: o["seq"]),
         "clock_jumps": log.count["clock.jump"], "torn_bytes": log.torn, "recovered": log.count["log.recovered"],
         "rotated": log.count["log.segment"], "evidence": log.count["evidence.add"], "files": len(log.named),
         "evidence_files": evidence(path, log.named) if whole else None, "newer_format": log.newer,
         "gaps": log.gaps if log.keys else [], "witnesses": list(outside.witnesses()) if outside else []}
    for name in ("records", "checkpoints", "clock_back", "left_records", "left_bytes", "unknown_kinds", "withheld"):
        r[name] = log.count[name]
    r["verdict"] = verdict(r, log.starts)
    return r

def verdict(r, starts):
    contradicted = any(name in a for a in (r["anchor"], r["beside"]) for name in ("differs", "shorter"))
    if not r["records"] and not any(s.startswith(PREFIX) for s in starts):
        # Not one line that was ever a record's. An emptied log is one that was cut; anything else is another file.
        return "broken" if contradicted and all(PREFIX.startswith(s) for s in starts) else "unverifiable"
    by = r["signed"]["by"] if isinstance(r["signed"], dict) else {"vouching": r["signed"]}
    if r["break_count"] or contradicted:
        return "broken"
    if r["newer_format"] is not None or "other_log" in r["anchor"] or by["vouching"] in (
            "other_key", "outside_wrong", "missing"):
        return "unverifiable"
    files = r["evidence_files"] or {"missing": r["files"], "altered": 0}  # nobody looked
    if files["altered"]:
        return "broken"
    # The last checkpoint stands in the record behind those that it covers.
    whole = isinstance(by["vouching"], dict) and by["to"] + 1 >= r["records"] and r["anchor"] == {"agrees": {
        "size": r["records"]}} and not (r["torn_bytes"] or r["withheld"] or files["missing"])
    return "whole" if whole else "limited"

SAID = {"none": "none", "agrees": "it fits the first %(size)d records", "other_log": "NO: it is of another log, %(log)s",
        "differs": "NO: the checkpoint of %(size)d records has another root", "not_comparable": "no root to compare with",
        "shorter": "NO: the checkpoint covers %(size)d records, the log has %(records)d: its end is missing",
        "no_key": "no key: the record is not signed", "missing": "NO: a key was given, and the record names none",
        "outside_wrong": "NO: the signature on the checkpoint that was given does not hold",
        "pinned": "pinned (given with --key)", "unpinned": "which only the record itself names: not pinned",
        "ephemeral": "kept in memory only: not pinned, and nobody can", "other_key": "NOT the key that was asked for"}
COUNTED = [("torn_bytes", "torn bytes, never acknowledged"), ("recovered", "torn tails set aside and recorded"),
           ("rotated", "files begun after a failed write"), ("left_records", "records left by a failed write, superseded"),
           ("left_bytes", "bytes left by a failed write, superseded"), ("unknown_kinds", "records of an unknown kind")]

def utc(ms):
    try:
        return (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=(ms + 500) // 1000)).isoformat() + "Z"
    except (OverflowError, TypeError):
        return "unknown time"

def text(r):
    """The report in words: verdicts, never one green tick."""
    def said(a):
        name, values = list(a.items())[0] if isinstance(a, dict) else (a, {})
        return SAID[name] % values
    consistent = "hashes and chain%s" % (", and tree; root %s" % r["root"] if r["root"] else
                                         " from record %d on; what came before was not given" % r["start"])
    if r["break_count"]:
        consistent = "NO: %d breaks" % r["break_count"]
    elif r["newer_format"] is not None or not r["records"]:
        consistent = "not checked: no record of the format that is known here"
    signatures, files, beyond = r["signed"], r["evidence_files"], r["records"]
    if isinstance(signatures, dict):
        s = signatures["by"]
        signatures = "%(checkpoints)d checkpoints, the newest over %(to)d records, by the key %(key)s (of %(keys)d), " % s
    if "agrees" in r["anchor"]:
        beyond -= r["anchor"]["agrees"]["size"]
    gaps = ["%d %s" % (r[name], what) for name, what in COUNTED if r[name]]
    gaps += ["no checkpoint for %d minutes behind record %d" % (g["ms"] // 60000, g["from"]) for g in r["gaps"]]
    kept = "not checked" if r["files"] else "no files named"
    if files and r["files"]:
        kept = "%d as the record says; missing: %s; ALTERED: %s" % (
            files["same"], ", ".join(files["missing"][:10]) or "none", ", ".join(files["altered"][:10]) or "none")
    rows = [("Log", "%s: %d records in %d files, %s to %s" % (r["log"] or "no record of a Lifeboat log", r["records"], r[
        "segments"], utc(r["from"]), utc(r["to"]))), ("Consistent", consistent)]
    rows += [("  file %(file)d, line %(line)d, where record %(seq)d belongs" % b, b["why"]) for b in r["breaks"]]
    rows += [("Withheld", "%d records: their hashes are there, their content is not" % r["withheld"])] * bool(r["withheld"])
    rows += [("Signed", signatures + said(s["vouching"]) if isinstance(r["signed"], dict) else said(signatures)),
             ("Anchored", said(r["anchor"]) + "".join("; seen by %s at %s" % (w, utc(1000 * s)) for w, s in r["witnesses"])),
             ("Checkpoint beside it, on the same disk", said(r["beside"])),
             ("Unanchored tail", "not told: the chain does not hold" if r["break_count"] else
              "%d records: rewriting or cutting them off would not show" % beyond if beyond else "none"),
             ("Reconciled with Activity Log", "not checked"),
             ("Indeterminate actions", ", ".join("%(step)s (record %(seq)d)" % o for o in r["indeterminate"]) or "none"),
             ("Clock", "%(clock_jumps)d jumps recorded, %(clock_back)d records older than the one before" % r),
             ("Gaps and recoveries", "; ".join(gaps) or "none"), ("Evidence", kept), ("Verdict", VERDICTS[r["verdict"]][1])]
    return "\n".join("%s: %s" % (name, visible(what)) for name, what in rows)

def visible(text):
    """What a terminal would obey or not show is written out."""
    return "".join(c if c.isprintable() else "\\u{%x}" % ord(c) for c in text)

def number_of(name):
    n = int(name[:-6]) if re.fullmatch("[0-9]{6,20}[.]jsonl", name) else 0
    return n if 0 < n < U64 else None

def segments(folder):
    """Number and path of each file of a log, in order."""
    inside = os.scandir(folder) if os.path.isdir(folder) else []
    names = sorted(e.name for e in inside if number_of(e.name) and not e.is_dir(follow_symlinks=False))
    return sorted(((number_of(n), os.path.join(folder, n)) for n in names), key=lambda f: f[0])

def targets(path):
    """A folder of runs becomes its runs; anything else stands for itself."""
    def is_run(p):
        return segments(p) or segments(os.path.join(p, "record"))
    inside = sorted(e.path for e in os.scandir(path) if e.is_dir(follow_symlinks=False)) if os.path.isdir(path) else []
    return [path] if not inside or is_run(path) else [p for p in inside if is_run(p)] or [path]

def main(args):
    paths, outside, pinned, as_json, problems, logs, args = [], None, set(), False, [], [], list(args)
    while args:
        arg = args.pop(0)
        if arg in ("-h", "--help"):
            return print(__doc__.strip()) or 0
        if arg == "--json":
            as_json = True
        elif arg in ("--key", "--checkpoint") and args:
            value = args.pop(0)
            try:
                if arg == "--key":
                    pinned.add(bytes.fromhex(value) if unhex(value, 32) else b"")
                    problems += [] if unhex(value, 32) else ["%s is no key: give 64 hexadecimal digits" % value]
                else:
                    with open(value, "rb") as f:
                        outside = Checkpoint(f.read(MAX_BODY).decode("utf-8", "replace"))
            except (OSError, ValueError) as e:
                problems.append("%s is not a checkpoint: %s" % (value, e))
        elif arg.startswith("--"):
            problems.append("%s is no option or lacks its value; see --help" % arg)
        else:
            paths.append(arg)
    found = [t for p in paths or [os.path.dirname(os.path.abspath(__file__))] for t in targets(p)]
    used = outside is None
    for path in found:
        try:
            report = examine(path, outside, pinned, len(found) == 1)
            used = used or report["anchor"] != "none"
            logs.append({"path": path, "report": report})
        except Exception as e:  # whatever stands there, it was not verified, and a traceback helps nobody
            logs.append({"path": path, "error": "%s (%s)" % (e, type(e).__name__)})
    problems += [] if used else ["no log here is the one of the checkpoint, " + outside.log]
    all_verdicts = [log["report"]["verdict"] if "report" in log else "unverifiable" for log in logs]
    worst = max(all_verdicts + ["unverifiable"] * bool(problems), key=list(VERDICTS).index)
    code, words = VERDICTS[worst]
    if as_json:
        print(json.dumps(dict(version=1, verdict=worst, exit_code=code, problems=problems, logs=logs), indent=1))
        return code
    for log in logs:
        print(visible(log["path"]))
        print(text(log["report"]) if "report" in log else "Verdict: could not be verified: " + visible(log["error"]))
        print()
    for problem in problems:
        print("Could not be verified: " + visible(problem))
    if len(logs) > 1:
        print("All %d logs: %s" % (len(logs), words))
    print("NOT PROVEN by any of this:", __doc__.partition("We do not promise: ")[2].strip())
    return code

if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(main(sys.argv[1:]))
