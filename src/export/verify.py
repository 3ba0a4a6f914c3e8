#!/usr/bin/env python3
"""Verifies the record of a Lifeboat run without Lifeboat: Python 3.8 or newer, nothing to install, no network.

  python3 verify.py [DIR|FILE.jsonl]... [--checkpoint FILE] [--key HEX]... [--json]

DIR is a run's folder or an unpacked bundle (default: the folder of this file). --checkpoint gives a checkpoint kept outside the
computer that wrote the record, --key a public key that you know from elsewhere. Exit code: 0 consistent, signed and anchored to
the end; 1 consistent, with the limits named in the report; 2 tampered with or corrupt; 3 could not be verified. The worst counts.

We promise: any change, deletion, reordering or insertion in the part covered by a checkpoint you hold outside this machine is
detected. Without one, we detect accidental damage and edits that do not recompute the chain. No Azure action is sent before its
intent is on storage the operating system reports as durable. Entries shown as saved survive a crash of the app; they survive
power loss if the drive honours flush.
We do not promise: that entries are true or complete when a person, a modified app, or malware in your session writes them;
detection of truncation or rewriting after the last outside checkpoint; legal non-repudiation; correct time beyond your clock,
Azure's response dates and optional timestamps; protection from someone controlling this machine and every anchor; that nobody
acted outside this tool; compliance.
"""
import argparse, base64, collections, functools, hashlib, itertools, json, mmap, os, re, sys

MAX_BODY, MAX_DEPTH, PREFIX, U64 = 65536, 33, b'{"r":', 1 << 64
VERDICTS = {"whole": (0, "consistent, signed, and anchored to its end"), "limited": (1, "consistent, with limits named above"),
            "unverifiable": (3, "could not be verified"), "broken": (2, "TAMPERED WITH OR CORRUPT")}

def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()

def unhex(text, size):
    return bytes.fromhex(text) if is_text(text) and re.fullmatch("[0-9a-fA-F]{%d}" % (2 * size), text) else b""

def unbase64(text):  # if this is the one way to write the bytes
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except ValueError:
        return b""
    return raw if base64.b64encode(raw).decode() == text else b""

# Ed25519 (RFC 8032), verification only: not in constant time, for there is no secret here.
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P

def add(p, q):
    a, b = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0])
    c, d = 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    e, f, g, h = (b - a) % P, (d - c) % P, (d + c) % P, (b + a) % P
    return e * f % P, g * h % P, f * g % P, e * h % P

def point(raw):
    """The point of an encoding; None for one that is not canonical or not on the curve."""
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
    """A signed note of C2SP tlog-checkpoint."""
    def __init__(self, raw):
        # Pasted through a chat or a Windows editor: other line ends and blank lines around it change nothing.
        lines = [line.rstrip("\r") for line in raw.strip().split("\n")] + [""] * 3
        self.origin, size, self.root, self.lines = lines[0], lines[1], unbase64(lines[2]), lines[4:-3]
        good = len(raw.encode()) <= MAX_BODY and re.match("lifeboat/.", self.origin) and lines[3] == ""
        good = good and re.fullmatch("0|[1-9][0-9]{0,19}", size) and int(size) < U64 and len(self.root) == 32
        if not good or not all(line.startswith("\u2014 ") for line in self.lines):
            raise ValueError("it is not three lines of a log, a size and a root, a blank one, and signatures")
        self.log, self.size, self.text = self.origin[9:], int(size), "\n".join(lines[:3] + [""]).encode()

    def signed_by(self, key):
        """Whether the log's own signatures by this key hold; None: there is none. Lines of other keys say nothing."""
        mine = [unbase64(line[len(self.origin) + 3:]) for line in self.lines if line.startswith("\u2014 %s " % self.origin)]
        found = [raw[4:] for raw in mine if raw[:4] == sha256(self.origin.encode(), b"\n\1", key)[:4]]
        return all(ed25519(key, self.text, signature) for signature in found) if found else None

def contents(path):
    with open(path, "rb") as f:
        return mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ) if os.path.getsize(path) else b""

TWICE = object()  # in place of a value whose name stands twice: it has no type that anybody asks for
def one_each(pairs):
    count = collections.Counter(name for name, _ in pairs)
    return {name: value if count[name] == 1 else TWICE for name, value in pairs}

# int() of NaN and its like is the error that it should be; 0.5: a number, but no whole one that fits into 64 bits.
PARSER = json.JSONDecoder(object_pairs_hook=one_each, parse_constant=int,
                          parse_int=lambda text: 0.5 if text == "-0" or len(text) > 20 else int(text))

def is_text(value):
    return isinstance(value, str) and not re.search("[\ud800-\udfff]", value)

def deep(body):  # more than Lifeboat ever writes; brackets in text do not count
    brackets = re.sub(rb'"(\\.|[^"\\])*"|[^][{}"]', b"", body) if body.count(b"{") + body.count(b"[") > MAX_DEPTH else b"{"
    return max(itertools.accumulate(1 if b in b"[{" else -1 for b in brackets)) > MAX_DEPTH

def parse(body):
    """The fields of a record; None when it is not one."""
    try:
        e = PARSER.decode(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if body[:1] != b"{" or deep(body) or not all(map(is_text, e)) or isinstance(e.get("d", []), list):
        return None
    some = {name: e[name] for name in ("step", "first", "at") if e.get(name) is not None}
    texts = [e.get(n) for n in ("log", "run", "prev", "boot", "kind")] + [some.pop("step", "")]
    numbers = [e.get(n) for n in ("v", "seg", "seq", "mono")] + list(some.values())
    good = TWICE not in (e["d"], e.get("actor")) and type(e.get("ts")) is int and -U64 <= 2 * e["ts"] < U64
    e["d"] = e["d"] if isinstance(e["d"], dict) else {}
    return e if good and all(map(is_text, texts)) and all(type(n) is int and 0 <= n < U64 for n in numbers) else None

def read(line):
    """Fields and hash of a good line, hashed as it stands before anything in it is believed; of any other None."""
    body, h = line[5:-73], sha256(b"\0", line[5:-73]).hex()
    e = parse(body) if len(body) <= MAX_BODY and line == b'%s%s,"h":"%s"}\n' % (PREFIX, body, h.encode()) else None
    return e, h

def lines(data, at=0):  # place and bytes of each
    while at < len(data):
        end = data.find(b"\n", at) + 1 or len(data)
        yield at, data[at:end]
        at = end

class Log:
    """A walk over a log's files in order. It goes on behind damage, so that all of it is counted."""
    def __init__(self, whole, sizes):
        self.whole, self.sizes, self.log, self.last, self.skipped, self.newer = whole, sizes, None, "0" * 64, False, None
        self.start, self.next, self.size, self.peaks, self.roots, self.signed_to = 0, 0, 0, [], {0: sha256()}, 0
        self.count, self.breaks, self.keys, self.named = collections.Counter(), [], [], []
        self.open, self.doubtful = [], []  # steps whose intent has no result; those of which nobody knows
    def root(self):
        """RFC 6962: the roots of the full subtrees, smallest first, each joined to the bigger one left of it."""
        return functools.reduce(lambda right, left: sha256(b"\1", left, right), self.peaks[::-1]) if self.peaks else sha256()
    def broken(self, why):
        self.count["breaks"] += 1
        self.peaks = None  # behind a break no root means anything
        self.breaks += [{"file": self.file, "line": self.line, "seq": self.next, "why": why}] * (len(self.breaks) < 20)

    def walk(self, files):
        heads = [read(next(lines(data), (0, b""))[1])[0] for _, data in files]
        live, cut = max((i for i, e in enumerate(heads) if e), default=0), [U64]
        for e in heads[:0:-1]:  # A file begun after a failed write says from which number on those before it were written again.
            again = e and e["kind"] == "log.segment" and e["d"].get("cause") == "failed_write"
            cut.insert(0, min(cut[0], e["seq"]) if again else cut[0])
        for i, (self.file, data) in enumerate(files):
            # Only the end of a log can be torn: the last file really begun, and those that were to follow it.
            self.walk_file(data, cut[i], i >= live)
    def walk_file(self, data, cut, may_be_torn):
        sound_to = 0  # up to here a torn tail has been ruled out
        for self.line, (at, line) in enumerate(lines(data) if self.newer is None else (), 1):
            e, h = read(line)
            hidden = re.fullmatch(b'{"h":"([0-9a-f]{64})"}\n', line) if self.log is not None else None
            if e and e["seq"] < cut and e["v"] != 1:
                self.newer = e["v"]
                return
            if e and e["seq"] < cut:
                self.record(e, h)
            elif e:
                self.count["left_records"] += 1
            elif self.next >= cut:
                self.count["left_bytes"] += len(line)
            elif hidden:  # withheld from this copy: it keeps its place in the chain and in the tree
                self.count["withheld"] += 1
                self.takes_its_place(hidden[1].decode())
            else:
                against = next(self.against_torn(data, at), None) if may_be_torn and at >= sound_to else -1
                if against is None:
                    self.count["torn_bytes"] = self.count["torn_bytes"] + len(data) - at
                    return
                sound_to, self.skipped = max(sound_to, against + 1), True
                self.broken("this is no record, or it was changed: its hash does not fit")
    def against_torn(self, data, start):
        """Where lines stand that one write with lost sectors does not explain. What it does explain: no end; a NUL, which
        JSON never has; a whole record that says it was written together with the first one lost."""
        for at, line in lines(data, start):
            first = (read(line)[0] or {"first": -1 if line[-1:] != b"\n" or b"\0" in line else None}).get("first")
            if first is None or first > self.next:
                yield at
    def record(self, e, h):
        d, kind, cause = e["d"], e["kind"], e["d"].get("cause")
        if self.log is None and not self.whole and e["seq"] > 0:  # a file from the middle of a log: held against itself only
            self.start, self.next, self.last, self.peaks, self.roots = e["seq"], e["seq"], e["prev"], None, {}
        self.log = e["log"] if self.log is None else self.log
        if e["log"] != self.log or e["run"] != self.log:
            return self.broken("the record belongs to another log, " + e["log"])
        # After a bad line a gap is that line's; it has been reported.
        after_damage, self.skipped = self.skipped and e["seq"] > self.next, False
        if not after_damage and (e["seq"] != self.next or e["prev"] != self.last):
            self.broken("record %d does not follow: records are missing, repeated, changed or out of order" % e["seq"])
        if e["seq"] < self.next:
            return
        if self.whole and e["seg"] != self.file:
            self.broken("the record belongs to file %d" % e["seg"])
        damage = kind == "log.segment" and is_text(cause) and cause != "failed_write"  # that Lifeboat itself found
        if damage or kind == "log.key" and not self.key(d) or \
                kind == "log.checkpoint" and self.peaks is not None and not self.checkpoint(d.get("note")):
            self.broken("%s: damage before this file, or a root, key or signature that does not hold" % kind)
        self.next = e["seq"]
        self.takes_its_place(h)
        self.tells(kind, e.get("step") or "", d)
    def takes_its_place(self, h):
        """A hash becomes the link of the chain and a leaf of the tree."""
        self.last, self.next, self.count["records"] = h, min(self.next + 1, U64 - 1), self.count["records"] + 1
        if self.peaks is not None:
            node, n, self.size = bytes.fromhex(h), self.size, self.size + 1
            while n & 1:  # each trailing one bit of the size is a subtree as big as the one being carried
                node, n = sha256(b"\1", self.peaks.pop(), node), n >> 1
            self.peaks.append(node)
            self.roots.update({self.size: self.root()} if self.size in self.sizes else {})
    def checkpoint(self, note):
        """Counts a recorded checkpoint; False: it does not hold."""
        try:
            c = Checkpoint(note if is_text(note) else "")
        except ValueError:
            return False
        good = (c.log, c.size, c.root) == (self.log, self.size, self.root()) and (not self.keys or c.signed_by(self.keys[-1][0]))
        self.count.update(checkpoints=bool(good), signed=bool(good and self.keys))
        self.signed_to = c.size if good and self.keys else self.signed_to
        return good
    def key(self, d):
        """Takes a key that the log names; False: it does not hold."""
        new, old, kept, by_old, by_new = (d.get(n) for n in ("key", "old", "kept", "signed_by_old", "signed_by_new"))
        key, before = unhex(new, 32), self.keys[-1][0] if self.keys else b""
        good = key and kept in ("keyring", "memory") and all(t is None or is_text(t) for t in (by_old, by_new))
        if d.get("event") == "rotated" and before:
            message = b"lifeboat-key-rotation-1\n%s\n%s\n" % (before.hex().encode(), key.hex().encode())
            good = good and unhex(old, 32) == before and ed25519(key, message, unhex(by_new, 64))
            good = good and (by_old is None or ed25519(before, message, unhex(by_old, 64)))
        else:
            good = good and d.get("event") == "used" and not before and (old is None or unhex(old, 32))
        self.keys += [(key, kept, bool(before) and by_old is not None)] if good else []
        return good
    def tells(self, kind, step, d):
        """What a record tells beside its hash."""
        self.count[kind] += 1
        file, sha = d.get("file"), d.get("sha256")
        if kind == "evidence.add" and len(self.named) < 4096 and is_text(file) and file and is_text(sha):
            self.named.append((file, sha))
        elif kind == "action.intent":
            self.open.append(step)
        elif kind == "action.reconciled" and step in self.doubtful:
            self.doubtful.remove(step)
        elif kind in ("action.result", "action.reconciled", "action.indeterminate") and step in self.open:
            self.open.remove(step)  # one of the step's; another that never ended stays in doubt
            self.doubtful += [step] if kind == "action.indeterminate" else []

def compare(c, log):
    """What a checkpoint says about the log."""
    if c is None or log.log not in (None, c.log):
        return "none" if c is None else {"other_log": {"log": c.log}}
    found = log.roots.get(c.size)
    if found is None:
        shorter = {"shorter": {"size": c.size, "records": log.count["records"]}}
        return shorter if log.peaks is not None and log.newer is None else "not_comparable"
    return {"agrees": {"size": c.size}} if found == c.root else {
        "differs": {"size": c.size, "expected": c.root.hex(), "found": found.hex()}}

def signed(log, outside, pinned):
    """Signatures name a key. Whose it is says only a key known from elsewhere: that one, or one it vouches for."""
    if not log.keys:
        return "missing" if pinned else "no_key"
    by, known = [outside.signed_by(key) for key, _, _ in log.keys] if outside and outside.log == log.log else [], False
    if False in by and True not in by:
        return "outside_wrong"
    for key, _, vouched in log.keys:  # the last one signed that it follows those before it
        known = key in pinned or known and vouched
    vouching = {"pinned": {"of": "given with --key"}} if known else "other_key" if pinned else \
        "ephemeral" if any(kept == "memory" for _, kept, _ in log.keys) else "unpinned"
    fingerprint = re.sub("(.{4})(?=.)", r"\1-", sha256(log.keys[-1][0]).hex()[:20])
    return {"by": dict(key=fingerprint, keys=len(log.keys), checkpoints=log.count["signed"], to=log.signed_to, vouching=vouching)}

def sha_of(path):
    if not os.path.isfile(path) or os.path.islink(path):  # nobody waits for a pipe, and a link is not what was kept
        return "no file" if os.path.lexists(path) else None
    return hashlib.sha256(contents(path)).hexdigest()

def evidence(folder, named):
    """Files as the record says, missing (there may be a reason to take one away), or altered."""
    inside = [re.fullmatch("[0-9a-f]{16}-[A-Za-z0-9._-]{0,60}(?<![.]part)", name) for name, _ in named]
    now = [sha_of(os.path.join(folder, name)) if good else None for good, (name, _) in zip(inside, named)]
    found = [(name, h, sha) for (name, sha), h in zip(named, now)]
    return {"same": sum(h == sha for _, h, sha in found), "missing": [name for name, h, _ in found if h is None],
            "altered": [name for name, h, sha in found if h not in (None, sha)]}

def segments(folder):
    """Number and path of each file of a log, in order."""
    names = [n for n in (os.listdir(folder) if os.path.isdir(folder) else []) if re.fullmatch("[0-9]{6,20}[.]jsonl", n)]
    return sorted((int(n[:-6]), os.path.join(folder, n)) for n in names if 0 < int(n[:-6]) < U64)

def examine(path, outside, pinned):
    """The report on a run's folder, an unpacked bundle, or one file."""
    whole, folder, beside = os.path.isdir(path), os.path.join(path, "record"), None
    folder = folder if segments(folder) else path
    number = re.fullmatch("([0-9]{6,18})[.]jsonl", os.path.basename(path))
    files = [(n, contents(p)) for n, p in (segments(folder) if whole else [(int(number[1]) or 1 if number else 1, path)])]
    if not files:
        raise ValueError("there is no record of a run in it")
    try:
        beside = Checkpoint(contents(os.path.join(folder, "checkpoint"))[:MAX_BODY].decode("utf-8")) if whole else None
    except (OSError, ValueError):
        pass  # accidents left it so; that is no reason to call the log broken
    log = Log(whole, {c.size for c in (outside, beside) if c})
    log.walk(files)
    r = {name: log.count[name] for name in ("records", "checkpoints", "left_records", "left_bytes", "withheld", "torn_bytes")}
    r.update(log=log.log or "", segments=len(files), start=log.start, root=log.root().hex() if log.peaks else None,
             breaks=log.breaks, break_count=log.count["breaks"], signed=signed(log, outside, pinned), newer_format=log.newer,
             anchor=compare(outside, log), beside=compare(beside, log), indeterminate=sorted(log.open + log.doubtful),
             recovered=log.count["log.recovered"], rotated=log.count["log.segment"], evidence=log.count["evidence.add"],
             evidence_files=evidence(os.path.join(path, "evidence"), log.named) if whole else None)
    return dict(r, verdict=verdict(r, [data[:6] for _, data in files], bool(log.named)))

def verdict(r, starts, named):
    contradicted = any(name in a for a in (r["anchor"], r["beside"]) for name in ("differs", "shorter"))
    if not r["records"] and not any(s.startswith(PREFIX) for s in starts):
        # Not one line that was ever a record's. An emptied log is one that was cut; anything else is another file.
        return "broken" if contradicted and all(PREFIX.startswith(s) for s in starts) else "unverifiable"
    if r["break_count"] or contradicted:
        return "broken"
    by, files = r["signed"]["by"] if isinstance(r["signed"], dict) else {"vouching": r["signed"]}, r["evidence_files"]
    if r["newer_format"] is not None or "other_log" in r["anchor"] or by["vouching"] in ("other_key", "outside_wrong", "missing"):
        return "unverifiable"
    if files and files["altered"]:
        return "broken"
    # The last checkpoint stands in the record behind those that it covers.
    to_end = r["anchor"] == {"agrees": {"size": r["records"]}}
    whole = to_end and isinstance(by["vouching"], dict) and by["to"] + 1 >= r["records"]
    limits = r["torn_bytes"] or r["withheld"] or (files["missing"] if files else named)
    return "whole" if whole and not limits else "limited"

def text(r):
    """The report in words: verdicts, never one green tick."""
    beyond = r["records"] - (r["anchor"]["agrees"]["size"] if "agrees" in r["anchor"] else 0)
    said = lambda value: re.sub('[{}"]', "", json.dumps(value)).replace("_", " ")
    files = r["evidence_files"] or {"same": 0, "missing": ["not checked"], "altered": []}
    rows = [("Log", "%(log)s: %(records)d records in %(segments)d files, from record %(start)d on" % r),
            ("Consistent", "NO: %d breaks" % r["break_count"] if r["break_count"] else
             "not checked: no record of a format known here" if r["newer_format"] is not None or not r["records"] else
             "hashes and chain, and tree; root " + r["root"] if r["root"] else "hashes and chain, not what came before")]
    rows += [("  file %(file)d, line %(line)d, where record %(seq)d belongs" % b, b["why"]) for b in r["breaks"]]
    rows += [("Withheld", "%(withheld)d records withheld: their hashes are there, their content is not" % r),
             ("Signed", said(r["signed"])), ("Anchored", said(r["anchor"])), ("Checkpoint beside it", said(r["beside"])),
             ("Unanchored tail", "%d records: rewriting or cutting them off would not show" % beyond if beyond else "none"),
             ("Reconciled with Activity Log", "not checked"), ("Indeterminate actions", ", ".join(r["indeterminate"]) or "none"),
             ("Clock", "not checked"), ("Gaps and recoveries", ", ".join("%s: %d" % (n.replace("_", " "), r[n]) for n in (
                 "torn_bytes", "recovered", "rotated", "left_records", "left_bytes"))),
             ("Evidence", "%d as recorded; missing: %s; ALTERED: %s" % (files["same"], ", ".join(files["missing"][:9]) or "none",
                                                                        ", ".join(files["altered"][:9]) or "none")),
             ("Verdict", VERDICTS[r["verdict"]][1])]
    return "\n".join("%s: %s" % (name, visible(what)) for name, what in rows)

def visible(text):  # what a terminal would obey or not show is written out
    return "".join(c if c.isprintable() else "\\u{%x}" % ord(c) for c in text)

def main(args):
    parser = argparse.ArgumentParser("verify.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.error = lambda message: sys.exit(print("Could not be verified: %s; see --help" % visible(message)) or 3)
    parser.add_argument("paths", nargs="*", default=[os.path.dirname(os.path.abspath(__file__))], metavar="DIR|FILE.jsonl")
    parser.add_argument("--checkpoint", metavar="FILE")
    parser.add_argument("--key", metavar="HEX", type=lambda text: unhex(text, 32) or int("no key"), action="append", default=[])
    parser.add_argument("--json", action="store_true")
    given, outside, problems, logs = parser.parse_args(args), None, [], []
    try:
        outside = Checkpoint(contents(given.checkpoint)[:MAX_BODY].decode("utf-8")) if given.checkpoint is not None else None
    except (OSError, ValueError) as e:
        problems.append("%s is not a checkpoint: %s" % (given.checkpoint, e))
    for path in given.paths:
        try:
            logs.append({"path": path, "report": examine(path, outside, given.key)})
        except Exception as e:  # whatever stands there, it was not verified, and a traceback helps nobody
            problems.append("%s: %s (%s)" % (path, e, type(e).__name__))
    worst = max([log["report"]["verdict"] for log in logs] + ["unverifiable"] * bool(problems), key=list(VERDICTS).index)
    code, words = VERDICTS[worst]
    if given.json:
        print(json.dumps(dict(version=1, verdict=worst, exit_code=code, problems=problems, logs=logs), indent=1))
        return code
    for log in logs:
        print(visible(log["path"]), text(log["report"]), "", sep="\n")
    print(*("Could not be verified: %s\n" % visible(problem) for problem in problems), sep="", end="")
    print("All %d logs: %s" % (len(logs), words), "NOT PROVEN by any of this: " + __doc__.partition("not promise: ")[2], sep="\n")
    return code

if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(main(sys.argv[1:]))
